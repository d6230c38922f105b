"""What kubectl prints of kinds without caches, and of those that somebody defined. Pure functions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster.acts import Column
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.printers import NONE, PRINTERS, Printer, age, pairs, printer

N_A = "N/A"
MOST_ENDPOINTS = 3


def _role(manifest: Manifest, at: datetime) -> Iterable[object]:
    subjects = manifest.get("subjects") or ()
    yield f"{manifest['roleRef']['kind']}/{manifest['roleRef']['name']}"
    for kind in ("User", "Group"):
        yield ", ".join(each["name"] for each in subjects if each["kind"] == kind)
    yield ", ".join(
        f"{each['namespace']}/{each['name']}" for each in subjects if each["kind"] == "ServiceAccount"
    )


def _budget(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec = manifest["spec"]
    yield from (spec.get("minAvailable", N_A), spec.get("maxUnavailable", N_A))
    yield (manifest.get("status") or {}).get("disruptionsAllowed", 0)


def _slice(manifest: Manifest, at: datetime) -> Iterable[object]:
    found = [address for each in manifest.get("endpoints") or () for address in each["addresses"]]
    shown = ",".join(found[:MOST_ENDPOINTS])
    more = f" + {len(found) - MOST_ENDPOINTS} more..." if len(found) > MOST_ENDPOINTS else ""
    ports = ",".join(str(each.get("port", "*")) for each in manifest.get("ports") or ())
    return manifest["addressType"], ports or UNSET, shown + more or UNSET


def _class(manifest: Manifest, at: datetime) -> Iterable[object]:
    expands = bool(manifest.get("allowVolumeExpansion"))
    binds = manifest.get("volumeBindingMode", "Immediate")
    return manifest["provisioner"], manifest.get("reclaimPolicy", "Delete"), binds, expands


def _used(manifest: Manifest, at: datetime) -> Iterable[object]:
    usage = manifest.get("usage") or manifest["containers"][0]["usage"]
    return usage["cpu"], usage["memory"], manifest["window"]


UNSET = "<unset>"
RBAC = "rbac.authorization.k8s.io"
BINDING = "Name, Role, Age, Users*, Groups*, ServiceAccounts*"
MEASURED = printer("Name, cpu, memory, Window", _used)
MORE = PRINTERS | {
    "serviceaccounts": printer("Name, Secrets#, Age", lambda each, at: (len(each.get("secrets") or ()),)),
    "customresourcedefinitions.apiextensions.k8s.io": printer("Name, Created At"),
    "endpointslices.discovery.k8s.io": printer("Name, AddressType, Ports, Endpoints, Age", _slice),
    "ingressclasses.networking.k8s.io": printer(
        "Name, Controller, Parameters, Age", lambda each, at: (each["spec"]["controller"], NONE)
    ),
    "networkpolicies": printer(
        "Name, Pod-Selector, Age",
        lambda each, at: (pairs(each["spec"]["podSelector"].get("matchLabels") or {}),),
    ),
    "poddisruptionbudgets.policy": printer(
        "Name, Min Available, Max Unavailable, Allowed Disruptions#, Age", _budget
    ),
    f"clusterroles.{RBAC}": printer("Name, Created At"),
    f"roles.{RBAC}": printer("Name, Created At"),
    f"clusterrolebindings.{RBAC}": printer(BINDING, _role),
    f"rolebindings.{RBAC}": printer(BINDING, _role),
    "storageclasses.storage.k8s.io": printer(
        "Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age", _class
    ),
    "nodes.metrics.k8s.io": MEASURED,
    "pods.metrics.k8s.io": MEASURED,
}
PLAIN = printer("Name, Age")


def printer_of(version: Manifest) -> Printer:
    """Return what prints the objects of a version of a definition."""
    wanted = version.get("additionalPrinterColumns") or ()
    if not wanted:
        return PLAIN
    columns = [
        Column(name=each["name"], type=each["type"], wide=each.get("priority", 0) > 0) for each in wanted
    ]
    own = [each for each in wanted if each["name"] != "Age"]

    def cells(manifest: Manifest, at: datetime) -> Iterable[object]:
        return [_value(manifest, each, at) for each in own]

    return Printer((Column(name="Name", type="string"), *columns), cells)


def _value(manifest: Manifest, column: Manifest, at: datetime) -> object:
    """Return what a path such as .spec.size leads to; None if nothing is there."""
    found: Any = manifest
    for part in column["jsonPath"].strip(".").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return age(found, at) if column["type"] == "date" and isinstance(found, str) else found
