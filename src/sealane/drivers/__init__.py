"""Hands: one folder per part of the host that we change. Only the composition root names them."""
