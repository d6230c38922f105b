"""What controllers do to objects again and again: find what they own, tell of what they did."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from orchestrator.backends.cluster.demo.defaults import pod_spec
from orchestrator.backends.cluster.demo.moment import ALPHABET
from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh, seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, WORDS, Kind

EVENTS_KEPT = timedelta(hours=1)  # as an API server does by default
HASH = "pod-template-hash"
Found = tuple[Key, Manifest]


def owned(draft: Draft, manifest: Manifest, kind: str) -> list[Found]:
    """Return what an object controls, by name."""
    uid = manifest["metadata"]["uid"]
    return sorted(
        (
            (key, each)
            for key, each in draft.kept(kind)
            if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences", []))
        ),
        key=lambda found: found[0],
    )


def owner_reference(manifest: Manifest) -> Manifest:
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "uid": manifest["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def add_pod(draft: Draft, owner: Manifest, *, name: str = "", labels: Manifest, spec: Manifest) -> Key:
    """Create a pod of a controller; without a name it is called after its owner."""
    metadata = owner["metadata"]
    more: Manifest = {"labels": labels, "ownerReferences": [owner_reference(owner)]}
    if annotations := owner["spec"]["template"].get("metadata", {}).get("annotations"):
        more["annotations"] = annotations
    if not name:
        prefix = f"{metadata['name'][:57]}-"
        more["generateName"] = prefix
        name = prefix + "".join(draft.draw("pod", metadata["uid"]).choices(ALPHABET, k=5))
    key = Key(Kind.PODS, metadata["namespace"], name)
    body = {"spec": pod_spec(spec), "status": {"phase": "Pending", "qosClass": "Burstable"}}
    draft.put(key, fresh(draft, Kind.PODS, key, **more) | body)
    return key


def put_status(draft: Draft, key: Key, manifest: Manifest, status: Manifest) -> None:
    """Keep a status if it is another one."""
    if manifest.get("status") != status:
        draft.put(key, manifest | {"status": status})


def put_spec(draft: Draft, key: Key, manifest: Manifest, **members: object) -> Manifest:
    """Change members of a spec, which makes another generation; return the object."""
    metadata = manifest["metadata"]
    metadata = metadata | {"generation": metadata.get("generation", 0) + 1}
    return draft.put(key, manifest | {"spec": manifest["spec"] | members, "metadata": metadata})


def annotated(manifest: Manifest, name: str, value: str) -> Manifest:
    """Return an object with an annotation."""
    annotations = {**(manifest["metadata"].get("annotations") or {}), name: value}
    return manifest | {"metadata": manifest["metadata"] | {"annotations": annotations}}


def is_ending(manifest: Manifest) -> bool:
    return "deletionTimestamp" in manifest["metadata"]


def is_over(pod: Manifest) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def active(pods: Iterable[Found]) -> list[Found]:
    """Return the pods that count: neither over nor about to go."""
    return [(key, pod) for key, pod in pods if not is_ending(pod) and not is_over(pod)]


def condition_of(manifest: Manifest, type_: str) -> Manifest | None:
    found = (manifest.get("status") or {}).get("conditions") or []
    return next((each for each in found if each["type"] == type_), None)


def is_ready(pod: Manifest) -> bool:
    ready = condition_of(pod, "Ready")
    return ready is not None and ready["status"] == "True" and not is_ending(pod)


def available_at(pod: Manifest, *, min_ready_seconds: int) -> datetime | None:
    """Return when a pod has been ready for long enough; None while it is not ready."""
    ready = condition_of(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    return seconds_of(ready["lastTransitionTime"]) + timedelta(seconds=min_ready_seconds)


def same_template(one: Manifest, other: Manifest) -> bool:
    """Return True if two pod templates make the same pods; the hash that names their set does not count."""
    return _bare(one) == _bare(other)


def digest(template: Manifest, *words: object) -> str:
    """Return letters that name a template."""
    content = json.dumps([_bare(template), *words], sort_keys=True).encode()
    return "".join(ALPHABET[each % len(ALPHABET)] for each in sha256(content).digest()[:10])


def _bare(template: Manifest) -> Manifest:
    metadata = template.get("metadata") or {}
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH}
    kept = {"labels": labels, "annotations": metadata.get("annotations") or {}}
    return {"metadata": kept, "spec": pod_spec(template["spec"])}


def tell(draft: Draft, key: Key, reason: str, message: str, *, by: str, warning: bool = False) -> None:
    """Write an event about an object; what is told again is counted."""
    manifest = draft.find(key)
    if manifest is None:
        return
    uid, now = manifest["metadata"]["uid"], stamp(draft.at)
    for event_key, event in draft.kept(Kind.EVENTS):
        if (event["involvedObject"].get("uid"), event["reason"], event["message"]) == (uid, reason, message):
            draft.put(event_key, event | {"count": event["count"] + 1, "lastTimestamp": now})
            return
    kind = Kind(key.kind)
    involved = {"apiVersion": RESOURCES[kind].api_version, "kind": WORDS[kind], "name": key.name, "uid": uid}
    if key.namespace:
        involved["namespace"] = key.namespace
    name = f"{key.name}.{draft.draw('event', uid, reason).getrandbits(60):015x}"
    event_key = Key(Kind.EVENTS, key.namespace or "default", name)
    body = {
        "involvedObject": involved,
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "eventTime": None,
        "source": {"component": by},
        "reportingComponent": by,
        "reportingInstance": "",
    }
    draft.put(event_key, fresh(draft, Kind.EVENTS, event_key) | body)


def forget_old_events(draft: Draft) -> Sequence[datetime]:
    """Remove the events that nobody keeps any longer; they are looked for when something else is due."""
    for key, event in draft.kept(Kind.EVENTS):
        if seconds_of(event["lastTimestamp"]) + EVENTS_KEPT < draft.at:
            draft.remove(key)
    return ()
