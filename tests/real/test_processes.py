"""manage.py serve and manage.py controllers as processes"""

import re
import signal
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
import websockets.sync.client

from tests.real.processes import Process, Processes, free_port, started, wait_until

pytestmark = pytest.mark.timeout(240)
STOP_SECONDS = 5


@pytest.fixture
def processes(tmp_path):
    with started(f"sqlite:///{tmp_path}/one.sqlite3") as found:
        yield found


def serve(processes: Processes, *options: str, port: int | None = None) -> Process:
    """Start a server by its environment, as `make run` does, and wait until it is there."""
    process = processes.manage("serve", *options, PORT=str(port or free_port()))
    process.wait_for("Orchestrator is at http://127.0.0.1:")
    return process


def connect(process: Process) -> HTTPConnection:
    line = process.wait_for("Orchestrator is at")
    return HTTPConnection(*re.search(r"http://([\d.]+):(\d+)/", line).groups(), timeout=10)


def status(process: Process, path: str) -> int:
    with closing(connect(process)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def location(process: Process, path: str) -> str | None:
    with closing(connect(process)) as connection:
        connection.request("GET", path)
        return connection.getresponse().getheader("Location")


def test_it_says_where_it_is_and_how_to_sign_in(processes):
    process = serve(processes)
    link = process.wait_for("Sign in once with http://127.0.0.1:")
    assert status(process, "/livez") == 200
    assert status(process, "/dashboard/") == 302  # to the sign-in page
    assert location(process, "/" + link.split("/", 3)[3]) == "/dashboard/"


def test_it_runs_the_controllers_too(processes):
    process = serve(processes)
    wait_until(lambda: status(process, "/readyz") == 200)


def test_it_leaves_the_controllers_to_others_when_told_so(processes):
    process = serve(processes, "--no-controllers")
    assert status(process, "/readyz") == 503
    processes.manage("controllers").wait_for("Controllers run")
    wait_until(lambda: status(process, "/readyz") == 200)


def test_sigterm_ends_it_soon_also_with_open_streams(processes):
    process = serve(processes)
    streams = [connect(process) for _ in range(3)]
    for stream in streams:
        stream.request("GET", "/api/stream")
        assert stream.getresponse().status == 200
    idle = connect(process)
    idle.request("GET", "/livez")
    idle.getresponse().read()
    assert process.stop() < STOP_SECONDS
    assert process.child.returncode == 0
    for each in (*streams, idle):
        each.close()


def signed_in(process: Process) -> str:
    """Return the cookie of somebody who used the link of the greeting."""
    link = process.wait_for("Sign in once with")
    with closing(connect(process)) as connection:
        connection.request("GET", "/" + link.split("/", 3)[3])
        cookies = connection.getresponse().headers.get_all("Set-Cookie")
    return "; ".join(each.partition(";")[0] for each in cookies)


def test_sigterm_ends_it_soon_also_with_open_pages(processes):
    process = serve(processes)
    address = process.wait_for("Orchestrator is at").split(" at http://")[1]
    headers = {"Cookie": signed_in(process), "Origin": f"http://{address.rstrip('/')}"}
    url = f"ws://{address}dashboard/live?topic=controllers"
    with websockets.sync.client.connect(url, additional_headers=headers):
        assert process.stop() < STOP_SECONDS
    assert process.child.returncode == 0


def test_ctrl_c_ends_it_too(processes):
    process = serve(processes)
    process.child.send_signal(signal.SIGINT)
    assert process.child.wait(STOP_SECONDS) == 0


def test_after_a_kill_it_starts_again_with_nothing_to_repair(processes):
    serve(processes).kill()
    process = serve(processes)
    wait_until(lambda: status(process, "/readyz") == 200)


def test_a_second_copy_runs_beside_it(processes, tmp_path):
    first = serve(processes)
    with started(f"sqlite:///{tmp_path}/two.sqlite3") as others:
        second = serve(others)
        assert [status(each, "/livez") for each in (first, second)] == [200, 200]


def test_a_taken_port_is_one_sentence(processes):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = processes.manage("serve", PORT=str(port))
        assert process.child.wait(30) == 1
    wait_until(lambda: process.lines)
    sentence = f"CommandError: Port {port} is taken by another program. Set PORT to a free one."
    assert list(process.lines) == [sentence]


def test_an_address_of_another_machine_is_one_sentence(processes):
    process = processes.manage("serve", "--host", "203.0.113.1", "--port", str(free_port()))
    assert process.child.wait(30) == 1
    wait_until(lambda: process.lines)
    assert "Set HOST to an address of this machine" in "".join(process.lines)


def test_a_database_without_tables_is_one_sentence(tmp_path):
    with closing(Processes(f"sqlite:///{tmp_path}/empty.sqlite3")) as processes:
        process = processes.manage("serve", PORT=str(free_port()))
        assert process.child.wait(30) == 1
        process.wait_for(
            "CommandError: The database is not up to date. Run `python manage.py migrate` first."
        )


def test_without_a_database_it_starts_and_says_so():
    with closing(Processes("postgres://nobody@127.0.0.1:1/nothing")) as processes:
        process = serve(processes)
        process.wait_for("The database does not answer.")
        assert status(process, "/livez") == 200
        assert status(process, "/readyz") == 503
        assert process.stop() < STOP_SECONDS
        assert not process.says("Traceback")
