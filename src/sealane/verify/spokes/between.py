"""When packets between sites go round only if others, which parts have, go round too.

A packet from one site to another is in its own site until it comes to the transit router, and then in the other site.
In its own it is treated as any packet to the nearest prefix around its destination that its own site tells apart, as
long as the site does not hear of the other's prefixes. From the transit router on it is treated as a packet from the
cloud, as long as both are looked up in one table. So where no packet of either part goes round, none between them does.
"""

from sealane.model import MapDirection, RouteType
from sealane.net import Cidr
from sealane.twin.policy import TransitPolicy
from sealane.twin.route import Path, Protocol, Route
from sealane.verify.entry import Entry
from sealane.verify.ground import Ground
from sealane.verify.spokes.belong import CORE
from sealane.verify.spokes.frame import Frame
from sealane.verify.universe import Universe


def told_by_parts(frame: Frame, whole: Universe) -> bool:
    """True when it follows from the parts whether packets between sites go round."""
    return _one_table(frame) and not _heard(frame) and not _depends_on_cloud(frame) and _inhabited(frame, whole)


def _one_table(frame: Frame) -> bool:
    """All packets are looked up in one table of the transit router, those of the cloud too."""
    attachments = frame.belong.router.attachments
    cloud = [one for one in attachments if frame.belong.attachments[one.name] == CORE]
    return bool(cloud) and bool(cloud[0].interfaces) and len({one.association for one in attachments}) == 1


def _heard(frame: Frame) -> bool:
    """Sites may hear of one another's prefixes from the transit router.

    The built-in policy keeps to themselves what sites told; it does not ask of routes that are written down.
    """
    router = frame.belong.router
    if any(one.permit and one.direction is MapDirection.REGION_OUT for one in router.route_maps):
        return True
    policy = TransitPolicy(router)
    sites = [one for one in router.attachments if frame.belong.attachments[one.name] != CORE and one.auto_publish]
    receivers = {(one.association, one.kind, policy.audience(one.association or "", one)): one for one in sites}
    for table in router.tables:
        for route in table.routes:
            if frame.belong.attachments.get(route.attachment or "", CORE) == CORE == frame.owner(route.prefix):
                continue  # every part has it
            told = Route(Cidr.of(route.prefix), Protocol.CUSTOM, (), (), "", path=Path(), route_type=RouteType.CUSTOM)
            if any(policy.publish(table.name, told, one).route is not None for one in receivers.values()):
                return True
    return False


def _depends_on_cloud(frame: Frame) -> bool:
    """A route to the cloud is around a site's prefix, so that it matters to the site's packets whether it is there."""
    belong = frame.belong
    cloud = [Cidr.of(prefix) for one in belong.router.attachments if belong.attachments[one.name] == CORE
             for prefix in one.prefixes]
    cloud += [Cidr.of(route.prefix) for table in belong.router.tables for route in table.routes
              if belong.attachments.get(route.attachment or "", CORE) == CORE and route.attachment is not None]
    return any(frame.claims.touching(prefix) for prefix in cloud)


def _inhabited(frame: Frame, whole: Universe) -> bool:
    """Every prefix around another site's has addresses of its own, which a part has packets to."""
    return all(prefix in whole.by_prefix for prefix in (Cidr(0, 0), *frame.literal) if frame.claims.touching(prefix))


def told_by_part(frame: Frame, ground: Ground) -> bool:
    """True when packets between a part and others do not go round, given that it follows from the parts.

    None of the part's own goes round, nor any to it that the transit router has. What of the cloud fails makes no
    difference to the latter, but that the transit router may be gone.
    """
    survey, hub = ground.survey, frame.belong.hub.name
    cloud = next(one for one in frame.belong.router.attachments if frame.belong.attachments[one.name] == CORE)
    entry = Entry(hub, cloud.interfaces[0])
    to_part = {one.destination: one for one in survey.flows if one.destination.prefix not in frame.literal}
    for scenario in ground.scenarios:
        for state in scenario.states:
            here = (survey.walked_from(entry, one, scenario.failed, state).loops for one in to_part.values())
            if any(here) or any(True for _ in survey.looping(scenario.failed, state)):
                return False
    return True
