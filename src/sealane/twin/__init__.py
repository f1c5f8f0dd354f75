"""The twin: the converged state of a Network with failed elements, computed without running anything."""
