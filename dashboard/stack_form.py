"""The form that makes a stack. What is right is decided where the API decides it."""

import re
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex
from typing import Any

import yaml
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import cells, errors, stack_cells
from dashboard.htmx import wants_fragment
from dashboard.permissions import caller_of, needs
from dashboard.shell import env_of
from dashboard.stack_acts import WRITE
from orchestrator.errors import DomainError, InvalidInput
from orchestrator.services import idempotency
from orchestrator.services.idempotency import Answer, Call, Claim, UnderWay
from orchestrator.services.stacks import creation, place, podspec, reads
from orchestrator.services.stacks.errors import StackNotFound
from orchestrator.services.stacks.targets import MOST, Target, checked

EXAMPLE = """\
apiVersion: v1
kind: Pod
metadata:
  name: example
spec:
  containers:
  - name: app
    image: nginx:stable
    ports:
    - containerPort: 80
    resources:
      requests:
        cpu: 100m
        memory: 128Mi
"""
SENTENCES = {
    "no_available_nodeport": "Every node port of the range is held. One is free again when a stack stops.",
    "cluster_saturated": "No node has room for it, or none fits what it asks for.",
    "resource_quota_exceeded": "The quota of the namespace is used up.",
    "cluster_unavailable": "The cluster does not answer. Try again in a while.",
    "network_policy_missing": "Stacks would be open to each other: no NetworkPolicy selects them.",
    "idempotency_key_reused": "This form was sent before with other content. Send it again to make one more.",
    "internal_error": "The cluster refused it, for a reason that is in the log of this server.",
}
PORTS = {  # words of the API about its own fields -> words about this form
    "target_port is out of range": "A port is a number from 1 to 65535",
    "target_port is required": "Name at least one port",
    f"target_port exceeds limit (max {MOST})": f"A stack has at most {MOST} ports",
    "duplicate target_port entry": "This port and protocol stand here twice",
}
LONGEST_PORT = 5  # digits


