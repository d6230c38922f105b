"""A TCP connection between us and a server that tests can cut or freeze."""

import socket
from contextlib import suppress
from threading import Event, Lock, Thread


class Wire:
    """Listens on `port` and carries bytes to a server and back."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._sockets: list[socket.socket] = []
        self._lock = Lock()
        self._flowing = Event()
        self._flowing.set()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection, and each new one at once."""
        with self._lock:
            self._whole = False
            for each in self._sockets:
                hang_up(each)
            self._sockets.clear()

    def mend(self) -> None:
        self._whole = True
        self._flowing.set()

    def freeze(self) -> None:
        """Let nothing through, and tell nobody, as a firewall does that forgot us."""
        self._flowing.clear()

    def close(self) -> None:
        self._listener.close()
        self.mend()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                ours.close()
                continue
            theirs = socket.create_connection(self._server, timeout=5)
            theirs.settimeout(None)
            with self._lock:
                self._sockets += [ours, theirs]
            for source, sink in ((ours, theirs), (theirs, ours)):
                Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        for each in (source, sink):
            hang_up(each)


def hang_up(connection: socket.socket) -> None:
    """Close a connection, also while another thread waits for its bytes."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
