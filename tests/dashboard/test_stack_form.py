"""dashboard.stack_form"""

import pytest
from django.utils.timezone import now

from dashboard.stack_form import EXAMPLE, line_of
from orchestrator.models import KeptAnswer, Stack, StackPort
from orchestrator.services import idempotency
from orchestrator.services.stacks.targets import Target

pytestmark = pytest.mark.usefixtures("own_world")
FORM = "/dashboard/stacks/new"
HTMX = {"HX-Request": "true"}


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def values(text: str = EXAMPLE, *, ports: tuple[str, ...] = ("80",), act: str = "create", **more) -> dict:
    return {
        "container_port": list(ports),
        "protocol": ["TCP"] * len(ports),
        "yaml": text,
        "act": act,
        **more,
    }


def test_the_form_begins_with_an_example_that_is_accepted(signed_in):
    html = body(signed_in.get(FORM))
    assert "image: nginx:stable" in html
    assert "In demo-cluster / stacks, for 2 h. It may be extended to 24 h in all." in html
    answer = signed_in.post(FORM, values(act="check"))
    assert "The spec is accepted" in body(answer)
    assert "asks for 100 m and 128 MiB; nothing is created yet" in body(answer)
    assert not Stack.objects.exists()


@pytest.mark.parametrize("number", ["0", "65536", "abc", "", "-1", "²", "99999999999999999999"])
def test_a_wrong_port_is_shown_at_its_row(signed_in, number):
    answer = signed_in.post(FORM, values(ports=("80", number)))
    assert answer.status_code == 422
    assert '<p class="o-error w-100" id="port-2-error">A port is a number from 1 to 65535.</p>' in body(
        answer
    )
    assert f'value="{number}"' in body(answer)
    assert not Stack.objects.exists()


def test_a_port_that_no_container_has_is_shown_at_its_row(signed_in):
    html = body(signed_in.post(FORM, values(ports=("80", "81"))))
    assert 'id="port-2-error">No container has the port 81/TCP.' in html


def test_a_port_that_stands_twice_is_shown_at_its_row(signed_in):
    html = body(signed_in.post(FORM, values(ports=("80", "80"))))
    assert 'id="port-2-error">This port and protocol stand here twice.' in html


def test_no_port_at_all_is_said_above_the_button(signed_in):
    html = body(signed_in.post(FORM, values(ports=())))
    assert "Name at least one port." in html


def test_a_wrong_field_of_the_spec_is_named_with_its_line_and_the_text_is_kept(signed_in):
    text = EXAMPLE.replace("        cpu: 100m\n        memory: 128Mi\n", "        cpu: 100m\n")
    answer = signed_in.post(FORM, values(text + "# mine\n"))
    html = body(answer)
    assert answer.status_code == 422
    assert "Line 11</b>, <code>spec.containers[0].resources" in html
    assert "Every container needs cpu and memory, as a request or as a limit." in html
    assert 'data-line="11"' in html
    assert "# mine </textarea>" in html


def test_text_that_is_no_yaml_is_refused(signed_in):
    html = body(signed_in.post(FORM, values("kind: [")))
    assert 'id="spec-error"' in html
    assert "kind: [</textarea>" in html


def test_what_is_typed_cannot_become_markup(signed_in):
    bad = "</textarea><script>alert(1)</script>"
    answer = signed_in.post(FORM, values(bad, ports=('"><script>alert(1)</script>',)))
    assert "<script>alert" not in answer.content.decode()


def test_ports_are_added_and_removed_without_scripts(signed_in):
    added = signed_in.post(FORM, values(ports=("80", "81"), act="add"))
    assert [each.number for each in added.context["typed"].ports] == ["80", "81", ""]
    removed = signed_in.post(FORM, values(ports=("80", "81", "82"), act="remove-1"))
    assert [each.number for each in removed.context["typed"].ports] == ["80", "82"]
    assert "image: nginx:stable" in body(removed)


def test_with_scripts_only_the_ports_come_back(signed_in):
    html = body(signed_in.post(FORM, values(act="add"), headers=HTMX))
    assert html.startswith('<fieldset class="o-ports" id="ports">')


