"""JSON Schema of plans, for editors; from the same field tables as the decoder."""

from sealane.kinds.plan import PLAN


def plan_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of a plan."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sealane plan",
        **PLAN.schema(),
    }
