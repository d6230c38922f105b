"""The cluster behind a real Kubernetes API server, and the contexts that a kubeconfig names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

import msgspec
from kubernetes import client, config

from orchestrator.backends.cluster import forward
from orchestrator.backends.cluster.caches import WatchCache
from orchestrator.backends.cluster.forwards import Door, Knock
from orchestrator.backends.cluster.kinds import RESOURCES, Kind
from orchestrator.backends.cluster.port import Context, Listener, LogQuery
from orchestrator.backends.cluster.transport import (
    READ_SECONDS,
    Stream,
    Transport,
    kubeconfig_errors,
    translated_errors,
)
from orchestrator.backends.cluster.writes import Acts

IN_CLUSTER = "in-cluster"
# The kinds that stacks are made of and watched by. Their namespace may be one that nobody listed.
OF_STACKS = (Kind.PODS, Kind.SERVICES, Kind.EVENTS, Kind.NETWORKPOLICIES)
FOLLOW_SILENCE_SECONDS = 4 * 3600.0  # A container may have nothing to say for long.
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class KubernetesCluster(Acts):
    """One context of a kubeconfig, or the service account of the pod that this process runs in."""

    def __init__(
        self,
        context: Context,
        *,
        load: Callable[[], client.Configuration],
        listener: Listener,
        namespaces: Sequence[str] = (),
        of_stacks: str = "",
    ) -> None:
        self.context = context
        super().__init__(Transport(load))
        self._listener = listener
        self._namespaces = tuple(namespaces) or (context.namespace,)
        self._of_stacks = of_stacks
        self._lock = Lock()
        self._caches: dict[Kind, WatchCache] = {}

    def cache(self, kind: Kind) -> WatchCache:
        with self._lock:
            cache = self._caches.get(kind)
            if cache is None:
                cache = self._caches[kind] = WatchCache(
                    self._transport,
                    kind,
                    context=self.context.name,
                    listener=self._listener,
                    namespaces=self._fallbacks(kind),
                )
                cache.start()
        cache.touch()
        return cache

    def _fallbacks(self, kind: Kind) -> tuple[str, ...]:
        """Return the namespaces to read where reading all of them is forbidden."""
        if not kind.namespaced:
            return ()
        more = (self._of_stacks,) if self._of_stacks and kind in OF_STACKS else ()
        return tuple(dict.fromkeys((*self._namespaces, *more)))

    def running(self) -> dict[Kind, WatchCache]:
        with self._lock:
            return dict(self._caches)

    def stop_unused(self, *, before: datetime) -> None:
        with self._lock:
            unused = [kind for kind, cache in self._caches.items() if cache.used_at < before]
            stopped = [self._caches.pop(kind) for kind in unused]
        for cache in stopped:
            cache.stop()

    def read(self, kind: Kind, *, namespace: str, name: str) -> dict[str, Any]:
        return self.get(RESOURCES[kind], namespace=namespace, name=name)

    def logs(self, pod: str, *, namespace: str, query: LogQuery) -> Stream:
        path = RESOURCES[Kind.PODS].path(namespace, quote(pod, safe=""), "log")
        silence = FOLLOW_SILENCE_SECONDS if query.follow else READ_SECONDS
        return self._transport.stream(path, log_parameters(query), silence_seconds=silence)

    async def knock(self, door: Door, knock: Knock) -> forward.ForwardedReply:
        return await forward.knock(self._transport, door, knock)

    async def dial(
        self, door: Door, knock: Knock, *, protocols: Sequence[str] = ()
    ) -> forward.ForwardedSocket:
        return await forward.dial(self._transport, door, knock, protocols=protocols)

    def version(self) -> str:
        answer = self._transport.get("/version")
        with translated_errors():
            return str(msgspec.json.decode(answer)["gitVersion"])

    def close(self) -> None:
        with self._lock:
            stopped, self._caches = list(self._caches.values()), {}
        for cache in stopped:
            cache.stop()


def open_kubernetes(
    kubeconfig: str, *, listener: Listener, namespaces: Sequence[str] = (), of_stacks: str = ""
) -> tuple[dict[str, KubernetesCluster], str]:
    """Return the clusters of a kubeconfig by context, and the name of the current context.

    `kubeconfig` is one file or several separated by `:`. Nothing is asked of any API server yet. Raises
    `BackendError` with a sentence for people if no context can be read.
    """
    with translated_errors(), kubeconfig_errors():
        contexts, current = config.list_kube_config_contexts(kubeconfig)
    clusters = {}
    for entry in contexts:
        context = _context(entry)
        load = partial(_load, kubeconfig, context.name)
        clusters[context.name] = KubernetesCluster(
            context, load=load, listener=listener, namespaces=namespaces, of_stacks=of_stacks
        )
    return clusters, (current or contexts[0])["name"]


def open_config(
    kubeconfig: dict[str, Any],
    *,
    name: str,
    listener: Listener,
    namespaces: Sequence[str] = (),
    of_stacks: str = "",
) -> KubernetesCluster:
    """Return the cluster of a kubeconfig in memory that holds one context; `name` is what we call it."""
    context = replace(_context(kubeconfig["contexts"][0]), name=name)
    load = partial(_load_from, kubeconfig)
    return KubernetesCluster(
        context, load=load, listener=listener, namespaces=namespaces, of_stacks=of_stacks
    )


def open_in_cluster(
    *, listener: Listener, namespaces: Sequence[str] = (), of_stacks: str = ""
) -> KubernetesCluster:
    """Return the cluster this process runs in, as its service account."""
    place = (SERVICE_ACCOUNT / "namespace").read_text().strip() or "default"
    context = Context(name=IN_CLUSTER, cluster=IN_CLUSTER, user="service-account", namespace=place)
    return KubernetesCluster(
        context, load=_load_in_cluster, listener=listener, namespaces=namespaces, of_stacks=of_stacks
    )


def log_parameters(query: LogQuery) -> dict[str, str | int]:
    """Return what the API server calls the parts of a query.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod
    """
    switches = {"follow": query.follow, "previous": query.previous, "timestamps": query.timestamps}
    asked: dict[str, str | int] = {"container": query.container}
    asked |= {name: "true" for name, on in switches.items() if on}
    if query.tail is not None:
        asked["tailLines"] = query.tail
    if query.since is not None:
        asked["sinceTime"] = query.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif query.since_seconds is not None:
        asked["sinceSeconds"] = query.since_seconds
    return asked


def _context(entry: dict[str, Any]) -> Context:
    inside = entry.get("context") or {}
    return Context(
        name=str(entry["name"]),
        cluster=str(inside.get("cluster", "")),
        user=str(inside.get("user", "")),
        namespace=str(inside.get("namespace") or "default"),
    )


def _load(kubeconfig: str, context: str) -> client.Configuration:
    # A configuration of our own: the library's default one is global and shared by contexts.
    configuration = client.Configuration()
    config.load_kube_config(
        kubeconfig, context=context, client_configuration=configuration, persist_config=False
    )
    return configuration


def _load_from(kubeconfig: dict[str, Any]) -> client.Configuration:
    configuration = client.Configuration()
    config.load_kube_config_from_dict(kubeconfig, client_configuration=configuration, persist_config=False)
    return configuration


def _load_in_cluster() -> client.Configuration:
    configuration = client.Configuration()
    config.load_incluster_config(client_configuration=configuration)
    return configuration
