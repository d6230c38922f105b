"""A process that listens as an open page does, and publishes the topics that it reads line by line."""

import asyncio
import os
import sys
from threading import Event, Thread

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"
django.setup()

from django.db import transaction  # noqa: E402

from orchestrator import live, relay  # noqa: E402


def publish_lines() -> None:
    for line in sys.stdin:
        with transaction.atomic():
            live.publish_on_commit(line.strip())


async def follow(topics: frozenset[str]) -> None:
    with live.hub.follow(topics, interval_seconds=0) as follower:
        relay.start(Event())
        while relay.state().problem:  # noqa: ASYNC110  # A thread connects; it sets no event of this loop.
            await asyncio.sleep(0.05)
        await follower.next()  # Everything may have changed before.
        print("listening", flush=True)
        while True:
            change = await follower.next()
            print("heard", *sorted(change.topics), flush=True)


if __name__ == "__main__":
    Thread(target=publish_lines, daemon=True).start()
    asyncio.run(follow(frozenset(sys.argv[1:])))
