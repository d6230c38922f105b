"""Preferences: what each caller has chosen for themselves. Callers without an owner share one set."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.db import transaction

from orchestrator.errors import InvalidInput, Problem
from orchestrator.models import Preference
from orchestrator.services import access
from orchestrator.services import preference_rules as rules
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts

Section = Preference.Section

AREA = "clusters"
CHOICE_SECONDS = 1.0
MOST_VALUES = 500  # kept by one call
SWITCH = "enabled"  # the one name in the section of notifications
# What a browser kept before there were preferences here, and the member of it that counts.
KEPT_BY_BROWSERS = {
    "orphelix-mode": "",
    "orphelix-cluster-aliases": "aliases",
    "orphelix-critical-issues-settings": "enabledResources",
    "orphelix-sidebar-pins": "pinnedItems",
}

_choices: dict[int | None, tuple[float, contexts.Choice]] = {}  # owner -> kept until, choice


# --- Settings


def settings_of(caller: Caller) -> dict[str, Any]:
    """Return every setting, with its default where the caller has chosen nothing."""
    chosen = _values(caller, Section.SETTINGS)
    defaults = {name: default for name, (default, _) in rules.SETTINGS.items()}
    return {**defaults, "mode": contexts.default_mode(), **chosen}


def choice_of(caller: Caller) -> contexts.Choice:
    """Return which cluster the caller has chosen for calls that do not say.

    Every call asks, so the answer is kept; a change in another process counts within a second.
    """
    owner = _owner(caller)
    kept_until, choice = _choices.get(owner, (0.0, contexts.NO_CHOICE))
    if kept_until < monotonic():
        choice = _chosen(caller)
        _choices[owner] = (monotonic() + CHOICE_SECONDS, choice)
    return choice


def _chosen(caller: Caller) -> contexts.Choice:
    chosen = _values(caller, Section.SETTINGS, "mode", "selectedContext")
    return contexts.Choice(
        mode=chosen.get("mode", ""), context=(chosen.get("selectedContext") or {}).get("name", "")
    )


def _owner(caller: Caller) -> int | None:
    return caller.user.pk if caller.user else None


def _forget_choice(caller: Caller) -> None:
    """Forget now, and again at commit: another thread may have read the old choice in between."""
    owner = _owner(caller)
    _choices.pop(owner, None)
    transaction.on_commit(lambda: _choices.pop(owner, None))


def change_settings(caller: Caller, values: Mapping[str, Any]) -> None:
    """Keep some settings, audited; unknown ones are ignored. Repeating it changes nothing.

    Raises `InvalidInput` with every bad value; then nothing is kept.
    """
    _keep(caller, Section.SETTINGS, _checked_settings(values))


def reset_settings(caller: Caller) -> None:
    """Go back to the defaults of all settings, audited; other preferences stay."""
    with transaction.atomic():
        Preference.objects.of(caller.user, section=Section.SETTINGS).delete()
        _forget_choice(caller)
        _audit(caller, "Reset settings")


# --- Other names of contexts


def aliases(caller: Caller) -> dict[str, str]:
    """Return the caller's own name of each context that has one."""
    return _values(caller, Section.ALIASES)


def set_alias(caller: Caller, context: Any, *, alias: Any) -> None:
    """Call a context by another name; raise `InvalidInput`."""
    with _problems() as found:
        name = found.check("contextName", rules.context_name, context)
        value = found.check("alias", rules.alias, alias)
    _keep(caller, Section.ALIASES, {name: value})


def remove_alias(caller: Caller, context: str) -> None:
    """Forget the other name of a context; one that has none is not an error."""
    with transaction.atomic():
        Preference.objects.of(caller.user, section=Section.ALIASES).filter(name=context).delete()
        _audit(caller, "Change aliases", context)


# --- Which trouble is shown, what is pinned, and whether to notify


def issues(caller: Caller) -> list[str]:
    """Return the kinds of objects whose trouble is shown."""
    switched = _values(caller, Section.ISSUES)
    return [name for name in rules.RESOURCES if switched.get(name, True)]


def switch_issue(caller: Caller, resource: Any, *, enabled: Any) -> None:
    """Show the trouble of a kind or not; raise `InvalidInput`."""
    with _problems() as found:
        name = found.check("resourceType", rules.one_of(*rules.RESOURCES), resource)
        value = found.check("enabled", rules.boolean, enabled)
    _keep(caller, Section.ISSUES, {name: value})


