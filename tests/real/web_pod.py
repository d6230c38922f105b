"""A pod that answers by HTTP and WebSocket, and says what has reached it."""

from tests.real.place import Place
from tests.real.processes import wait_until

HTTP, SOCKETS = 8080, 8081
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


def run(place: Place, name: str) -> None:
    """Make the pod and wait until it runs."""
    env = [{"name": "PAGE", "value": PAGE}, {"name": "SOCKET", "value": SOCKET}]
    container = {"name": "c", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent", "env": env}
    container |= {
        "command": ["sh", "-c", RUN],
        "ports": [{"containerPort": each} for each in (HTTP, SOCKETS)],
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    manifest = {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
    place.api.create_namespaced_pod(place.name, manifest)
    wait_until(lambda: place.api.read_namespaced_pod(name, place.name).status.phase == "Running")
