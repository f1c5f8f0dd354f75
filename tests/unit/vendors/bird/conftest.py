"""Makes the sample networks of the golden tests importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "golden" / "vendors"))
