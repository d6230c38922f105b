"""orchestrator.services.clusters.refusals: what API servers said, and what people read"""

import pytest

from orchestrator.backends.errors import BackendError, Cause, Conflict, Invalid
from orchestrator.services.clusters import refusals

NAME = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"


def said(message: str, *causes: Cause) -> str:
    return refusals.sentence(Invalid(message, service="kubernetes", status=422, causes=causes))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            'admission webhook "no.example.com" denied the request: images must come from our registry',
            "The admission webhook no.example.com refuses it: images must come from our registry.",
        ),
        (
            'admission webhook "no.example.com" denied the request without explanation',
            "The admission webhook no.example.com refuses it: it does not say why.",
        ),
        (
            'Internal error occurred: failed calling webhook "no.example.com": failed to call webhook: '
            'Post "https://10.0.0.1:443/x": dial tcp 10.0.0.1:443: connect: connection refused',
            "The admission webhook no.example.com has to agree, and does not answer.",
        ),
        (
            "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' "
            "denied request: at most two replicas here",
            "The admission policy few refuses it: at most two replicas here.",
        ),
        (
            'configmaps "b" is forbidden: exceeded quota: few, requested: configmaps=1, used: configmaps=1, '
            "limited: configmaps=1",
            "The quota few does not allow it (configmaps: 1 more, where 1 of 1 are used).",
        ),
        (
            'pods "p" is forbidden: failed quota: few: must specify limits.cpu for: c',
            "The quota few wants to know limits.cpu for: c.",
        ),
        (
            'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 4',
            "Maximum cpu usage per Container is 1, but limit is 4.",
        ),
        (
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string '
            "into Go struct field DeploymentSpec.spec.replicas of type int32",
            "spec.replicas must be a whole number, not text.",
        ),
        (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number '
            "into Go struct field ConfigMap.data of type string",
            "data must be text in quotes, not a number.",
        ),
        (
            'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
            'unknown field "spec.replica", unknown field "spec.x"',
            "spec.replica is not a field of this kind. spec.x is not a field of this kind.",
        ),
        (
            "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replica: field not "
            "declared in schema",
            "spec.replica is not a field of this kind.",
        ),
        (
            "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replicas: expected "
            "numeric (int or float), got string",
            "spec.replicas must be a number, not text.",
        ),
        (
            "failed to convert new object (/s; /v1, Kind=Secret) to proper version: unable to convert "
            "unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at "
            "input byte 0",
            refusals.BASE64,
        ),
        ('namespaces "t-nope" not found', "There is no namespace t-nope."),
        (
            'configmaps "a" is forbidden: User "jane" cannot patch resource "configmaps" in API group "" in '
            'the namespace "shop"',
            'User "jane" cannot patch resource "configmaps" in API group "" in the namespace "shop".',
        ),
        ("something else entirely", "Something else entirely."),
    ],
)
def test_a_message_becomes_a_sentence(message, sentence):
    assert said(message) == sentence


@pytest.mark.parametrize(
    ("field", "message", "sentence"),
    [
        (
            "spec.selector",
            'Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable',
            "spec.selector cannot be changed once the object exists.",
        ),
        (
            "spec",
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`\n"
            '@@ -94,8 +94 @@\n     "Name": "web"',
            "spec: pod updates may not change fields other than `spec.containers[*].image`.",
        ),
        (
            "spec.replicas",
            "Invalid value: -1: must be greater than or equal to 0",
            "spec.replicas must be greater than or equal to 0.",
        ),
        ("spec.containers[0].image", "Required value", "spec.containers[0].image is required."),
        (
            "spec.type",
            'Unsupported value: "X": supported values: "A", "B"',
            'spec.type: "X" is not possible; supported values: "A", "B".',
        ),
        ("spec.ports[1]", 'Duplicate value: {"port":80}', 'spec.ports[1]: {"port":80} stands twice.'),
        ("metadata.name", f'Invalid value: "B_x: y": {NAME}', f"metadata.name: {NAME}."),
        (
            "spec.size",
            'Invalid value: "string": spec.size in body must be of type integer: "string"',
            'spec.size must be of type integer: "string".',
        ),
        ("", "something", "something."),
    ],
)
def test_a_cause_becomes_a_sentence_that_names_the_field(field, message, sentence):
    assert said("The object is invalid", Cause(message, field=field)) == sentence


def test_several_causes_are_all_told():
    causes = [Cause("Required value", field=each) for each in ("spec.a", "spec.b", "spec.b")]
    assert said("It is invalid", *causes) == "spec.a is required. spec.b is required."


def test_a_lost_race_says_what_to_do():
    message = 'Operation cannot be fulfilled on deployments.apps "web": the object has been modified'
    assert refusals.sentence(Conflict(message, service="kubernetes")) == refusals.NEWER


def test_no_sentence_is_endless():
    assert len(refusals.sentence(BackendError("word " * 1000, service="kubernetes"))) <= refusals.LONGEST
