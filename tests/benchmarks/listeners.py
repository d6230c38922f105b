"""Clients of the event stream: they note when each pod was named to them.

A process of its own: `python -m tests.benchmarks.listeners URL CLIENTS`. It says `ready` once every client is
connected; on stdin it then waits for the line that `churn` prints, and answers with what the clients saw.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial
from typing import cast
from urllib.parse import urlsplit

CONNECT_TOGETHER = 25
CONNECT_SECONDS = 60.0
NAMES = re.compile(rb'event: pod\ndata: \{"type":"MODIFIED","object":\{"name":"([^"]+)"')


class Client(asyncio.Protocol):
    """Keeps the names in what it receives, each with the time of its arrival."""

    def __init__(self, request: bytes) -> None:
        self.connected = asyncio.get_running_loop().create_future()
        self.seen: list[tuple[float, list[bytes]]] = []
        self.lost = False
        self.resyncs = 0
        self.received = 0
        self._request = request
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(
            self._request
        )  # uvloop's own is of no type but BaseTransport.

    def data_received(self, data: bytes) -> None:
        moment = time.monotonic()
        self.received += len(data)
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not self.connected.done() and b"event: connected" in whole:
            self.connected.set_result(None)
        names = NAMES.findall(whole)
        self.resyncs += whole.count(b"event: resync")
        if names:
            self.seen.append((moment, names))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.connected.done():
            self.connected.set_exception(ConnectionError("The stream ended before it began."))


async def connected(url: str, count: int) -> list[Client]:
    """Return clients that have heard the greeting of the stream, connected a few at a time."""
    place = urlsplit(url)
    request = f"GET {place.path}?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n"
    host, port = str(place.hostname), place.port or 80
    clients: list[Client] = []
    for begin in range(0, count, CONNECT_TOGETHER):
        group = [Client(request.encode()) for _ in range(begin, min(begin + CONNECT_TOGETHER, count))]
        for client in group:
            await asyncio.get_running_loop().create_connection(partial(_itself, client), host, port)
        await asyncio.wait_for(asyncio.gather(*(client.connected for client in group)), CONNECT_SECONDS)
        clients += group
    return clients


def _itself(client: Client) -> Client:
    return client


def judged(clients: list[Client], changes: dict[str, tuple[float, float]]) -> dict[str, object]:
    """Return the delays in milliseconds of every change to every client, and what went missing."""
    delays: list[float] = []
    missing = 0
    for client in clients:
        first: dict[str, float] = {}
        for moment, names in client.seen:
            for name in names:
                first.setdefault(name.decode(), moment)
        delays += [(first[name] - taken) * 1000 for name, (_, taken) in changes.items() if name in first]
        missing += sum(name not in first for name in changes)
    delays.sort()
    return {
        "delays": {str(part): at(delays, part) for part in (50, 95, 99, 100)},
        "measured": len(delays),
        "missing": missing,
        "lost": sum(client.lost for client in clients),
        "resyncs": sum(client.resyncs for client in clients),
        "bytes": sum(client.received for client in clients),
    }


def at(ordered: list[float], part: int) -> float:
    """Return a percentile of sorted numbers; NaN if there are none."""
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)] if ordered else float("nan")


async def main(url: str, count: int) -> None:
    clients = await connected(url, count)
    print("ready", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(judged(clients, json.loads(line)["changes"])), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
