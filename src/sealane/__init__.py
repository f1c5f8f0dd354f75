"""Sealane: a self-hosted hybrid network whose circuit can be shown to carry only encrypted traffic."""

__version__ = "0.1.0"
