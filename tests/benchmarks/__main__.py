"""make bench: measure the product against a bare API server, and write docs/benchmarks.md.

python -m tests.benchmarks            everything, about 20 minutes
python -m tests.benchmarks --short    fewer changes; 2 minutes of churn for memory instead of 10
python -m tests.benchmarks --keep     leave the API server up, filled, for the next run
"""

import argparse
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django
import psutil

from tests.benchmarks import bare, chromium, lists, memory, pages, product, stacks, stream, whole
from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import ROUNDS, Section, markdown, plain

PODS, MOST_PODS = 10_000, 20_000
REPORT = bare.ROOT / "docs" / "benchmarks.md"


class Run:
    """One run: its sections so far, and what went wrong."""

    def __init__(self, folder: Path, kubeconfig: Path, *, short: bool) -> None:
        self.folder, self.kubeconfig, self.short = folder, kubeconfig, short
        self.sections: list[Section] = []
        self.failures: list[str] = []

    def measure(self, what: str, work: Callable[[], Section]) -> None:
        """Add a section; one that fails is told, and does not keep the others from being measured."""
        try:
            section = work()
        except Exception as exc:  # The top of a measurement: it is told here and in the exit status.
            traceback.print_exc()
            self.failures.append(f"{what}: {exc}")
            return
        self.sections.append(section)
        print(plain(section), flush=True)

    def everything(self) -> None:
        bare.fill(self.kubeconfig, pods=PODS)
        pods = bare.count(self.kubeconfig)
        if pods == PODS:
            self._at_ten_thousand()
            self.measure("stacks", lambda: stacks.read(self.folder / "stacks", self.kubeconfig))
        else:
            self.failures.append(f"There are {pods} pods and not {PODS}: the API server is not a fresh one.")
        self.measure("memory", self._memory)
        self.measure("stacks on the lab", lambda: stacks.created(self.folder / "lab"))

    def _at_ten_thousand(self) -> None:
        seconds = 20 if self.short else 40
        with product.serving(self.folder / "main", self.kubeconfig, pods=PODS) as running:
            self.measure("lists", lambda: lists.quiet(running, self.kubeconfig))
            self.measure("pages", lambda: pages.measured(running))
            self.measure("whole", lambda: whole.measured(running))
            self.measure("churn", lambda: self._under_churn(running))
            self.measure(
                "stream", lambda: stream.measured(running, self.kubeconfig, pods=PODS, seconds=seconds)
            )
        if Path(chromium.EXECUTABLE).exists():
            with product.serving(self.folder / "browser", self.kubeconfig, pods=PODS) as running:
                self.measure("chromium", lambda: chromium.measured(running, self.kubeconfig, pods=PODS))
        else:
            self.failures.append("chromium: there is none; name one in TEST_CHROMIUM.")

    def _under_churn(self, running: product.Product) -> Section:
        with stream.churning(self.kubeconfig, pods=PODS, seconds=150):
            return lists.changing(running, self.kubeconfig)

    def _memory(self) -> Section:
        seconds = 120 if self.short else 600
        few = memory.measured(
            self.folder / "few", self.kubeconfig, pods=bare.count(self.kubeconfig), seconds=60, limited=False
        )
        bare.fill(self.kubeconfig, pods=MOST_PODS)
        pods = bare.count(self.kubeconfig)
        most = memory.measured(
            self.folder / "most", self.kubeconfig, pods=pods, seconds=seconds, limited=True
        )
        note = "Resident memory of the one process that serves pages, API and controllers."
        return Section("Memory", [*few, *most], note)


def report(run: Run, versions: str) -> str:
    """Return the page for docs/."""
    memory_gb, cores = round(psutil.virtual_memory().total / 1e9), os.cpu_count()
    introduction = f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}. {versions}
The machine: {cores} cores of a cloud virtual machine, {memory_gb} GB of memory, {platform.system()};
the API server, the clients and the browser run on the same cores as the product{_company()}.

A real API server (etcd and kube-apiserver alone, as `tests/lab` builds them) holds {PODS:,} pods of
4.8 kB each, {MOST_PODS:,} for memory. The product is one process, started by `manage.py serve`, on SQLite.
One client asks both in turn over one keep-alive connection, the API server over TLS with a token. Times
are those of the best of {ROUNDS} rounds (of {stream.ROUNDS} for the stream), for other programs only ever
add to a time. kB and MB are powers of ten.
"""
    failed = "".join(f"- {line}\n" for line in run.failures)
    return f"{introduction}\n{markdown(run.sections)}" + (f"\n## Not measured\n\n{failed}" if failed else "")


def _company() -> str:
    """Return how busy the machine was with all that ran on it."""
    return f", with a load of {os.getloadavg()[2]:.1f} over the last 15 minutes"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        bare.api_server(most_pods=PODS, keep=options.keep) as config,
    ):
        run = Run(Path(folder), config, short=options.short)
        try:
            run.everything()
        except Failed as exc:
            run.failures.append(str(exc))
        kubernetes = bare.version(config)
        versions = (
            f"Python {platform.python_version()}, Django {django.__version__}, Kubernetes {kubernetes}."
        )
        REPORT.write_text(report(run, versions))
    missed = [each for section in run.sections for each in section.figures if each.met is False]
    for line in run.failures:
        print(f"FAILED {line}", file=sys.stderr)
    print(f"{len(missed)} goals missed, {len(run.failures)} measurements failed.")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
