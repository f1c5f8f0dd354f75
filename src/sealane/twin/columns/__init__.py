"""The twin at scale: a hub-and-spoke network of any size as arrays, evaluated whole.

For one transit router, border routers, and sites with tunnels; ``sealane.twin`` is the general engine. What arrays do
not model is refused as ``NotCovered``. Imports numpy, so that nothing that starts fast may import this at its top.
"""

from sealane.twin.columns.edit import Differs, Edit, Edited, Tunnel
from sealane.twin.columns.element import Element, ElementKind, element_name, elements
from sealane.twin.columns.evaluate import State, evaluate
from sealane.twin.columns.extract import Extracted, extract
from sealane.twin.columns.facts import Condition, Facts, Hop, Need, NotCovered
from sealane.twin.columns.generate import generate
from sealane.twin.columns.index import Columns, build
from sealane.twin.columns.live import Change, Live
from sealane.twin.columns.prove import Example, Proof, Proofs, Property, prove_columns
from sealane.twin.columns.settle import Course
from sealane.twin.columns.walk import Verdict
from sealane.twin.columns.writer import Entry, FactsWriter, cloud_rank, device_rank

__all__ = [
    "Change",
    "Columns",
    "Condition",
    "Course",
    "Differs",
    "Edit",
    "Edited",
    "Element",
    "ElementKind",
    "Entry",
    "Example",
    "Extracted",
    "Facts",
    "FactsWriter",
    "Hop",
    "Live",
    "Need",
    "NotCovered",
    "Proof",
    "Proofs",
    "Property",
    "State",
    "Tunnel",
    "Verdict",
    "build",
    "cloud_rank",
    "device_rank",
    "element_name",
    "elements",
    "evaluate",
    "extract",
    "generate",
    "prove_columns",
]
