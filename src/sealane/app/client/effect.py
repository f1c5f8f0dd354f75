"""What a plan changes of the running network's encryption, by the twin."""

import tempfile
from pathlib import Path

import yaml

from sealane.app.client.session import Session
from sealane.app.difference import Difference, compare_plans

_CIRCUIT_FAILURES = 1


def effect(session: Session, plan: Path, router: str) -> Difference | None:
    """The difference between the running network and the plan; None when nothing of it runs yet.

    Args:
        session: At an endpoint of ``sealane serve``.
        plan: The plan's file.
        router: Name of the plan's transit router.
    """
    if session.native is None or ("transit router", router) not in session.ids:
        return None
    told = session.native("GET", "/plans")["plans"]
    running = next((one for one in told.values() if one["plan"].get("transit_router", {}).get("name") in (
        router, session.ids["transit router", router]["Id"])), None)
    if running is None:
        return None
    with tempfile.TemporaryDirectory(prefix="sealane-") as folder:
        for file, text in running["files"].items():
            Path(folder, file).write_text(text, encoding="utf-8")
        old = Path(folder, "plan.yaml")
        old.write_text(yaml.safe_dump({**running["plan"], "name": session.plan}, sort_keys=False), encoding="utf-8")
        return compare_plans(old, plan, _CIRCUIT_FAILURES, "auto")
