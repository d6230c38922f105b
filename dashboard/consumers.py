"""WebSockets of the pages."""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from channels.auth import get_user
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from orchestrator import live
from orchestrator.services.clusters import contexts

SIGNED_OUT = 4401  # close codes from 4000 on are ours: RFC 6455, section 7.4.2
BAD_TOPICS = 4400
MOST_TOPICS = 20
LONGEST_TOPIC = 400
TOUCH_SECONDS = 60.0


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Tells one page which of the topics in its query string changed."""

    tasks: tuple[asyncio.Task[None], ...] = ()

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close(SIGNED_OUT)
            return
        topics = topics_of(self.scope["query_string"])
        if topics is None:
            await self.close(BAD_TOPICS)
            return
        self.tasks = (
            asyncio.create_task(self.repeat(topics)),
            asyncio.create_task(keep_in_use(topics)),
        )

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Ignore what the page says; it only listens."""

    async def repeat(self, topics: frozenset[str]) -> None:
        """Send changes until the page leaves, or until its user has signed out."""
        with live.hub.follow(topics) as follower:
            # Accepted only now: what changes after the page sees "open" must not be missed.
            await self.accept()
            while True:
                change = await follower.next()
                if not (await get_user(self.scope)).is_authenticated:
                    await self.close(SIGNED_OUT)
                    return
                with suppress(RuntimeError):  # The page left while this was on its way.
                    await self.send_json({"changed": sorted(change.topics)})


def topics_of(query_string: bytes) -> frozenset[str] | None:
    """Return the topics of a handshake; None if they are too many or too long."""
    topics = frozenset(parse_qs(query_string.decode("ascii", "replace")).get("topic", []))
    if len(topics) > MOST_TOPICS or any(len(topic) > LONGEST_TOPIC for topic in topics):
        return None
    return topics


async def keep_in_use(topics: frozenset[str]) -> None:
    """Keep the watches behind an open page from being stopped as unused."""
    while True:
        for topic in topics:
            contexts.touch(topic)
        await asyncio.sleep(TOUCH_SECONDS)
