"""Edits that a real cluster refuses: the reason in one sentence, and what was typed still there"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.daily import SLOW, Work, type_over, work
from tests.real.processes import wait_until

pytestmark = pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG")
NO_NODE_PORTS = {"metadata": {"name": "small"}, "spec": {"hard": {"services.nodeports": "0"}}}


@pytest.fixture(scope="module")
def cluster() -> Work:
    with work() as found:
        core, here = found.core, found.namespace
        core.create_namespaced_secret(here, {"metadata": {"name": "login"}, "stringData": {"a": "b"}})
        core.create_namespaced_service(
            here, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
        )
        core.create_namespaced_resource_quota(here, NO_NODE_PORTS)
        wait_until(lambda: core.read_namespaced_resource_quota("small", here).status.hard)
        yield found


@pytest.fixture
def config(cluster) -> str:
    """The name of a new config map."""
    body = {"metadata": {"generateName": "settings-"}, "data": {"level": "info"}}
    return cluster.core.create_namespaced_config_map(cluster.namespace, body).metadata.name


def edit(page: Page, cluster: Work, plural: str, name: str) -> None:
    page.goto(f"/dashboard/{plural}/{cluster.namespace}/{name}/edit?context=lab")


def text(page: Page):
    return page.locator(".cm-content")


def refused(page: Page):
    return page.locator("#edit-check [data-refused]")


def apply(page: Page) -> None:
    page.get_by_role("button", name="Apply now").click()


def test_another_kind_is_refused_before_the_cluster_hears_of_it(page, cluster, config):
    edit(page, cluster, "configmaps", config)
    type_over(page, "kind: ConfigMap", "kind: Secret")
    expect(refused(page)).to_have_text("Kind must stay ConfigMap; other objects are for Apply YAML.")
    expect(text(page)).to_contain_text("kind: Secret")
    expect(page.get_by_role("button", name="Apply now")).to_have_count(0)


def test_a_field_that_cannot_change_is_named(page, cluster):
    edit(page, cluster, "secrets", "login")
    type_over(page, "type: Opaque", "type: example.com/other")
    expect(refused(page)).to_have_text("type cannot be changed once the object exists.")
    expect(text(page)).to_contain_text("type: example.com/other")


def test_a_quota_that_is_used_up_is_told_in_numbers(page, cluster):
    edit(page, cluster, "services", "web")
    type_over(page, "type: ClusterIP", "type: NodePort")
    expect(refused(page)).to_have_text(
        "The quota small does not allow it (services.nodeports: 1 more, where 0 of 0 are used)."
    )
    expect(text(page)).to_contain_text("type: NodePort")


def test_who_was_slower_sees_both_values_and_may_insist(page, cluster, config, watch):
    watch.allow("409")
    edit(page, cluster, "configmaps", config)
    type_over(page, "level: info", "level: mine")
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    cluster.core.patch_namespaced_config_map(config, cluster.namespace, {"data": {"level": "theirs"}})
    apply(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was stored.")
    both = page.get_by_label("Changed by both")
    expect(both).to_contain_text("data.level")
    expect(both.locator("dd")).to_have_text(["theirs", "mine"])
    expect(text(page)).to_contain_text("level: mine")
    page.get_by_label("Keep mine, and check again").click()  # The check takes its place.
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    apply(page)
    expect(page.locator("main")).to_contain_text(f"ConfigMap {config} is changed: data.level.")
    found = cluster.core.read_namespaced_config_map(config, cluster.namespace)
    assert found.data == {"level": "mine"}


def test_what_somebody_else_deletes_meanwhile_leaves_the_text(page, cluster, config, watch):
    watch.allow("404")
    edit(page, cluster, "configmaps", config)
    type_over(page, "level: info", "level: debug")
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    cluster.core.delete_namespaced_config_map(config, cluster.namespace)
    apply(page)
    expect(page.locator("#edit-check")).to_contain_text("It is gone")
    expect(refused(page)).to_have_text(f"ConfigMap not found: {config}.")
    expect(text(page)).to_contain_text("level: debug")


def test_a_deployment_that_outgrows_its_quota_says_so_on_its_page(page, cluster):
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}}
    cluster.web("plant")
    cluster.core.create_namespaced_resource_quota(cluster.namespace, quota)
    wait_until(
        lambda: (
            (cluster.core.read_namespaced_resource_quota("few", cluster.namespace).status.used or {}).get(
                "pods"
            )
            == "1"
        )
    )
    edit(page, cluster, "deployments", "plant")
    type_over(page, "replicas: 1", "replicas: 2")
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    apply(page)
    expect(page.get_by_role("heading", name="ReplicaFailure")).to_be_visible(timeout=SLOW)
    expect(page.locator("main")).to_contain_text("exceeded quota: few")
