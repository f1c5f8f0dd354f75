"""More than the cloud's default quotas, which the provider raises on request, and ``sealane serve --quota`` here."""

from typing import TYPE_CHECKING

from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan

DEFAULT_GATEWAYS = 100
DEFAULT_VPN_ATTACHMENTS = 50
_REMEDY = "have the quota raised before the plan is applied"


def check_quotas(plan: "Plan", notes: Notes) -> None:
    """Customer gateways and VPN attachments."""
    if len(plan.customer_gateways) > DEFAULT_GATEWAYS:
        notes.warning("CGW-012", f"plan {plan.name}", f"has {len(plan.customer_gateways)} customer gateways; the "
                      f"cloud's default quota is {DEFAULT_GATEWAYS}", _REMEDY, plan.at.of("customer_gateways"))
    router = plan.transit_router
    if router is not None and len(router.attachments.vpn) > DEFAULT_VPN_ATTACHMENTS:
        notes.warning("TR-009", f"transit router {router.name}", f"has {len(router.attachments.vpn)} VPN attachments; "
                      f"the cloud's default quota is {DEFAULT_VPN_ATTACHMENTS}", _REMEDY, router.at.of("attachments"))
