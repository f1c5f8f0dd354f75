"""Documents as plans: what of a world is complete enough to carry packets, in the vocabulary that operators write."""

from sealane.cloud.to_plan.former import Former
from sealane.cloud.to_plan.networks import Carried, carried_networks
from sealane.cloud.to_plan.piece import Piece, as_mark, plain

__all__ = ["Carried", "Former", "Piece", "as_mark", "carried_networks", "plain"]
