"""Amounts of cpu and memory, and their canonical form."""

import pytest

from orchestrator.services.stacks.podspec import quantities
from tests.orchestrator.services.stacks.specs import container, pod, refusal, spec


def asked(cpu: str, memory: str) -> str:
    return spec(resources=f"{{limits: {{cpu: {cpu}, memory: {memory}}}}}")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("100m", "100m"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("1000m", "1"),
        ("2", "2"),
        ("12345678", "12345678"),
        ("1000", "1k"),
        ("1e3", "1k"),
        ("'1e3'", "1k"),
        ("0.0001", "1m"),
        ("1u", "1m"),
        ("1n", "1m"),
        ("1Ki", "1024"),
    ],
)
def test_cpu_is_written_in_the_largest_exact_power_of_1000(given, written):
    assert container(asked(given, "1Mi"))["resources"]["limits"]["cpu"] == written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("128Mi", "128Mi"),
        ("1.5Gi", "1536Mi"),
        ("128M", "125000Ki"),
        ("1G", "1000000000"),
        ("1024", "1Ki"),
        ("1e9", "1000000000"),
        ("0.5Gi", "512Mi"),
        ("9E", "8789062500000000Ki"),
        ("1.5", "2"),
        ("100m", "1"),
        ("99Ei", "9223372036854775807"),
        ("2048Gi", "2Ti"),
    ],
)
def test_memory_is_written_in_the_largest_exact_power_of_1024(given, written):
    assert container(asked("1", given))["resources"]["limits"]["memory"] == written


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        ("1", "99E"),
        ("1", "9223372036854775808"),
        ("99Ei", "1"),
        ("1e17", "1"),
        ("-1", "1"),
        ("1", "-1Gi"),
        ("1", "0"),
    ],
)
def test_what_is_no_amount_or_fits_into_no_64_bits_is_not_set(cpu, memory):
    assert refusal(asked(cpu, memory))[0] == "invalid pod spec: request/limit must be set"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("99", "99"),
        ("1000", "1k"),
        ("1.5", "1500m"),
        ("'1e3'", "1e3"),
        ("1e3", "1k"),
        ("'15e2'", "1500"),
        ("1500Mi", "1500Mi"),
        ("1024Mi", "1Gi"),
        ("1000Ki", "1000Ki"),
        ("0.3Ki", "307200m"),
        ("1.1Ki", "1126400m"),
        ("'+5'", "5"),
        ("-5k", "-5k"),
        ("' 1 '", "1"),
        (".5", "500m"),
        ("'5.'", "5"),
        ("0.1n", "1n"),
        ("0", "0"),
        ("~", "0"),
        ("1e-7", "100e-9"),
        ("1e24", "1e24"),
        ("'1000000E'", "1000000E"),
    ],
)
def test_a_quantity_elsewhere_has_its_canonical_form(given, written):
    assert pod(spec(pod=f"overhead: {{cpu: {given}}}"))["overhead"]["cpu"] == written


@pytest.mark.parametrize(
    "text", ["", "abc", "64mi", "m", ".", "+", "1 Gi", "1K", "1e", "1e1000", "0x1", "1ki", "--1", "1" * 201]
)
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="no quantity"):
        quantities.parsed(text)


@pytest.mark.parametrize(
    ("text", "milli", "whole"), [("1", 1000, 1), ("1n", 1, 1), ("1500m", 1500, 2), ("-1500m", -1500, -1)]
)
def test_fractions_are_rounded_up(text, milli, whole):
    found = quantities.parsed(text)
    assert (quantities.milli(found), quantities.whole(found)) == (milli, whole)
