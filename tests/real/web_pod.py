"""A pod that answers by HTTP and WebSocket, and says what has reached it."""

import json
from typing import Any

from tests.real.place import Place
from tests.real.processes import Processes, wait_until

HTTP, SOCKETS, SILENT = 8080, 8081, 9
# What it says is made of what was asked, so that nothing can be right by chance.
PAGE = r"""read -r method path rest
length=0
while read -r line; do
  line=$(printf '%s' "$line" | tr -d '\r')
  [ -n "$line" ] || break
  case "$line" in [Cc]ontent-[Ll]ength:*) length=${line##*: } ;; esac
  case "$line" in [Cc]ookie:*|[Aa]uthorization:*) leaked=yes ;; esac
done
body=$(dd bs=1 count=$length 2>/dev/null)
text="<a href=\"/next\">$method $path leaked=${leaked:-no} body=$body</a>"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: sessionid=stolen; Path=/\r\n'
printf 'Connection: close\r\nContent-Length: %s\r\n\r\n%s' "${#text}" "$text"
"""
SOCKET = r"""while read -r line; do
  line=$(printf '%s' "$line" | tr -d '\r')
  [ -n "$line" ] || break
  case "$line" in [Ss]ec-[Ww]eb[Ss]ocket-[Kk]ey:*) key=${line##*: } ;; esac
done
accept=$(printf '%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11' "$key" | sha1sum | cut -c1-40 | xxd -r -p | base64)
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
printf 'Sec-WebSocket-Accept: %s\r\n\r\n\x81\x05hello' "$accept"
dd bs=1 count=10 >/tmp/said 2>/dev/null
printf '\x81\x04done\x88\x02\x03\xe8'
sleep 1
"""
RUN = """printf '%s' "$PAGE" >/tmp/page; printf '%s' "$SOCKET" >/tmp/socket
nc -ll -p 8081 -e sh /tmp/socket & exec nc -ll -p 8080 -e sh /tmp/page"""
MAKE = """
from django.utils.timezone import now
from orchestrator.services import stacks
from orchestrator.services.access import Caller
from orchestrator.services.stacks.targets import Target
caller = Caller("tests", frozenset({{"stacks:write"}}))
targets = [Target(each, "TCP") for each in {ports}]
print("made", stacks.create(caller, pod_spec={text!r}, targets=targets, at=now()).view.stack_id)
"""


def spec() -> dict[str, Any]:
    """Return what the pod is to run."""
    env = [{"name": "PAGE", "value": PAGE}, {"name": "SOCKET", "value": SOCKET}]
    container = {"name": "c", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent", "env": env}
    container |= {"command": ["sh", "-c", RUN]}
    container |= {"ports": [{"containerPort": each} for each in (HTTP, SOCKETS, SILENT)]}
    container |= {"resources": {"limits": {"cpu": "200m", "memory": "64Mi"}}}
    return {"containers": [container], "terminationGracePeriodSeconds": 0}


def run(place: Place, name: str) -> None:
    """Make the pod and wait until it runs."""
    manifest = {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec()}
    place.api.create_namespaced_pod(place.name, manifest)
    wait_until(
        lambda: place.api.read_namespaced_pod(name, place.name).status.phase == "Running", within_seconds=90
    )


def stack(processes: Processes) -> str:
    """Make a stack of it with a running product; return its id."""
    text = json.dumps({"kind": "Pod", "metadata": {"name": "web"}, "spec": spec()})
    done = processes.manage("shell", "-c", MAKE.format(text=text, ports=(HTTP, SOCKETS, SILENT)))
    return done.wait_for("made stack-").split()[1]
