"""The HTTP side of the server: what comes over the wire becomes calls, answers become what clients read."""
