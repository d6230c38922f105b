"""What documents say about settings, made from the code: `python -m tests.settings_table` writes it."""

import re
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from orchestrator.env import Environment

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / ".env.example"
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)
UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
HEAD = """# Every variable there is, with its default. Copy this file to .env and uncomment what differs;
# variables of the process itself win over the file. Made by: python -m tests.settings_table
"""


def written(value: object) -> str:
    """Return a default as it would be written in the environment; "" for none."""
    if isinstance(value, timedelta):
        unit, length = next(each for each in UNITS if value.total_seconds() % each[1] == 0)
        return f"{value.total_seconds() / length:g}{unit}"
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


def fields() -> list[tuple[str, FieldInfo, str]]:
    """Return what holds for all areas first, then what single areas inherit to it."""
    found = sorted(
        Environment.model_fields.items(), key=lambda each: each[0] not in Environment.__annotations__
    )
    return [(name.upper(), field, written(field.default)) for name, field in found]


def table() -> str:
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {field.description} |\n"
        for name, field, default in fields()
    ]
    return "| variable | default | what it does |\n|---|---|---|\n" + "".join(rows)


def example() -> str:
    parts = [f"\n# {field.description}\n#{name}={default}\n" for name, field, default in fields()]
    return HEAD + "".join(parts)


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text()))
    EXAMPLE.write_text(example())
