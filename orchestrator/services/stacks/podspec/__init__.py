"""Pod specs of strangers: checked, made harmless and written out again, without a cluster.

* reading     text to plain values: which YAML is taken, and how much of it
* scalars     what YAML 1.1 takes a plain word for
* schema      the fields of a Pod, by schema.json
* decoding    plain values to a Pod that has known fields alone, of the right types
* quantities  amounts of cpu and memory
* rules       what is forbidden, first failure first
* restricted  what the stricter policy forbids besides
* writing     a Pod to text
* checking    all of it, one after another
"""

from orchestrator.services.stacks.podspec.checking import Checked as Checked
from orchestrator.services.stacks.podspec.checking import check as check
from orchestrator.services.stacks.podspec.restricted import Policy as Policy
