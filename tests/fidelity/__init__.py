"""Random small networks, run live and computed by the twin, and what differs."""
