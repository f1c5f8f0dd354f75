"""How much of something an account may have: the cloud's defaults, which an operator may raise as the provider does."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas that can be changed.

    Args:
        customer_gateways: In a region.
        vbr_attachments, vpc_attachments, vpn_attachments: To a transit router.
    """

    customer_gateways: int = 100
    vbr_attachments: int = 100
    vpc_attachments: int = 1000
    vpn_attachments: int = 50

    def changed(self, written: Mapping[str, str]) -> "Quotas":
        """With others, by their names with dashes.

        Raises:
            ValueError: There is none of that name, or it is no number from 1 to MOST.
        """
        known = {one.name.replace("_", "-"): one.name for one in fields(self)}
        found: dict[str, int] = {}
        for name, text in written.items():
            if name not in known:
                raise ValueError(f"{name} is no quota, expected one of {', '.join(known)}")
            if not text.isascii() or not text.isdigit() or not 1 <= int(text[:_DIGITS]) <= MOST or len(text) > _DIGITS:
                raise ValueError(f"{name} is {text[:20]}, expected a number from 1 to {MOST}")
            found[known[name]] = int(text)
        return replace(self, **found)


_DIGITS = 6
