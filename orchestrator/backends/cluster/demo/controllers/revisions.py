"""Revisions of stateful sets and daemon sets: each template that they had, by a hash."""

from orchestrator.backends.cluster.demo.controllers.objects import digest, owner_reference, same_template
from orchestrator.backends.cluster.demo.overlay import Draft, Key, stamp
from orchestrator.backends.cluster.demo.parts import Manifest

KIND = "controllerrevisions.apps"
LABEL = "controller-revision-hash"


def current(draft: Draft, key: Key, manifest: Manifest) -> str:
    """Return the name of the revision of the present template; it is written down if it is new."""
    known = [
        each
        for _, each in draft.kept(KIND)
        if any(owner["uid"] == manifest["metadata"]["uid"] for owner in each["metadata"]["ownerReferences"])
    ]
    generated = draft.generated(key)
    if not known and generated is not None:
        known.append(_add(draft, key, generated, 1, _first_name(draft, key, generated)))
    template = manifest["spec"]["template"]
    for each in known:
        if same_template(each["data"]["spec"]["template"], template):
            return str(each["metadata"]["name"])
    number = max((each["revision"] for each in known), default=0) + 1
    letters = digest(template, manifest["metadata"]["uid"])[:9]
    return str(_add(draft, key, manifest, number, f"{key.name}-{letters}")["metadata"]["name"])


def _first_name(draft: Draft, key: Key, generated: Manifest) -> str:
    """Return the name of the revision that pods of the generated world carry."""
    for _, pod in draft.kept("pods"):
        owners = pod["metadata"].get("ownerReferences", [])
        if any(owner["uid"] == generated["metadata"]["uid"] for owner in owners):
            return label_of(key, pod["metadata"]["labels"][LABEL], whole=True)
    return f"{key.name}-{digest(generated['spec']['template'], generated['metadata']['uid'])[:9]}"


def label_of(key: Key, revision: str, *, whole: bool) -> str:
    """Return a revision as pods carry it: of stateful sets the whole name, of daemon sets the letters."""
    letters = revision.removeprefix(f"{key.name}-")
    return f"{key.name}-{letters}" if whole else letters


def _add(draft: Draft, key: Key, manifest: Manifest, number: int, name: str) -> Manifest:
    revision = Key(KIND, key.namespace, name)
    letters = label_of(key, name, whole=False)
    template = manifest["spec"]["template"]
    return draft.put(
        revision,
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name,
                "namespace": key.namespace,
                "uid": draft.uid(revision),
                "creationTimestamp": stamp(draft.at),
                "labels": {**(template["metadata"].get("labels") or {}), LABEL: letters},
                "ownerReferences": [owner_reference(manifest)],
            },
            "data": {"spec": {"template": template | {"$patch": "replace"}}},
            "revision": number,
        },
    )
