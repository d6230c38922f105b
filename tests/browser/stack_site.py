"""A site in a stack as people build them: a page with a style, a script, data, a form and a WebSocket."""

import json

from tests.real.processes import Processes
from tests.real.web_pod import MAKE, SOCKET

PORT = 8080
PAGE = """<!doctype html><html lang=en><title>Site</title><link rel=stylesheet href="style.css">
<script type=module src="app.js"></script><h1>Site</h1><p id=data></p><p id=socket></p><p id=apart></p>
<form method=post action="sent"><button>Send</button></form><a href="/next">Next</a></html>"""
SCRIPT = """
const say = (id, text) => { document.getElementById(id).textContent = text };
const kept = () => { try { return document.cookie } catch (error) { return error.name } };
say("apart", `${self.origin} ${kept()}`);
say("data", (await (await fetch("data.json")).json()).said);
const socket = new WebSocket(new URL("socket", location.href.replace(/^http/, "ws")));
socket.onmessage = (event) => { say("socket", event.data); socket.send("four") };
"""
FILES = {
    "/": ("text/html", PAGE),
    "/style.css": ("text/css", "h1 { color: rgb(1, 2, 3) }"),
    "/app.js": ("text/javascript", SCRIPT),
    "/data.json": ("application/json", '{"said": "data came"}'),
    "/next": ("text/html", "<!doctype html><html lang=en><title>Next</title><h1>Next page</h1></html>"),
    "/sent": ("text/html", "<!doctype html><html lang=en><title>Sent</title><h1>Form came</h1></html>"),
}
HEAD = "HTTP/1.1 200 OK\nContent-Type: {kind}\nContent-Length: {length}\nConnection: close\n\n{text}"
ANSWERS = {path: HEAD.format(kind=kind, length=len(text), text=text) for path, (kind, text) in FILES.items()}
CASES = "".join(f"""{path}) printf '%s' "$FILE{n}" ;;\n""" for n, path in enumerate(ANSWERS))
SERVE = f"""read -r method path rest
case "$path" in /socket) exec sh -c "$SOCKET" ;; esac
while read -r line; do [ "${{#line}}" -gt 1 ] || break; done
case "$path" in {CASES} esac
"""
RUN = f'exec nc -ll -p {PORT} -e sh -c "$SERVE"'


def make(processes: Processes) -> str:
    """Make a stack of it with a running product; return its id."""
    texts = {
        "SERVE": SERVE,
        "SOCKET": SOCKET,
        **{f"FILE{n}": text for n, text in enumerate(ANSWERS.values())},
    }
    container = {
        "name": "site",
        "image": "busybox:latest",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", RUN],
        "env": [{"name": name, "value": text} for name, text in texts.items()],
        "ports": [{"containerPort": PORT}],
        "resources": {"limits": {"cpu": "200m", "memory": "64Mi"}},
    }
    pod = {"kind": "Pod", "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    done = processes.manage("shell", "-c", MAKE.format(text=json.dumps(pod), ports=(PORT,)))
    return done.wait_for("made stack-").split()[1]
