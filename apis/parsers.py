"""Bodies are JSON, whatever their content type says."""

from rest_framework.parsers import JSONParser


class AlwaysJSONParser(JSONParser):
    """Reads any body as JSON."""

    media_type = "*/*"
