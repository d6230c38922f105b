"""A real API server behind a proxy that fails when a test says so."""

import os
from collections.abc import Iterator

import pytest

from tests.real.place import Place, made
from tests.real.proxy import Proxy


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with made(os.environ["TEST_KUBECONFIG"]) as place:
        yield place


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy(os.environ["TEST_KUBECONFIG"])
    yield proxy
    proxy.close()