def pins(caller: Caller) -> list[str]:
    """Return the pinned paths: those pinned for everybody first, then the caller's own."""
    pinned = dict.fromkeys(rules.PINS, True) | _values(caller, Section.PINS)
    return [path for path, is_pinned in pinned.items() if is_pinned]


def pin(caller: Caller, path: Any, *, pinned: Any) -> None:
    """Pin a path or not; raise `InvalidInput`."""
    with _problems() as found:
        name = found.check("path", rules.path, path)
        value = found.check("pinned", rules.boolean, pinned)
    _keep(caller, Section.PINS, {name: value})


def notified(caller: Caller) -> bool:
    """Return True if the caller wants to hear of trouble; nobody does before they say so."""
    return bool(_values(caller, Section.NOTIFICATIONS).get(SWITCH, False))


def switch_notifications(caller: Caller, enabled: Any) -> bool:
    """Switch notifications on or off and return which; raise `InvalidInput`."""
    with _problems() as found:
        value = found.check("enabled", rules.boolean, enabled)
    _keep(caller, Section.NOTIFICATIONS, {SWITCH: value})
    return bool(value)


# --- What browsers have kept


def migrate(caller: Caller, kept: Mapping[str, Any]) -> None:
    """Take over what a browser has kept under the keys of `KEPT_BY_BROWSERS`, all of it or nothing.

    Others are ignored. Raises `InvalidInput` for what is no JSON, or holds a bad value.
    """
    with _problems() as found:
        states = {key: found.check(key, _state, kept[key]) for key in KEPT_BY_BROWSERS if key in kept}
    chosen = [states.get(key, {}).get(member) for key, member in KEPT_BY_BROWSERS.items() if member]
    named, enabled, pinned = chosen
    with transaction.atomic():
        change_settings(caller, states.get("orphelix-mode", {}))
        if isinstance(named, dict):
            _keep(caller, Section.ALIASES, _named(named))
        if isinstance(enabled, list):
            _keep(caller, Section.ISSUES, {name: name in enabled for name in rules.RESOURCES})
        if isinstance(pinned, list):
            _keep(caller, Section.PINS, _only(pinned))


def _state(text: Any) -> dict[str, Any]:
    """Return what a browser's library kept: an object, or one within `state`."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("is an object, written as JSON in a text") from None
    if not isinstance(found, dict):
        raise ValueError("is an object, written as JSON in a text")
    state = found.get("state", found)
    return state if isinstance(state, dict) else {}


def _named(aliases: Mapping[str, Any]) -> dict[str, str]:
    """Return these names of contexts, checked."""
    key = "orphelix-cluster-aliases"
    with _problems() as found:
        return {
            found.check(key, rules.context_name, context): found.check(key, rules.alias, alias)
            for context, alias in aliases.items()
        }


def _only(pinned: Iterable[Any]) -> dict[str, bool]:
    """Return these paths as pinned and all others as not."""
    with _problems() as found:
        wanted = [found.check("orphelix-sidebar-pins", rules.path, path) for path in pinned]
    return dict.fromkeys(rules.PINS, False) | dict.fromkeys(wanted, True)


# --- How all of it is kept


class _Problems:
    """Gathers what is wrong with several values."""

    def __init__(self) -> None:
        self.all: list[Problem] = []

    def check(self, name: str, check: rules.Check, value: Any) -> Any:
        try:
            return check(value)
        except ValueError as exc:
            self.all.append(Problem(name, f"{name} {exc}"))
            return None


@contextmanager
def _problems() -> Iterator[_Problems]:
    found = _Problems()
    yield found
    if found.all:
        raise InvalidInput("Validation failed", problems=found.all)


def _checked_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    with _problems() as found:
        return {
            name: found.check(name, check, values[name])
            for name, (_, check) in rules.SETTINGS.items()
            if name in values
        }


def _values(caller: Caller, section: str, *names: str) -> dict[str, Any]:
    rows = Preference.objects.of(caller.user, section=section)
    return dict((rows.filter(name__in=names) if names else rows).values_list("name", "value"))


def _keep(caller: Caller, section: Preference.Section, values: Mapping[str, Any]) -> None:
    if not values:
        return
    if len(values) > MOST_VALUES:
        raise InvalidInput(f"More than {MOST_VALUES} values at once are too many.")
    with transaction.atomic():
        for name, value in values.items():
            Preference.objects.update_or_create(
                owner=caller.user, section=section, name=name, defaults={"value": value}
            )
        _forget_choice(caller)
        _audit(caller, f"Change {section.value}", ", ".join(values))


def _audit(caller: Caller, action: str, target: str = "") -> None:
    access.record(caller, area=AREA, action=action, target=target)
