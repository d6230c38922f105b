"""Where the lists and the objects of one context have their pages."""

from dataclasses import dataclass
from functools import cache
from html import escape

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from dashboard.shell import place_query
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import LISTED, Kind

NOWHERE = "-"  # stands where a kind without namespaces has none; no namespace is called so
BY_WORD = {
    kind.word: kind for kind in LISTED if kind is not Kind.EVENTS
}  # the word of manifests -> kind with pages


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one context."""

    context: str

    def listing(self, kind: Kind, namespace: str | None = None, **more: str) -> str:
        """Return the address of the list of a kind."""
        return _list_path(kind) + place_query(self.context, namespace, **more)

    def to(self, kind: Kind, namespace: str | None, name: str, *, tab: str = "") -> str:
        """Return the address of an object, or of one of its tabs."""
        # Joined by hand: a page of a list has dozens. Neither part of an object's name needs quoting.
        path = f"{_list_path(kind)}/{(kind.namespaced and namespace) or NOWHERE}/{name}"
        return f"{path}/{tab}{place_query(self.context)}" if tab else path + place_query(self.context)

    def name(self, kind: Kind, row: Row) -> SafeString:
        """Return the name of a row as a link to its object."""
        return self.named(kind, row.namespace or "", row.name)

    def named(self, kind: Kind, namespace: str, name: str, *, css: str = "nm") -> SafeString:
        """Return a name as a link to the object that bears it."""
        href = escape(self.to(kind, namespace, name))
        return mark_safe(f'<a class="{css}" href="{href}">{escape(name)}</a>')

    def kinds(self, namespace: str | None = None) -> str:
        """Return the address of all kinds."""
        return reverse("dashboard:kinds") + place_query(self.context, namespace)

    def served(self, id_: str, namespace: str | None = None) -> str:
        """Return the address of the list of any kind, by its plural and group."""
        return reverse("dashboard:generic", kwargs={"resource": id_}) + place_query(self.context, namespace)

    def thing(self, id_: str, namespace: str, name: str, *, tab: str = "") -> str:
        """Return the address of an object of any kind, or of one of its tabs."""
        view = f"dashboard:generic-object{'-' if tab else ''}{tab}"
        where = {"resource": id_, "namespace": namespace or NOWHERE, "name": name}
        return reverse(view, kwargs=where) + place_query(self.context)

    def logs(self, namespace: str, name: str) -> str:
        """Return the address of the logs of a pod; "" where no page shows them."""
        try:
            path = reverse("dashboard:pod-logs", kwargs={"namespace": namespace, "name": name})
        except NoReverseMatch:
            return ""
        return path + place_query(self.context)


@cache
def _list_path(kind: Kind) -> str:
    return reverse(f"dashboard:{kind}")