def test_no_more_ports_are_offered_than_a_stack_may_have(signed_in):
    ports = tuple(str(number) for number in range(1, 24))
    html = body(signed_in.post(FORM, values(ports=ports, act="add"), headers=HTMX))
    assert html.count('name="container_port"') == 24
    assert "Add a port" not in html
    many = tuple(str(number) for number in range(1, 40))
    assert "A stack has at most 24 ports." in body(signed_in.post(FORM, values(ports=many)))


def test_a_stack_is_made_and_its_page_opens(signed_in):
    answer = signed_in.post(FORM, values())
    row = Stack.objects.get()
    assert answer["Location"] == f"/dashboard/stacks/{row.pk}"
    assert [port.container_port for port in StackPort.objects.all()] == [80]
    assert f"{row.pk} is created." in body(signed_in.get(answer["Location"]))


def test_the_same_form_sent_twice_makes_one_stack(signed_in):
    first = signed_in.post(FORM, values(once="a-key"))
    again = signed_in.post(FORM, values(once="a-key"))
    assert first["Location"] == again["Location"]
    assert Stack.objects.count() == 1


def test_a_form_sent_again_while_the_first_is_under_way_leads_to_the_list(signed_in, operator):
    call = {"caller": f"user {operator.pk}", "route": FORM, "key_digest": idempotency.digest(b"a-key")}
    body_of_call = repr((EXAMPLE, [Target(80, "TCP")])).encode()
    KeptAnswer.objects.create(
        **call, body_digest=idempotency.digest(body_of_call), run="x", begun_at=now(), made=""
    )
    answer = signed_in.post(FORM, values(once="a-key"))
    assert answer["Location"] == "/dashboard/stacks"
    assert "This stack is being made already" in body(signed_in.get("/dashboard/stacks"))


def test_a_form_whose_answer_was_lost_leads_to_its_stack(signed_in):
    first = signed_in.post(FORM, values(once="a-key"))
    KeptAnswer.objects.update(done=False)
    again = signed_in.post(FORM, values(once="a-key"))
    assert first["Location"] == again["Location"]
    assert Stack.objects.count() == 1


def test_a_form_that_was_changed_after_it_was_sent_says_so_and_may_be_sent_again(signed_in):
    signed_in.post(FORM, values(once="a-key"))
    answer = signed_in.post(FORM, values(EXAMPLE.replace("example", "other"), once="a-key"))
    assert "This form was sent before with other content." in body(answer)
    assert Stack.objects.count() == 1


def test_what_was_refused_may_be_sent_again(signed_in):
    assert signed_in.post(FORM, values("kind: [", once="a-key")).status_code == 422
    assert signed_in.post(FORM, values(once="a-key")).status_code == 302


def test_what_was_left_out_of_a_spec_is_said(signed_in):
    answer = signed_in.post(FORM, values(EXAMPLE + "    notAField: 1\n"))
    html = body(signed_in.get(answer["Location"]))
    assert "Not taken as written: unknown, dropped: spec.containers[0].notAField." in html


def test_a_range_without_a_free_port_says_what_to_do(signed_in, settings):
    settings.STACK_NODEPORT_MIN = settings.STACK_NODEPORT_MAX = 31001
    signed_in.post(FORM, values())
    answer = signed_in.post(FORM, values())
    assert answer.status_code == 503
    html = body(answer)
    assert "The stack was not created.</b> Every node port of the range is held." in html
    assert "image: nginx:stable" in html


def test_a_viewer_may_not_make_stacks(client, viewer):
    client.force_login(viewer)
    assert client.get(FORM).status_code == 403
    assert client.post(FORM, values()).status_code == 403


def test_it_takes_no_other_method(signed_in):
    assert signed_in.put(FORM).status_code == 405


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("spec", 5),
        ("spec.containers[0]", 7),
        ("spec.containers[0].resources.requests.cpu", 13),
        ("SPEC.Containers[0].IMAGE", 8),
        ("spec.containers[9].image", 6),
        ("spec.containers[0].securityContext", 7),
        ("nothing", 0),
        ("", 0),
    ],
)
def test_a_path_leads_to_the_line_of_its_nearest_part(path, line):
    assert line_of(EXAMPLE, path) == line
