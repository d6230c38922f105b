"""What people did to the demo world, laid over the world as it follows from seed and minute.

An object that is touched is taken out of the generated world, with all that it controls and all that controls
it, and lives on as it is kept here. What the generated world says of it from then on is not shown.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.kinds import RESOURCES, WORDS, Kind

FIRST_VERSION = 5_000_000_000  # above those of the generated world, which have 32 bits
KIND_FOR = {word: kind.value for kind, word in WORDS.items()}
# Nobody simulates what becomes of these, so their status stays that of the generated world.
STATUS_FROM_WORLD = (Kind.NODES, Kind.HPAS)


class Key(NamedTuple):
    kind: str  # as in `World`
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What is kept; never changed, but replaced. `at` is how far what was begun has got."""

    at: datetime
    version: int = FIRST_VERSION
    taken: Mapping[Key, str] = field(default_factory=dict)  # out of the generated world, and when
    gone: frozenset[Key] = frozenset()  # of those, what was deleted
    objects: Mapping[Key, Manifest] = field(default_factory=dict)


def key_of(kind: str, manifest: Mapping[str, Any]) -> Key:
    metadata = manifest["metadata"]
    return Key(kind, metadata.get("namespace", ""), metadata["name"])


def stamp(time: datetime) -> str:
    """Return a time as the API server writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(time: str) -> datetime:
    """Return a time that the API server wrote."""
    return datetime.fromisoformat(time)


def fresh(draft: "Draft", kind: Kind, key: Key, **metadata: Any) -> Manifest:
    """Return the beginning of an object that a controller creates."""
    resource = RESOURCES[kind]
    found = {
        "name": key.name,
        "uid": draft.uid(key),
        "creationTimestamp": stamp(draft.at),
        **metadata,
    }
    if key.namespace:
        found["namespace"] = key.namespace
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": found}


class Draft:
    """A world that is being changed. Nothing of it counts before `edits()` is kept.

    Manifests in it are shared: who changes one puts another in its place.
    """

    def __init__(self, world: World, edits: Edits, *, seed: int) -> None:
        self.seed = seed
        self.at = edits.at  # the time now
        self.version = edits.version
        self._edits = edits
        self._taken = dict(edits.taken)
        self._gone = set(edits.gone)
        self._objects = dict(edits.objects)
        self._world = {key_of(kind, each): each for kind, found in world.items() for each in found}
        self._kinds = tuple(world)
        self._owned: dict[Key, list[Key]] = defaultdict(list)  # in the generated world
        for key, each in self._world.items():
            if owner := _controller(key, each):
                self._owned[owner].append(key)
        self._hidden = self._hide()

    def edits(self) -> Edits:
        return replace(
            self._edits,
            at=self.at,
            version=self.version,
            taken=self._taken,
            gone=frozenset(self._gone),
            objects=self._objects,
        )

    def world(self) -> World:
        """Return every object in the order of lists."""
        found: World = {kind: [] for kind in self._kinds}
        for key in sorted(self.present()):
            if (each := self.find(key)) is not None:
                found.setdefault(key.kind, []).append(each)
        return found

    def find(self, key: Key) -> Manifest | None:
        """Return an object; None if there is none."""
        generated = self._world.get(key)
        if key in self._objects:
            kept = self._objects[key]
            if generated and key.kind in STATUS_FROM_WORLD and key not in self._gone:
                return kept | {"status": generated["status"]}
            return kept
        return None if key in self._hidden else generated

    def generated(self, key: Key) -> Manifest | None:
        """Return what the generated world has by this key, shown or not."""
        return self._world.get(key)

    def taken_at(self, key: Key) -> str:
        """Return when an object was taken out of the generated world; "" if it never was in it."""
        return self._taken.get(key, "")

    def kept(self, kind: str) -> Iterator[tuple[Key, Manifest]]:
        """Yield the objects of a kind that the generated world does not decide."""
        yield from [(key, each) for key, each in self._objects.items() if key.kind == kind]

    def present(self) -> list[Key]:
        """Return the keys of all objects there are."""
        return [*self._objects, *(k for k in self._world if k not in self._hidden and k not in self._objects)]

    def each(self, kind: str) -> Iterator[Manifest]:
        """Yield all objects of a kind."""
        for key in self.present():
            if key.kind == kind and (found := self.find(key)) is not None:
                yield found

    def put(self, key: Key, manifest: Manifest) -> Manifest:
        """Keep an object in the place of what is there, under a new version; return it."""
        self.take(key)
        self.version += 1
        metadata = manifest["metadata"] | {"resourceVersion": str(self.version)}
        self._objects[key] = manifest | {"metadata": metadata}
        return self._objects[key]

    def remove(self, key: Key) -> None:
        """Remove an object; what it owns stays."""
        self.take(key)
        self.version += 1
        self._objects.pop(key, None)
        if key in self._world:
            self._gone.add(key)
            self._hidden = self._hide()

    def take(self, key: Key) -> None:
        """Let the generated world decide no more about an object and its family."""
        if key not in self._world or key in self._hidden:
            return
        root = key
        while (owner := _controller(root, self._world[root])) and owner in self._world:
            root = owner
        family = [root]
        for each in family:
            family += self._owned.get(each, [])
        for each in family:
            if each not in self._taken:
                self._taken[each] = stamp(self.at)
                self._objects[each] = self._world[each]
        self._hidden = self._hide()

    def dependents(self, uid: str) -> list[Key]:
        """Return what is owned by an object, in the generated world and out of it."""
        return [key for key in self.present() if uid in _owners(self._objects.get(key) or self._world[key])]

    def draw(self, *words: object) -> Random:
        """Return a random source for what the words name, and for this moment of the world's history."""
        return Random("/".join(str(word) for word in (self.seed, self.version, *words)))

    def uid(self, key: Key) -> str:
        """Return a uid for an object that is created now."""
        return str(UUID(int=self.draw("uid", *key).getrandbits(128), version=4))

    def _hide(self) -> dict[Key, str]:
        """Return what of the generated world is not shown, and since when."""
        hidden = dict(self._taken)
        for key, since in self._taken.items():  # What the world makes anew for an owner that it lost.
            below = list(self._owned.get(key, []))
            for each in below:
                hidden.setdefault(each, since)
                below += self._owned.get(each, [])
        places = {key.name for key in self._gone if key.kind == Kind.NAMESPACES}
        for key, manifest in self._world.items():
            about = hidden.get(_subject(manifest)) if key.kind == Kind.EVENTS else None
            if key.namespace in places or (about is not None and manifest["lastTimestamp"] > about):
                hidden.setdefault(key, "")
        return hidden


def _subject(event: Manifest) -> Key:
    """Return what an event is about."""
    about = event["involvedObject"]
    return Key(KIND_FOR.get(about["kind"], about["kind"]), about.get("namespace", ""), about["name"])


def _controller(key: Key, manifest: Manifest) -> Key | None:
    for owner in manifest["metadata"].get("ownerReferences", []):
        if owner.get("controller") and owner["kind"] in KIND_FOR:
            return Key(KIND_FOR[owner["kind"]], key.namespace, owner["name"])
    return None


def _owners(manifest: Manifest) -> list[str]:
    return [owner["uid"] for owner in manifest["metadata"].get("ownerReferences", [])]
