"""Every cluster adapter tells which kinds it serves, and prints lists of any of them."""

import pytest

from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind, Resource
from orchestrator.backends.errors import Invalid, NotFound
from tests.orchestrator.backends.test_cluster import Demo, Real

NOBODYS = Resource(group="nobody.example.com", version="v1", plural="things", kind="Thing", namespaced=True)
NAMESPACES = RESOURCES[Kind.NAMESPACES]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Demo, id="demo"),
        pytest.param(Real, id="kubernetes", marks=pytest.mark.needs("TEST_KUBECONFIG")),
    ],
)
def cluster(request):
    backend = request.param(lambda change: None)
    yield backend.cluster
    backend.cluster.close()
    backend.clean_up()


def served(cluster: Cluster, id_: str) -> Resource:
    return next(each for each in cluster.resources() if each.id == id_)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_with_a_cache_is_served_in_the_version_we_use(cluster, kind):
    found, ours = served(cluster, RESOURCES[kind].id), RESOURCES[kind]
    assert (found.api_version, found.kind, found.namespaced) == (
        ours.api_version,
        ours.kind,
        ours.namespaced,
    )
    assert {"get", "list", "watch"} <= set(found.verbs)


def test_kinds_are_told_once_with_their_short_names(cluster):
    ids = [each.id for each in cluster.resources()]
    assert len(ids) == len(set(ids))
    assert "deploy" in served(cluster, "deployments.apps").short_names
    assert "sc" in served(cluster, "storageclasses.storage.k8s.io").short_names


def test_every_kind_can_be_listed(cluster):
    for resource in cluster.resources():
        table = cluster.table(resource, namespace=None, limit=5)
        assert all(len(row.cells) == len(table.columns) for row in table.rows), resource.id


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.EVENTS])
def test_the_first_column_is_the_name(cluster, kind):
    table = cluster.table(RESOURCES[kind], namespace=None, limit=5)
    # A server that has no such object may print no columns.
    assert [each.name for each in table.columns][:1] in (["Name"], [])
    assert all(row.cells[0] == row.name for row in table.rows)


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (Kind.PODS, ["Name", "Ready", "Status", "Restarts", "Age"]),
        (Kind.NODES, ["Name", "Status", "Roles", "Age", "Version"]),
        (Kind.DEPLOYMENTS, ["Name", "Ready", "Up-to-date", "Available", "Age"]),
        (Kind.CRONJOBS, ["Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"]),
        (Kind.EVENTS, ["Last Seen", "Type", "Reason", "Object", "Message"]),
        (Kind.LIMITRANGES, ["Name", "Created At"]),
    ],
)
def test_columns_are_those_of_kubectl(cluster, kind, columns):
    table = cluster.table(RESOURCES[kind], namespace=None, limit=1)
    assert [each.name for each in table.columns if not each.wide] == columns


def test_a_row_says_who_it_is(cluster):
    rows = cluster.table(NAMESPACES, namespace=None, limit=500).rows
    default = next(row for row in rows if row.name == "default")
    assert default.created_at.endswith("Z")
    assert default.namespace == ""
    assert default.labels["kubernetes.io/metadata.name"] == "default"


def test_parts_make_up_the_whole(cluster):
    accounts = served(cluster, "serviceaccounts")
    whole = cluster.table(accounts, namespace=None, limit=500)
    first = cluster.table(accounts, namespace=None, limit=2)
    assert (len(first.rows), first.left) == (2, len(whole.rows) - 2)
    rest = cluster.table(accounts, namespace=None, limit=500, token=first.token)
    assert rest.token == whole.token == ""
    names = [[(row.namespace, row.name) for row in table.rows] for table in (whole, first, rest)]
    assert names[0] == names[1] + names[2]


def test_one_namespace_is_a_part_of_all(cluster):
    rows = cluster.table(served(cluster, "serviceaccounts"), namespace="kube-system", limit=500).rows
    assert {row.namespace for row in rows} == {"kube-system"}


def test_labels_select(cluster):
    wanted = "kubernetes.io/metadata.name in (default, kube-system)"
    rows = cluster.table(NAMESPACES, namespace=None, limit=500, labels=wanted).rows
    assert [row.name for row in rows] == ["default", "kube-system"]


@pytest.mark.parametrize(
    ("fields", "holds"), [("metadata.name=default", True), ("metadata.name!=default", False)]
)
def test_fields_select(cluster, fields, holds):
    rows = cluster.table(NAMESPACES, namespace=None, limit=500, fields=fields).rows
    assert ("default" in [row.name for row in rows]) is holds


@pytest.mark.parametrize("asked", [{"fields": "spec.size=1"}, {"labels": "a=b=c"}, {"token": "no token"}])
def test_what_makes_no_sense_is_refused(cluster, asked):
    with pytest.raises(Invalid):
        cluster.table(NAMESPACES, namespace=None, limit=5, **asked)


def test_a_kind_that_nobody_serves_is_not_found(cluster):
    with pytest.raises(NotFound):
        cluster.table(NOBODYS, namespace=None, limit=5)
