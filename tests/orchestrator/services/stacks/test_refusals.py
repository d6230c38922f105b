"""orchestrator.services.stacks.refusals"""

import pytest

from orchestrator.backends.errors import (
    BackendError,
    Cause,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from orchestrator.services.stacks.refusals import passing, taken_ports, translated


def forbidden(message: str, *causes: Cause) -> Forbidden:
    return Forbidden(message, service="kubernetes", status=403, reason="Forbidden", causes=causes)


def invalid(message: str, *causes: Cause) -> Invalid:
    return Invalid(message, service="kubernetes", status=422, reason="Invalid", causes=causes)


def said(exc: BackendError) -> tuple[str, str]:
    error = translated(exc)
    return error.code, error.message


QUOTA = (
    'pods "stack-1" is forbidden: exceeded quota: compute, requested: limits.memory=2Gi,requests.cpu=2, '
    "used: limits.memory=1Gi,requests.cpu=5, limited: limits.memory=2Gi,requests.cpu=6"
)


def test_a_quota_names_the_resources_and_nothing_else():
    error = translated(forbidden(QUOTA))
    assert (error.code, error.message) == (
        "resource_quota_exceeded",
        "cluster saturated: resource quota exceeded",
    )
    assert error.details == {"resources": ["limits.memory", "requests.cpu"]}


@pytest.mark.parametrize(
    "sentence",
    [
        "maximum cpu usage per Container is 500m, but limit is 1",
        "minimum memory usage per Container is 64Mi, but request is 1Mi",
        "maximum memory usage per Pod is 1Gi, but limit is 2147483648",
        "cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000",
        "minimum cpu usage per Pod is 100m, but request is 10m",
    ],
)
def test_each_form_of_a_limit_range_is_the_callers_mistake(sentence):
    code, message = said(forbidden(f'pods "stack-1" is forbidden: {sentence}'))
    assert (code, message) == ("limit_range_violation", f"invalid pod spec: {sentence}")


def test_several_limits_are_all_said():
    both = (
        "[maximum cpu usage per Container is 500m, but limit is 1, "
        "maximum cpu usage per Pod is 1, but limit is 2]"
    )
    assert said(forbidden(f'pods "stack-1" is forbidden: {both}'))[1] == f"invalid pod spec: {both[1:-1]}"


@pytest.mark.parametrize(
    "exc",
    [
        forbidden('pods "stack-1" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes'),
        forbidden('admission webhook "guard.example.com" denied the request: no'),
        BackendError('admission webhook "guard" denied the request: no', service="kubernetes", status=400),
        invalid(
            "pods \"stack-1\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"
        ),
    ],
)
def test_admission_is_not_told_in_detail(exc):
    assert said(exc) == ("invalid_pod_spec", "invalid pod spec: rejected by admission policy")


def test_an_invalid_field_is_named_without_its_value():
    cause = Cause(
        field="spec.containers[0].name",
        reason="FieldValueInvalid",
        message='Invalid value: "Bad_Name": a lowercase RFC 1123 label must consist of lower case letters',
    )
    code, message = said(invalid('Pod "stack-1" is invalid: …', cause))
    assert code == "invalid_pod_spec"
    assert message == (
        "invalid pod spec: spec.containers[0].name: "
        "a lowercase RFC 1123 label must consist of lower case letters"
    )


def test_another_plugin_is_quoted_without_names_of_the_cluster():
    exc = forbidden('pods "stack-1" is forbidden: no PriorityClass with name secret-class was found')
    assert said(exc) == ("invalid_pod_spec", "invalid pod spec: no PriorityClass with name was found")


@pytest.mark.parametrize(
    "exc",
    [
        forbidden('pods is forbidden: User "somebody" cannot create resource "pods" in API group ""'),
        forbidden(
            'pods "stack-1" is forbidden: unable to create new content in namespace stacks because it is '
            "being terminated",
            Cause(reason="NamespaceTerminating", field="metadata.namespace", message="being terminated"),
        ),
        Unauthorized("no", service="kubernetes", status=401),
        NotFound("no", service="kubernetes", status=404),
    ],
)
def test_what_the_caller_cannot_mend_is_ours(exc):
    assert said(exc) == ("internal_error", "internal server error")


@pytest.mark.parametrize(
    "exc",
    [
        Unreachable("no", service="kubernetes"),
        TimedOut("no", service="kubernetes"),
        Overloaded("no", service="kubernetes", status=429),
        Conflict("no", service="kubernetes", status=409),
        BackendError("no", service="kubernetes", status=500),
    ],
)
def test_what_may_pass_is_said_to_pass(exc):
    assert passing(exc)
    assert said(exc) == ("cluster_unavailable", "cluster unavailable")


def test_taken_node_ports_are_known_by_their_field():
    cause = Cause(
        field="spec.ports[1].nodePort",
        reason="FieldValueInvalid",
        message="Invalid value: 31001: provided port is already allocated",
    )
    assert taken_ports(invalid("Service is invalid", cause)) == [1]
    assert taken_ports(invalid("Service is invalid: provided port is already allocated")) == [0]
    assert taken_ports(invalid("Service is invalid", Cause(field="spec.type", message="no"))) == []
    assert taken_ports(forbidden(QUOTA)) == []
