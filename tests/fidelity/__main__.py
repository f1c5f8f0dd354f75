"""Runs many cases and tells what differed: ``python -m fidelity``, from ``tests``; see docs/howto/measure-fidelity.md.

FIDELITY_NETWORKS (1000), FIDELITY_EVENTS (10) and FIDELITY_SEED (0) say what to run; FIDELITY_KIND (``both``) may be
``plain`` or ``tunnels``; FIDELITY_JOBS is how many networks are up at a time. FIDELITY_SECONDS stops starting networks
after so long. FIDELITY_RECORD is a file that results are added to, one JSON object a line; cases that agreed in it
are not run again, so that a run goes on where the last one ended. FIDELITY_SHRINK (40) is how many live runs may be
spent on making the first difference smaller.
"""

import os
import sys

from fidelity.campaign import Campaign, Settings
from fidelity.shrink import shrink
from fidelity.source import written


def main() -> int:
    settings = Settings.of(os.environ)
    campaign = Campaign(settings)
    with campaign.alone():
        outcomes = campaign.run()
        for line in campaign.summary(outcomes):
            print(line)
        worst = next((one for one in outcomes if one.found), None)
        if worst is not None and settings.shrink and not campaign.interrupted:
            smaller = shrink(worst.case, settings.shrink, settings.jobs)
            print(f"{worst.case.title}, made smaller in {smaller.runs} runs:\n{written(smaller.case)}")
            print("\n".join(smaller.found))
    if campaign.interrupted:
        return 1
    return 3 if any(one.found or one.error for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
