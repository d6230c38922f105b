"""/api/pods and the other lists of what runs in a cluster, out of the caches."""

import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema
from orchestrator.backends.cluster.objects import to_builtins, to_json
from orchestrator.backends.cluster.port import Kind
from orchestrator.services import preferences
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, labels, lists, usage
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.query import ROWS, STATUSES

USAGE_SECONDS = 2.0  # A first sample is worth so much waiting, and no list of nodes worth more.


class WholeNumber(serializers.IntegerField):
    """Digits, and no more: Python itself also reads 1_0 and 1.0 as numbers."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"\s*-?[0-9]{1,1000}\s*", str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class ListParameters(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters.query`."""

    limit = WholeNumber(required=False)
    offset = WholeNumber(required=False, default=0)
    search = serializers.CharField(required=False, allow_blank=True, default="")
    labelSelector = serializers.CharField(required=False, allow_blank=True, default="")  # noqa: N815
    fieldSelector = serializers.CharField(required=False, allow_blank=True, default="")  # noqa: N815
    sort = serializers.CharField(required=False, allow_blank=True, default="")
    status = serializers.CharField(required=False, allow_blank=True, default="")
    type = serializers.CharField(required=False, allow_blank=True, default="")


class ListView(APIView):
    """A list of one kind: a bare array, with totals, paging and the age of the data in headers."""

    area = "clusters"
    throttle_group = "K8S_LIST"
    kind: Kind

    def get(self, request: Request) -> HttpResponse:
        parameters = ListParameters(data=request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        scope = scope_of(request)
        query = query_of(parameters.validated_data, request)
        listing = self.listing(scope, query)
        headers = {**place_headers(scope), **data_headers(listing), **paging_headers(request, query, listing)}
        return rows_answer(request, listing, headers=headers)

    def listing(self, scope: Scope, query: lists.Query) -> lists.Listing:
        """Return the rows; those of nodes say what is in use, where that is known."""
        found = lists.required(self.kind, scope, query)
        if self.kind is not Kind.NODES:
            return found
        return replace(found, rows=usage.on_nodes(found.rows, scope, wait_seconds=USAGE_SECONDS))


def rows_answer(request: Request, listing: lists.Listing, *, headers: dict[str, str]) -> HttpResponse:
    """Return rows as a bare array, or 304 to somebody who has them."""
    if request.accepted_renderer.format != "json":  # Somebody looks at the API with a browser.
        return Response(to_builtins(listing.rows), headers=headers)
    return content_answer(request, to_json(listing.rows), headers=headers)


def content_answer(request: Request, content: bytes, *, headers: dict[str, str]) -> HttpResponse:
    """Return JSON, or 304 to somebody who has it."""
    etag = f'W/"{blake2b(content, digest_size=12).hexdigest()}"'
    response = HttpResponse(content, content_type="application/json", headers={**headers, "ETag": etag})
    found = get_conditional_response(request._request, etag=etag, response=response)
    assert isinstance(found, HttpResponse)
    for name, value in headers.items():  # Also on a 304: how old the data is may have changed.
        found[name] = value
    return found


def as_json(found: msgspec.Struct | Sequence[msgspec.Struct], *, headers: dict[str, str]) -> HttpResponse:
    """Return structures of our own as JSON."""
    return HttpResponse(msgspec.json.encode(found), content_type="application/json", headers=headers)


def scope_of(request: Request, *, context: str | None = None) -> Scope:
    """Return what a request is about; `context` is one that its body names."""
    query = request.query_params
    named = (context or query.get("context", "")).strip()
    return contexts.scope(
        context=named,
        namespace=query.get("namespace"),
        mode=query.get("mode"),
        choice=contexts.NO_CHOICE if named else preferences.choice_of(cast(Caller, request.auth)),
    )


def query_of(values: dict[str, Any], request: Request) -> lists.Query:
    return lists.Query(
        limit=values.get("limit"),
        offset=values["offset"],
        search=values["search"],
        label_selector=values["labelSelector"],
        field_selector=values["fieldSelector"],
        sort=values["sort"],
        status=values["status"],
        type=values["type"],
        time_range_hours=_hours(request.query_params.get("timeRange", "")),
    )


def place_headers(scope: Scope) -> dict[str, str]:
    """Return which cluster answered, and whether it is a real one."""
    return {"X-Context": scope.context.name, "X-Backend": scope.backend}


def data_headers(listing: lists.Listing) -> dict[str, str]:
    """Return how current the rows are: state of the watch, its age in seconds, and if rows are missing."""
    state = listing.state
    found = {"X-Data-State": state.condition.value, "X-Total-Count": str(listing.total)}
    if state.heard_at is not None:
        found["X-Data-Age"] = f"{(now() - state.heard_at).total_seconds():.1f}"
    return found | ({"X-Partial": "true"} if state.partial else {})


def paging_headers(request: Request, query: lists.Query, listing: lists.Listing) -> dict[str, str]:
    """Return links to the other pages, when pages were asked for. They name no host: a client knows ours."""
    if query.limit is None:
        return {}
    last = max(0, (listing.total - 1) // query.limit * query.limit)
    places = {"first": 0, "last": last}
    if query.offset > 0:
        places["prev"] = max(0, query.offset - query.limit)
    if query.offset + query.limit < listing.total:
        places["next"] = query.offset + query.limit
    # A key in the query would end in logs and histories.
    asked = {name: value for name, value in request.query_params.items() if name != "api_key"}
    links = [
        f'<{request.path}?{urlencode({**asked, "offset": offset})}>; rel="{name}"'
        for name, offset in places.items()
    ]
    return {"Link": ", ".join(links)}


def _hours(text: str) -> float:
    """Return a time range; what makes no sense means a day, as the contract says."""
    try:
        return float(text)
    except ValueError:
        return 24.0


# Path -> kind, plural in names of operations, and what the list is.
LISTS: dict[str, tuple[Kind, str, str]] = {
    "pods": (Kind.PODS, "Pods", "Pods; `status` comes from container states, not from the phase alone."),
    "nodes": (Kind.NODES, "Nodes", "Nodes."),
    "namespaces": (Kind.NAMESPACES, "Namespaces", "Namespaces."),
    "events": (Kind.EVENTS, "Events", "The events of the last hours, newest first."),
    "deployments": (Kind.DEPLOYMENTS, "Deployments", "Deployments; a rollout under way is `Progressing`."),
    "statefulsets": (Kind.STATEFULSETS, "StatefulSets", "Stateful sets."),
    "daemonsets": (Kind.DAEMONSETS, "DaemonSets", "Daemon sets."),
    "jobs": (Kind.JOBS, "Jobs", "Jobs."),
    "cronjobs": (Kind.CRONJOBS, "CronJobs", "Cron jobs."),
    "hpa": (Kind.HPAS, "HPAs", "Horizontal pod autoscalers, CPU first among their metrics."),
    "services": (Kind.SERVICES, "Services", "Services."),
    "ingress": (Kind.INGRESSES, "Ingresses", "Ingresses."),
    "configmaps": (Kind.CONFIGMAPS, "ConfigMaps", "Config maps; `truncatedKeys` names values that are cut."),
    "secrets": (Kind.SECRETS, "Secrets", "Secrets, every value empty."),
    "pvs": (Kind.PVS, "PersistentVolumes", "Persistent volumes."),
    "pvcs": (Kind.PVCS, "PersistentVolumeClaims", "Persistent volume claims."),
    "resourcequotas": (Kind.RESOURCEQUOTAS, "ResourceQuotas", "Resource quotas."),
    "limitranges": (Kind.LIMITRANGES, "LimitRanges", "Limit ranges."),
}


def list_paths() -> list[URLPattern]:
    """Return the URL of every list."""
    return [path(f"api/{name}", _list_view(name).as_view(), name=name) for name in LISTS]


def _list_view(name: str) -> type[ListView]:
    kind, plural, about = LISTS[name]
    parameters = [*schema.LIST]
    if kind.namespaced:
        parameters.append(schema.NAMESPACE)
    if kind in STATUSES:
        parameters.append(schema.STATUS)
    if kind is Kind.EVENTS:
        parameters += [schema.TYPE, schema.TIME_RANGE]
    made = type(f"{plural}View", (ListView,), {"kind": kind, "__doc__": about, "__module__": __name__})
    described: type[ListView] = schema.listing(plural, ROWS[kind].__name__, parameters)(made)
    return described


@schema.labels
class LabelsView(APIView):
    """The labels that workloads, pods, services, ingresses, config maps and secrets carry."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    def get(self, request: Request) -> HttpResponse:
        scope = scope_of(request)
        found = labels.overview(scope, selector=request.query_params.get("selector", ""))
        partial = {"X-Partial": "true"} if found.partial else {}
        return as_json(found.labels, headers=place_headers(scope) | partial)
