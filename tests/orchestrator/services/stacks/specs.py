"""Pod specs for tests: one that is good, and what became of others."""

from typing import Any

import yaml

from orchestrator.errors import InvalidInput
from orchestrator.services.stacks import podspec
from orchestrator.services.stacks.targets import Target

TARGETS = [Target(80, "TCP")]
GOOD = "{cpu: 100m, memory: 64Mi}"


def spec(*, head: str = "", pod: str = "", container: str = "", volume: str = "", **replaced: str) -> str:
    """Return a good spec with a line added to an object, or a line of the container replaced by its name."""
    lines = {
        "name": "app",
        "image": "nginx",
        "ports": "[{containerPort: 80}]",
        "resources": f"{{limits: {GOOD}}}",
    } | replaced
    return "\n".join(
        [
            *([head] if head else []),
            "kind: Pod",
            "spec:",
            *([f"  {pod}"] if pod else []),
            *([f"  volumes: [{{name: v, {volume}}}]"] if volume else []),
            "  containers:",
            "  - " + "\n    ".join(f"{name}: {value}" for name, value in lines.items() if value),
            *([f"    {container}"] if container else []),
        ]
    )


def checked(text: str, **policy: Any) -> podspec.Checked:
    return podspec.check(text, TARGETS, podspec.Policy(**policy))


def pod(text: str) -> Any:
    """Return the spec of the pod that was made of a text, as a reader of the text sees it."""
    return read(checked(text))["spec"]


def container(text: str) -> Any:
    return pod(text)["containers"][0]


def read(found: podspec.Checked) -> Any:
    return yaml.safe_load(found.text)


def refusal(text: str, targets: list[Target] | None = None, **policy: Any) -> tuple[str, str]:
    """Return the sentence and the field of a refusal; two empty texts if there is none."""
    try:
        podspec.check(text, TARGETS if targets is None else targets, podspec.Policy(**policy))
    except InvalidInput as exc:
        return exc.message, exc.problems[0].path
    return "", ""


def annotated(word: str) -> str:
    """Return how a word of YAML, given as the value of an annotation, is written back."""
    text = checked(spec(head=f"metadata: {{annotations: {{k: {word}}}}}")).text
    return text.split("\nspec:\n")[0].removeprefix("kind: Pod\nmetadata:\n  annotations:\n    k: ")
