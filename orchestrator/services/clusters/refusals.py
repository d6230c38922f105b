"""Why an API server did not do what was asked, in a sentence that somebody can act on. Pure functions.

The forms of its messages are not documented; each pattern was seen on 1.34.
"""

import re
from collections.abc import Callable

from orchestrator.backends.errors import BackendError, Cause, Conflict

LONGEST = 400  # characters
TYPES = {
    "string": "text",
    "number": "a number",
    "bool": "true or false",
    "object": "a map",
    "array": "a list",
    "map": "a map",
    "list": "a list",
    "numeric": "a number",
    "boolean": "true or false",
    "integer": "a whole number",
}
FIELD = r"(?:Go struct field \w+\.|Go value of type )([\w.\[\]]+)"
WEBHOOK = re.compile(r'admission webhook "([^"]+)" denied the request(?:: (.*))?', re.DOTALL)
SILENT_WEBHOOK = re.compile(r'failed calling webhook "([^"]+)"')
POLICY = re.compile(
    r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']*' denied request: (.*)", re.DOTALL
)
QUOTA = re.compile(r"exceeded quota: ([^,]+), requested: (\S+), used: (\S+), limited: (\S+)")
NO_LIMIT = re.compile(r"failed quota: ([^:]+): must specify (.*)")
UNKNOWN_FIELDS = re.compile(r'unknown field "([^"]+)"')
WRONG_TYPE = re.compile(rf"cannot unmarshal (\w+) into {FIELD} of type (\S+)")
TYPED = re.compile(r"(\.[^\s:]+): (field not declared in schema|expected ([a-z]+)[^,\n]*, got ([a-z]+))")
NO_NAMESPACE = re.compile(r'namespaces "([^"]+)" not found')
FORBIDDEN = re.compile(r'\S+ "[^"]*" is forbidden: (.*)', re.DOTALL)
VALUE = re.compile(
    r"^(Invalid value|Unsupported value|Duplicate value|Required value|Forbidden|Not found)(?:: (.*))?$",
    re.DOTALL,
)
NEWER = "It was changed by somebody else at the same moment. Check again: your text is kept."
BASE64 = "A value under data is not base64. Plain text belongs under stringData."


def sentence(exc: BackendError) -> str:
    """Return why something was refused: one sentence, or one for each field."""
    if isinstance(exc, Conflict) and "has been modified" in exc.message:
        return NEWER
    for pattern, words in PATTERNS:
        if found := pattern.search(exc.message):
            return _ended(words(found))
    if "illegal base64" in exc.message:
        return BASE64
    unknown = UNKNOWN_FIELDS.findall(exc.message)
    if unknown:
        return " ".join(f"{field} is not a field of this kind." for field in dict.fromkeys(unknown))
    typed = TYPED.findall(exc.message)
    if typed:
        return " ".join(_ended(_typed(*each)) for each in typed)
    if exc.causes:
        return " ".join(dict.fromkeys(_ended(of_cause(each)) for each in exc.causes))[: 3 * LONGEST]
    return _capital(_ended(exc.message))


def explained(exc: BackendError) -> BackendError:
    """Return the same error with its reason as a sentence."""
    return type(exc)(
        sentence(exc),
        service=exc.service,
        status=exc.status,
        reason=exc.reason,
        retry_after=exc.retry_after,
        details=exc.details,
        causes=exc.causes,
    )


def of_cause(cause: Cause) -> str:
    """Return one reason, without the value that somebody typed if it is long."""
    field, message = cause.field, cause.message.partition("\n@@")[0]
    if "field is immutable" in message or "may not be changed" in message:
        return f"{field} cannot be changed once the object exists"
    found = VALUE.match(message)
    if found is None:
        return f"{field}: {message}" if field else message
    kind, rest = found[1], found[2] or ""
    value, _, why = _split(rest)
    match kind:
        case "Required value":
            return f"{field} is required" + (f": {rest}" if rest else "")
        case "Duplicate value":
            return f"{field}: {rest} stands twice"
        case "Unsupported value":
            return f"{field}: {value} is not possible; {why}"
        case "Invalid value" if why:
            why = why.removeprefix(f"{field} in body ")
            return f"{field} {why}" if why.startswith("must") else f"{field}: {why}"
        case _:
            return f"{field}: {rest}" if field else rest


def _split(text: str) -> tuple[str, str, str]:
    """Return the value at the beginning of a message, as JSON or Go wrote it, and what follows."""
    if text.startswith('"'):
        found = re.match(r'"(?:[^"\\]|\\.)*"', text)
        end = found.end() if found else 0
        return text[:end], ":", text[end:].removeprefix(":").strip()
    return text.partition(": ") if not text.startswith("{") else _after_braces(text)


def _after_braces(text: str) -> tuple[str, str, str]:
    end = text.rfind("}: ")
    return (text[: end + 1], ":", text[end + 3 :]) if end >= 0 else ("", "", text)


def _quota(found: re.Match[str]) -> str:
    name, *amounts = found.groups()
    asked, used, limits = (dict(each.partition("=")[::2] for each in text.split(",")) for text in amounts)
    parts = [
        f"{what}: {amount} more, where {used.get(what, '?')} of {limits.get(what, '?')} are used"
        for what, amount in asked.items()
    ]
    return f"The quota {name} does not allow it ({'; '.join(parts)})"


def _webhook(found: re.Match[str]) -> str:
    return f"The admission webhook {found[1]} refuses it: {found[2] or 'it does not say why'}"


def _wrong_type(found: re.Match[str]) -> str:
    given = TYPES.get(found[1], found[1])
    path = found[2]
    return f"{path} must be {_go_type(found[3])}, not {given}"


def _go_type(name: str) -> str:
    if name.startswith(("int", "uint")):
        return "a whole number"
    if name.startswith("[]"):
        return "a list"
    if name == "string":
        return "text in quotes"
    return TYPES.get(name, "a map" if name[0].isupper() or "." in name or name.startswith("map") else name)


def _typed(path: str, said: str, wanted: str, given: str) -> str:
    field = path.removeprefix(".")
    if not wanted:
        return f"{field} is not a field of this kind"
    return f"{field} must be {TYPES.get(wanted, wanted)}, not {TYPES.get(given, given)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    text = " ".join(text.split())
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text if not text or text[-1] in ".!?…" else f"{text}."


PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (WEBHOOK, _webhook),
    (SILENT_WEBHOOK, lambda found: f"The admission webhook {found[1]} has to agree, and does not answer"),
    (POLICY, lambda found: f"The admission policy {found[1]} refuses it: {found[2]}"),
    (QUOTA, _quota),
    (NO_LIMIT, lambda found: f"The quota {found[1]} wants to know {found[2]}"),
    (WRONG_TYPE, _wrong_type),
    (NO_NAMESPACE, lambda found: f"There is no namespace {found[1]}"),
    (FORBIDDEN, lambda found: _capital(found[1])),
]
