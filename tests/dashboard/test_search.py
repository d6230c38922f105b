"""dashboard.search"""

import pytest
from django.urls import reverse

from orchestrator.backends.errors import Unreachable
from orchestrator.services.clusters import contexts

HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    client.get(reverse("dashboard:pods"))  # Objects are found where a cache runs.
    return client


def found(answer) -> dict[str, list[str]]:
    return {name: [hit.label for hit in hits] for name, hits in answer.context["groups"]}


def test_objects_are_found_by_name_and_say_how_they_are(signed_in):
    answer = signed_in.get(reverse("dashboard:search"), {"q": "RabbitMQ"})
    assert "rabbitmq-0" in found(answer)["Best matches"]
    assert "ImagePullBackOff" in answer.content.decode()


def test_pages_contexts_and_namespaces_are_found_too(signed_in):
    assert found(signed_in.get(reverse("dashboard:search"), {"q": "node"}))["Pages"] == ["Nodes"]
    assert found(signed_in.get(reverse("dashboard:search"), {"q": "demo"}))["Contexts"] == ["demo-cluster"]
    assert found(signed_in.get(reverse("dashboard:search"), {"q": "stagi"}))["Namespaces"] == ["staging"]


def test_kinds_are_found_by_any_of_their_names(signed_in):
    assert found(signed_in.get(reverse("dashboard:search"), {"q": "deploy"}))["Kinds"] == ["Deployment"]
    assert found(signed_in.get(reverse("dashboard:search"), {"q": "pdb"}))["Kinds"] == ["PodDisruptionBudget"]


def test_a_cluster_that_does_not_tell_its_kinds_is_searched_all_the_same(signed_in, monkeypatch):
    def fail(again=False):
        raise Unreachable("No answer.", service="kubernetes")

    monkeypatch.setattr(contexts.scope().cluster, "resources", fail)
    groups = found(signed_in.get(reverse("dashboard:search"), {"q": "redis"}))
    assert groups["Best matches"]
    assert "Kinds" not in groups


def test_an_empty_search_offers_pages_and_contexts(signed_in):
    assert list(found(signed_in.get(reverse("dashboard:search")))) == ["Pages", "Contexts"]


def test_every_hit_leads_somewhere(signed_in):
    for _, hits in signed_in.get(reverse("dashboard:search"), {"q": "a"}).context["groups"]:
        for hit in hits:
            assert signed_in.get(hit.href).status_code in (200, 302), hit.href


def test_nothing_found_says_what_was_searched(signed_in):
    answer = signed_in.get(reverse("dashboard:search"), {"q": "<zebra>"})
    assert "Nothing is called “&lt;zebra&gt;”" in answer.content.decode()


def test_the_palette_gets_the_hits_alone(signed_in):
    answer = signed_in.get(reverse("dashboard:search"), {"q": "api"}, headers=HTMX)
    assert answer.content.decode().strip().startswith('<div class="o-hits"')


def test_a_very_long_search_is_cut(signed_in):
    assert len(signed_in.get(reverse("dashboard:search"), {"q": "x" * 5000}).context["q"]) == 253


def test_a_search_only_reads(signed_in):
    assert signed_in.post(reverse("dashboard:search")).status_code == 405
