"""What an operator writes, one folder per thing, and its expansion into the Network.

The things do not know each other; ``plan``, ``checks`` and ``assemble`` are where they meet.
"""

from sealane.kinds.assemble import expand
from sealane.kinds.ipsec_connection import PSK, PskEnv, PskFile, PskGenerate, PskInline, PskSource
from sealane.kinds.names import slug
from sealane.kinds.plan import Plan, device_configs, psk_sources, read_plan, read_tree
from sealane.kinds.schema import plan_schema

__all__ = [
    "PSK",
    "Plan",
    "PskEnv",
    "PskFile",
    "PskGenerate",
    "PskInline",
    "PskSource",
    "device_configs",
    "expand",
    "plan_schema",
    "psk_sources",
    "read_plan",
    "read_tree",
    "slug",
]
