"""The paths of plain views in the OpenAPI document: streams, logs, probes and metrics."""

from typing import Any

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import workload_logs

FLAG = {"type": "string", "enum": ["true", "false"]}
LOGS: dict[str, tuple[dict[str, Any], str]] = {
    "container": ({"type": "string"}, "Needed if the pod has several."),
    "tail": ({"type": "integer", "minimum": 1, "maximum": 10000}, "Lines from the end; 100 by default."),
    "sinceSeconds": ({"type": "integer", "minimum": 1, "maximum": 86400}, "Only of so many seconds."),
    "since": ({"type": "string"}, "The same as 30s, 5m or 1h."),
    "search": ({"type": "string"}, "Only lines that hold this text."),
    "after": ({"type": "string"}, "Only lines after this stamp, that of the last line known."),
    "previous": (FLAG, "Of the container before its last restart."),
    "timestamps": (FLAG, "With the time of each line."),
    "follow": (FLAG, "And the lines to come."),
    "download": (FLAG, "The whole log as a file."),
}


LINES = {
    "type": "object",
    "required": ["logs", "parsed", "totalLines"],
    "properties": {
        "logs": {"type": "string"},
        "parsed": {"type": "array", "items": {"type": "object"}},
        "totalLines": {"type": "integer"},
    },
}


def paths(example: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of plain views; `example` is an operation of the same area, for what they share."""
    shared = {each["name"]: each for each in example["parameters"]}
    words: dict[str, Any] = {"type": "string"}
    kinds = query("kinds", words, "Comma list; pod, event and others.")
    snapshot = query("snapshot", FLAG, "true for what is there now, first.")
    resumed = {"name": "Last-Event-ID", "in": "header", "schema": words, "description": "Where to go on."}
    refused = {status: said for status, said in example["responses"].items() if status != "200"}
    stream = {
        "operationId": "stream",
        "tags": ["clusters"],
        "description": "Server-sent events that say what changed.",
        "parameters": [shared["context"], shared["mode"], shared["namespace"], kinds, snapshot, resumed],
        "security": example["security"],
        "responses": {"200": answer("text/event-stream", words, "The stream."), **refused},
    }
    status = {"type": "object", "required": ["status"], "properties": {"status": words}}
    metrics = {
        "operationId": "metrics",
        "tags": ["operations"],
        "description": "The figures of this process for Prometheus; needs the scope metrics:read.",
        "security": example["security"],
        "responses": {
            "200": answer("text/plain", words, "Prometheus' text format."),
            **{status: refused[status] for status in ("401", "403")},
        },
    }
    ready = {"503": answer("application/json", status, "The checks that failed.")}
    return {
        "/api/stream": {"get": stream},
        "/api/pods/{name}/logs": {"get": _logs(shared, refused, security=example["security"])},
        **{
            f"/api/{kind}/{{name}}/logs": {"get": _merged(kind, shared, refused, example["security"])}
            for kind in workload_logs.KINDS
        },
        "/livez": {"get": _probe("livez", "Whether the process answers.", status)},
        "/readyz": {"get": _probe("readyz", "Whether requests can be served.", status, ready)},
        "/metrics": {"get": metrics},
    }


def _logs(
    shared: dict[str, dict[str, Any]], refused: dict[str, Any], *, security: list[Any]
) -> dict[str, Any]:
    words: dict[str, Any] = {"type": "string"}
    found = {
        content_type: {"schema": shape}
        for content_type, shape in (
            ("application/json", LINES),
            ("text/plain", words),
            ("text/event-stream", words),
        )
    }
    return {
        "operationId": "getPodLogs",
        "tags": ["clusters"],
        "description": "The log of a container; as text, as a stream of events, or parsed.",
        "parameters": [
            {"name": "name", "in": "path", "required": True, "schema": words},
            *(shared[name] for name in ("context", "mode", "namespace")),
            *(query(name, each, description) for name, (each, description) in LOGS.items()),
        ],
        "security": security,
        "responses": {"200": {"description": "The lines.", "content": found}, **refused},
    }


def _merged(
    kind: Kind, shared: dict[str, dict[str, Any]], refused: dict[str, Any], security: list[Any]
) -> dict[str, Any]:
    """Return the operation of a workload's logs: that of a pod's, whose entries also name their pod."""
    return _logs(shared, refused, security=security) | {
        "operationId": f"get{kind.word}Logs",
        "description": "The logs of all pods in the order of time; entries name their pod and container.",
    }


def query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _probe(
    name: str, description: str, schema: dict[str, Any], more: dict[str, Any] | None = None
) -> dict[str, Any]:
    responses = {"200": answer("application/json", schema, "Yes."), **(more or {})}
    return {
        "operationId": name,
        "tags": ["operations"],
        "description": description,
        "security": [{}],
        "responses": responses,
    }


def answer(content_type: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"content": {content_type: {"schema": schema}}, "description": description}
