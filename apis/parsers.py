"""Bodies are JSON, whatever their content type says."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request


class AlwaysJSONParser(JSONParser):
    """Reads any body as JSON."""

    media_type = "*/*"


def members_of(request: Request) -> dict[str, Any]:
    """Return the members of a body, none of an empty one; raise `ParseError` if it is no JSON object."""
    if not isinstance(request.data, dict):
        raise ParseError("The body must be a JSON object.")
    return dict(request.data)
