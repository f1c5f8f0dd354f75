"""The walk through the use case: every stage with real packets, its measurements and its evidence."""

from sealane.app.walk.result import Check, StageResult, WalkResult
from sealane.app.walk.runner import STAGE_IDS, Narrator, walk

__all__ = ["STAGE_IDS", "Check", "Narrator", "StageResult", "WalkResult", "walk"]
