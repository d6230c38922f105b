"""What every projection needs: times, names and labels, and the pool that keeps one copy of equal values."""

from collections.abc import Iterable
from typing import Any, TypeVar

from orchestrator.backends.cluster import masks, raw
from orchestrator.backends.cluster.objects import OwnerReference, Requirement

T = TypeVar("T")
POOL_LIMIT = 50_000  # values; a pool that grew past it begins again
LONGEST_VALUE = 1024  # characters of a text in lists


class Pool:
    """Gives the same object for equal values: names of images, labels, containers repeat a thousand times."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        # Apart, because the key of no labels equals the empty tuple, which is a value of its own.
        self._labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def share(self, value: T) -> T:
        """Return an equal value that others hold too. Threads may both add one: then two copies live."""
        if len(self._values) > POOL_LIMIT:
            self._values = {}
        shared: T = self._values.setdefault(value, value)
        return shared

    def labels(self, value: dict[str, str]) -> dict[str, str]:
        """Return an equal dictionary that others hold too; nobody changes it."""
        if len(self._labels) > POOL_LIMIT:
            self._labels = {}
        return self._labels.setdefault(tuple(value.items()), value)


pool = Pool()


def iso(time: str | None) -> str:
    """Return a time of the API as ISO 8601 with milliseconds, "" for none.

    The API writes whole seconds, or microseconds in the newer fields of events; always in UTC.
    """
    if not time:
        return ""
    return pool.share(time[:19] + ".000Z" if len(time) == 20 else time[:23] + "Z")


def base(metadata: raw.Metadata, *, namespaced: bool = True) -> dict[str, Any]:
    """Return the members that every row has."""
    found: dict[str, Any] = {
        "name": metadata.name,
        "created_at": iso(metadata.creation_timestamp),
        "labels": pool.labels(metadata.labels),
    }
    return found | {"namespace": pool.share(metadata.namespace)} if namespaced else found


def annotations(metadata: raw.Metadata) -> dict[str, str]:
    """Return the annotations as lists hold them: long ones cut, and without copies of the whole object."""
    return pool.labels(
        {key: value[:LONGEST_VALUE] for key, value in metadata.annotations.items() if not masks.is_copy(key)}
    )


def owners(metadata: raw.Metadata) -> tuple[OwnerReference, ...]:
    """Return who owns an object, as the pods of one owner share it."""
    found = (OwnerReference(each.kind, each.name, each.uid) for each in metadata.owner_references)
    return pool.share(tuple(map(pool.share, found)))


def controller(metadata: raw.Metadata) -> raw.Owner:
    """Return the one owner that would make the object again; an empty one if there is none."""
    return next((each for each in metadata.owner_references if each.controller), raw.Owner())


def requirements(spec: raw.PodSpec) -> tuple[Requirement, ...]:
    """Return what the containers of a pod ask for; those of one template share it."""
    found = [_requirement("", spec.resources)] if spec.resources else []
    for each in spec.init_containers:
        found.append(_requirement(each.name, each.resources, first=each.restart_policy != "Always"))
    found += [_requirement(each.name, each.resources) for each in spec.containers]
    return pool.share(tuple(found))


def _requirement(container: str, asked: raw.Resources, *, first: bool = False) -> Requirement:
    requests, limits = asked.requests, asked.limits
    return Requirement(container, requests.cpu, requests.memory, limits.cpu, limits.memory, first)


def references(spec: raw.PodSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the config maps and the secrets that a pod mentions, each once, in order of mention."""
    maps: list[str] = []
    secrets = [each.name for each in spec.image_pull_secrets]
    for container in [*spec.init_containers, *spec.containers]:
        for source in container.env_from:
            maps += _name(source.config_map_ref)
            secrets += _name(source.secret_ref)
        for variable in container.env:
            if variable.value_from:
                maps += _name(variable.value_from.config_map_key_ref)
                secrets += _name(variable.value_from.secret_key_ref)
    for volume in spec.volumes:
        maps += _name(volume.config_map)
        secrets += [volume.secret.secret_name] if volume.secret else []
        for projection in volume.projected.sources if volume.projected else []:
            maps += _name(projection.config_map)
            secrets += _name(projection.secret)
    return _once(maps), _once(secrets)


def claims(spec: raw.PodSpec) -> tuple[str, ...]:
    """Return the volume claims that a pod mounts."""
    mounted = (each.persistent_volume_claim for each in spec.volumes)
    return _once(each.claim_name for each in mounted if each)


def _name(named: raw.Named | None) -> list[str]:
    return [named.name] if named else []


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return pool.share(tuple(pool.share(name) for name in dict.fromkeys(names) if name))
