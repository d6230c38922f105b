"""apis.stored_keys"""

import json

import pytest

from tests.apis.reading import error_of

PATH = "/api/api-keys"
KEY = "sk-proj-0123456789abcdef"


def post(api, body):
    return api.post(PATH, json.dumps(body), content_type="application/json")


def test_a_key_goes_in_and_only_a_hint_comes_out(api):
    assert post(api, {"keyName": "openai", "value": KEY}).json() == {"success": True}
    kept = {"name": "openai", "exists": True, "value": "sk-…cdef", "masked": True}
    assert api.get(f"{PATH}?name=openai").json() == api.get(f"{PATH}?keyName=openai").json() == kept
    assert api.delete(f"{PATH}?name=openai").json() == {"success": True}
    assert api.get(f"{PATH}?name=openai").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 400, "Missing key name parameter"),
        ("?name=Open%20AI", 400, "Invalid key name"),
        ("?name=openai", 404, "API key not found"),
    ],
)
@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_missing_or_bad_name_is_told(api, method, query, status, message):
    response = getattr(api, method)(PATH + query)
    assert (response.status_code, error_of(response)["error"]) == (status, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing key name parameter"),
        ({"keyName": "openai"}, "Invalid request body"),
        ({"keyName": "openai", "value": 7}, "Invalid request body"),
        ({"keyName": "9", "value": KEY}, "Invalid key name"),
    ],
)
def test_a_bad_body_is_told(api, body, message):
    response = post(api, body)
    assert (response.status_code, error_of(response)["error"]) == (400, message)
