"""The recorded cases of the documented API: texts byte for byte."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import DomainError
from orchestrator.services.stacks import podspec, targets

CASES = json.loads((Path(__file__).parents[3] / "contracts" / "golden" / "stacks.json").read_text())


def answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        found = podspec.check(request["pod_spec"], targets.decoded(request["target_port"]), podspec.Policy())
    except DomainError as exc:
        return {"status": 400, "error": exc.message}
    return {
        "status": 201,
        "pod_spec": found.text,
        "requested_cpu_milli": found.cpu_milli,
        "requested_memory_bytes": found.memory_bytes,
        "target_port": [
            {"container_port": target.container_port, "protocol": target.protocol} for target in found.targets
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_recorded_case_is_answered_as_recorded(case):
    assert answer(case["request"]) == case["expect"]
