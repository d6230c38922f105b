"""What can be done to an object on pages: for which kinds, under which words, with which question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.timezone import now

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.port import LISTED, Kind, Propagation
from orchestrator.services.access import Caller
from orchestrator.services.clusters import cronjobs, deletion, drains, nodes, revisions, workloads
from orchestrator.services.clusters.acting import Done
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Options
from orchestrator.services.clusters.objects import Found

DELETABLE = tuple(kind for kind in LISTED if kind is not Kind.EVENTS)
NO_CONTROLLER = "Nothing would make this pod again. Delete it if that is meant."


class NoForm(forms.Form):
    """Nothing is asked."""


class ScaleForm(forms.Form):
    replicas = forms.IntegerField(label="Pods")


class UndoForm(forms.Form):
    revision = forms.IntegerField(min_value=0)


class DeleteForm(forms.Form):
    confirm = forms.CharField(required=False)
    uid = forms.CharField(required=False)
    propagation = forms.ChoiceField(
        required=False,
        choices=[("", "as usual for its kind"), *((each.value, each.value) for each in Propagation)],
    )
    grace = forms.IntegerField(required=False)


class DrainForm(forms.Form):
    force = forms.BooleanField(required=False)
    delete_empty_dir = forms.BooleanField(required=False)
    grace_seconds = forms.IntegerField(required=False)
    timeout_seconds = forms.IntegerField(required=False)
    namespace = forms.CharField(required=False)
    pod_selector = forms.CharField(required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: who asks for what, where. `values` are those of a form whose types are right."""

    caller: Caller
    kind: Kind
    scope: Scope
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that can be done. `label` is on its button, "…" follows if a question does."""

    name: str  # in addresses
    label: str
    icon: str
    kinds: tuple[Kind, ...]
    do: Callable[[Asked], Done]
    about: str  # what will happen, for who is asked
    form: type[forms.Form] = NoForm
    first: bool = False  # beside the menu, not in it
    danger: bool = False
    fits: Callable[[Found], bool] = lambda found: True
    why_not: Callable[[Found], str] = lambda found: ""  # why it cannot be done now

    @property
    def asks(self) -> bool:
        return self.form is not NoForm

    @property
    def words(self) -> str:
        return f"{self.label}…" if self.asks else self.label


def of(kind: Kind, name: str) -> Deed | None:
    """Return what can be done to a kind under a name; None if there is nothing of that name."""
    return next((deed for deed in DEEDS if deed.name == name and kind in deed.kinds), None)


def fitting(found: Found) -> list[Deed]:
    """Return what can be done to an object in its present state, what destroys last."""
    return [deed for deed in DEEDS if found.kind in deed.kinds and deed.fits(found)]


def _restart(asked: Asked) -> Done:
    if asked.kind is Kind.PODS:
        return workloads.restart_pod(asked.caller, asked.scope, asked.name, at=now())
    return workloads.restart(asked.caller, asked.kind, asked.scope, asked.name, at=now())


def _alone(found: Found) -> str:
    lonely = isinstance(found.row, objects.Pod) and not found.row.controller
    return NO_CONTROLLER if lonely else ""


def _scale(asked: Asked) -> Done:
    replicas = asked.values["replicas"]
    return workloads.scale(asked.caller, asked.kind, asked.scope, asked.name, replicas=replicas, at=now())


def _undo(asked: Asked) -> Done:
    revision = asked.values["revision"]
    return revisions.undo(asked.caller, asked.kind, asked.scope, asked.name, revision=revision, at=now())


def _delete(asked: Asked) -> Done:
    return deletion.delete(
        asked.caller,
        asked.kind,
        asked.scope,
        asked.name,
        at=now(),
        confirm=asked.values["confirm"],
        uid=asked.values["uid"],
        propagation=asked.values["propagation"],
        grace_seconds=asked.values["grace"],
    )


def _drain(asked: Asked) -> Done:
    options = Options(**{**asked.values, "namespace": asked.values["namespace"].strip()})
    begun = drains.start(asked.caller, asked.scope, asked.name, options, at=now())
    return _of_node(
        asked, f"Node {asked.name} is being drained of {sum(each.open for each in begun.entries)} pods"
    )


def _cancel(asked: Asked) -> Done:
    drains.cancel(asked.caller, asked.scope, asked.name, at=now())
    return _of_node(asked, f"The drain of {asked.name} stops after the present pod. The node stays cordoned.")


def _of_node(asked: Asked, message: str) -> Done:
    return Done(target=nodes.target(asked.caller, asked.scope, asked.name), message=message, at=now())


def _simple(act: Callable[..., Done]) -> Callable[[Asked], Done]:
    return lambda asked: act(asked.caller, asked.scope, asked.name, at=now())


def _spec(found: Found, member: str) -> bool:
    return bool((found.manifest.get("spec") or {}).get(member))


DEEDS: tuple[Deed, ...] = (
    Deed(
        name="restart",
        label="Restart",
        icon="refresh",
        kinds=(*workloads.RESTARTABLE, Kind.PODS),
        do=_restart,
        about="New pods take the place of the present ones, as the update strategy says.",
        first=True,
        why_not=_alone,
    ),
    Deed(
        name="cordon",
        label="Cordon",
        icon="hand-stop",
        kinds=(Kind.NODES,),
        do=_simple(nodes.cordon),
        about="The node takes no new pods. Those that run there stay.",
        first=True,
        fits=lambda found: not _spec(found, "unschedulable"),
    ),
    Deed(
        name="uncordon",
        label="Uncordon",
        icon="player-play",
        kinds=(Kind.NODES,),
        do=_simple(nodes.uncordon),
        about="The node takes new pods again.",
        first=True,
        fits=lambda found: _spec(found, "unschedulable"),
    ),
    Deed(
        name="drain",
        label="Drain",
        icon="logout",
        kinds=(Kind.NODES,),
        do=_drain,
        about="The node is cordoned, then its pods are evicted one by one, as disruption budgets allow.",
        form=DrainForm,
        first=True,
    ),
    Deed(
        name="cancel-drain",
        label="Stop after this pod",
        icon="player-stop",
        kinds=(Kind.NODES,),
        do=_cancel,
        about="Pods that are evicted already stay away. The node stays cordoned.",
        fits=lambda found: False,  # Its button is with the progress.
    ),
    Deed(
        name="trigger",
        label="Run now",
        icon="player-play",
        kinds=(Kind.CRONJOBS,),
        do=_simple(cronjobs.trigger),
        about="A job of it starts at once, whatever its schedule says.",
        first=True,
    ),
    Deed(
        name="scale",
        label="Scale",
        icon="scale",
        kinds=workloads.SCALABLE,
        do=_scale,
        about="",
        form=ScaleForm,
    ),
    Deed(
        name="pause",
        label="Pause rollout",
        icon="player-pause",
        kinds=(Kind.DEPLOYMENTS,),
        do=_simple(workloads.pause),
        about="Changes of its pods wait until it is resumed.",
        fits=lambda found: not _spec(found, "paused"),
    ),
    Deed(
        name="resume",
        label="Resume rollout",
        icon="player-play",
        kinds=(Kind.DEPLOYMENTS,),
        do=_simple(workloads.resume),
        about="What changed meanwhile reaches its pods.",
        fits=lambda found: _spec(found, "paused"),
    ),
    Deed(
        name="undo",
        label="Go back",
        icon="history",
        kinds=workloads.RESTARTABLE,
        do=_undo,
        about="",
        form=UndoForm,
        fits=lambda found: False,  # Its buttons are with the revisions.
    ),
    Deed(
        name="suspend",
        label="Suspend",
        icon="player-pause",
        kinds=(Kind.CRONJOBS,),
        do=_simple(cronjobs.suspend),
        about="It starts no more jobs. Those that run go on.",
        fits=lambda found: not _spec(found, "suspend"),
    ),
    Deed(
        name="unsuspend",
        label="Resume",
        icon="player-play",
        kinds=(Kind.CRONJOBS,),
        do=_simple(cronjobs.resume),
        about="It starts jobs by its schedule again.",
        fits=lambda found: _spec(found, "suspend"),
    ),
    Deed(
        name="delete",
        label="Delete",
        icon="trash",
        kinds=DELETABLE,
        do=_delete,
        about="",
        form=DeleteForm,
        danger=True,
        why_not=lambda found: (
            "It is being deleted already." if found.manifest["metadata"].get("deletionTimestamp") else ""
        ),
    ),
)