@dataclass(frozen=True, slots=True)
class Port:
    """A row of the ports as it was typed, with what is wrong with it."""

    number: str = ""
    protocol: str = "TCP"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, and what is wrong with it."""

    ports: tuple[Port, ...] = (Port("80"),)
    text: str = EXAMPLE
    ports_problem: str = ""
    spec_problem: str = ""
    where: str = ""  # path in the spec that is wrong
    line: int = 0  # of the spec, from 1
    refused: str = ""  # what is wrong with neither


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE)
def new(request: HttpRequest) -> HttpResponse:
    """Show the form; POST adds or removes a port, checks the spec, or makes the stack."""
    if request.method != "POST":
        return _page(request, Typed())
    typed, act = _typed(request), request.POST.get("act", "create")
    if act == "add" or act.startswith("remove-"):
        changed = replace(typed, ports=_changed(typed.ports, act))
        return _ports(request, changed) if wants_fragment(request) else _page(request, changed)
    targets = [Target(_number(each.number), each.protocol) for each in typed.ports]
    try:
        if act == "check":
            found = podspec.check(typed.text, checked(targets), creation.pod_policy())
            return _page(request, typed, accepted=found)
        return redirect(_once(request, typed, targets))
    except UnderWay:
        messages.info(request, "This stack is being made already. It is here as soon as it has a node.")
        return redirect("dashboard:stacks")
    except DomainError as exc:
        status = 200 if act == "check" else errors.status_of(exc)
        return _page(request, explained(typed, exc), status=status)


def _once(request: HttpRequest, typed: Typed, targets: list[Target]) -> str:
    """Make the stack and return its address; the same form sent twice makes one.

    Raises what `creation.create` raises, and `UnderWay` while the first is being made.
    """
    call = Call(
        caller=caller_of(request),
        route=request.path,
        key=request.POST.get("once") or token_hex(16),
        body=repr((typed.text, targets)).encode(),
        longest=creation.longest(),
        found=_found,
    )
    answer, _again = idempotency.once(
        call, lambda claim: _leads_to(_made(request, typed, targets, claim)), at=now()
    )
    return answer.headers["Location"]


def _leads_to(address: str) -> Answer:
    return Answer(302, b"", {"Location": address})


def _found(stack_id: str) -> Answer | None:
    """Return where the stack of a form is whose first answer was lost; see `services.idempotency.Call`."""
    try:
        return _leads_to(stack_cells.path(reads.get(stack_id, at=now()).stack_id))
    except StackNotFound:
        if reads.is_being_made(stack_id):
            raise UnderWay from None
        return None


def _made(request: HttpRequest, typed: Typed, targets: list[Target], claim: Claim) -> str:
    made = creation.create(
        caller_of(request),
        pod_spec=typed.text,
        targets=targets,
        at=now(),
        reserved=partial(idempotency.making, claim),
    )
    messages.success(request, f"{made.view.stack_id} is created. It is on {made.view.node_id or 'its way'}.")
    if made.warnings:
        messages.warning(request, f"Not taken as written: {'; '.join(made.warnings)}.")
    return stack_cells.path(made.view.stack_id)


def explained(typed: Typed, exc: DomainError) -> Typed:
    """Return the form with what is wrong said at the field that it is about."""
    if not isinstance(exc, InvalidInput) or not exc.problems:
        said = SENTENCES.get(exc.code, exc.message)
        resources = ", ".join(exc.details.get("resources", ()))
        return replace(typed, refused=f"{said} Used up: {resources}." if resources else said)
    problem = exc.problems[0]
    said = PORTS.get(problem.message, problem.message)
    row = re.match(r"target_port\[(\d+)\]", problem.path)
    if row and int(row[1]) < len(typed.ports):
        ports = list(typed.ports)
        ports[int(row[1])] = replace(ports[int(row[1])], problem=said)
        return replace(typed, ports=tuple(ports))
    if problem.path.startswith("target_port"):
        return replace(typed, ports_problem=said)
    where = "" if problem.path == "pod_spec" else problem.path
    line = line_of(typed.text, where) if where else 0
    return replace(typed, spec_problem=problem.message, where=where, line=line)


def line_of(text: str, path: str) -> int:
    """Return the line of a path such as `spec.containers[0].ports`, or of its nearest part; 0 if it has none.

    Lines count from 1. Only for text that the validator could read: it bounds how deep and large that is.
    """
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return 0
    line = 0
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        node, at = _below(node, name, index)
        if node is None:
            break
        line = at
    return line


def _below(node: Any, name: str, index: str) -> tuple[Any, int]:
    """Return what stands below a node under a name or number, and its line; None if nothing does."""
    if isinstance(node, yaml.MappingNode) and name:
        for key, value in node.value:
            if str(key.value).lower() == name.lower():
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
        found = node.value[int(index)]
        return found, found.start_mark.line + 1
    return None, 0


def _typed(request: HttpRequest) -> Typed:
    numbers = request.POST.getlist("container_port")
    protocols = request.POST.getlist("protocol")
    pairs = zip(numbers, [*protocols, *["TCP"] * len(numbers)], strict=False)
    ports = tuple(Port(number.strip(), protocol) for number, protocol in pairs)
    return Typed(ports=ports[: MOST + 1], text=request.POST.get("yaml", "").replace("\r\n", "\n"))


def _changed(ports: tuple[Port, ...], act: str) -> tuple[Port, ...]:
    if act == "add":
        return (*ports, Port()) if len(ports) < MOST else ports
    row = act.removeprefix("remove-")
    return tuple(port for place, port in enumerate(ports) if str(place) != row)


def _number(text: str) -> int:
    """Return a port; 0 is refused as every number is that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_PORT else 0


def _ports(request: HttpRequest, typed: Typed) -> HttpResponse:
    return render(request, "stacks/_ports.html", {"typed": typed, "most": MOST, "here": request.path})


def _page(
    request: HttpRequest, typed: Typed, *, accepted: podspec.Checked | None = None, status: int = 200
) -> HttpResponse:
    name = place.name()
    context = {
        "typed": typed,
        "once": token_hex(16),
        "most": MOST,
        "here": request.path,
        "place": name,
        "env": env_of(name),
        "namespace": settings.STACK_NAMESPACE,
        "ttl": stack_cells.span(int(settings.STACK_TTL.total_seconds())),
        "ttl_max": stack_cells.span(int(settings.STACK_TTL_MAX.total_seconds())),
        "restricted": settings.STACK_POD_POLICY == "restricted",
        "accepted": accepted,
        "asks": accepted
        and f"{stack_cells.cores(accepted.cpu_milli)} and {cells.size_text(accepted.memory_bytes)}",
    }
    return render(request, "stacks/new.html", context, status=status)


urlpatterns = [path("stacks/new", new, name="stack-new")]
