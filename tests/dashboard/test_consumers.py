"""dashboard.consumers"""

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from dashboard import consumers

pytestmark = pytest.mark.django_db(transaction=True)
TOPIC = "pods:demo-cluster:*"
SECONDS = 10


@pytest.fixture
def session(client, viewer):
    """The viewer's session, as the handshake finds it."""
    client.force_login(viewer)
    return client.session


def socket(user, session, query: str = f"topic={TOPIC}") -> WebsocketCommunicator:
    socket = WebsocketCommunicator(consumers.LiveConsumer.as_asgi(), f"/dashboard/live?{query}")
    socket.scope |= {"user": user, "session": session}
    return socket


async def test_a_change_is_repeated(viewer, session, hub):
    page = socket(viewer, session)
    assert (await page.connect(SECONDS))[0]
    hub.publish("something-else")
    hub.publish(TOPIC)
    assert await page.receive_json_from(SECONDS) == {"changed": [TOPIC]}
    await page.disconnect(timeout=SECONDS)


async def test_a_stranger_is_refused():
    assert not (await socket(AnonymousUser(), {}).connect(SECONDS))[0]


async def test_a_user_who_signs_out_hears_no_more(viewer, session, hub):
    page = socket(viewer, session)
    await page.connect(SECONDS)
    await database_sync_to_async(session.flush)()
    hub.publish(TOPIC)
    assert (await page.receive_output(SECONDS))["code"] == consumers.SIGNED_OUT
    await page.disconnect(timeout=SECONDS)


async def test_what_a_page_says_is_ignored(viewer, session, hub):
    page = socket(viewer, session)
    await page.connect(SECONDS)
    await page.send_to(text_data="not even JSON")
    hub.publish(TOPIC)
    assert await page.receive_json_from(SECONDS) == {"changed": [TOPIC]}
    await page.disconnect(timeout=SECONDS)


@pytest.mark.parametrize("query", ["&".join(f"topic=t{n}" for n in range(21)), "topic=" + "x" * 401])
async def test_too_many_or_too_long_topics_are_refused(viewer, session, query):
    connected, code = await socket(viewer, session, query).connect(SECONDS)
    assert not connected
    assert code == consumers.BAD_TOPICS


async def test_a_page_that_leaves_is_forgotten(viewer, session, hub):
    page = socket(viewer, session)
    await page.connect(SECONDS)
    await page.disconnect(timeout=SECONDS)
    assert hub.followers() == 0


def test_topics_of_a_handshake_are_a_set():
    assert consumers.topics_of(b"topic=a&topic=b&topic=a&other=c") == {"a", "b"}
