"""Whether two tunnel ends agree on IKE and ESP, routing apart (RFC 7296, 2.7 and 3.3)."""

from collections.abc import Iterable

from sealane.model import TunnelEnd, TunnelPair


def disagreement(pair: TunnelPair) -> str:
    """Why the ends of a tunnel cannot negotiate; empty when they can.

    A key that a device's text masks is taken to be the cloud's. PFS groups that differ show at the first rekey only.
    """
    near, far = pair.near, pair.far
    if far is None:
        return f"no modelled device has a tunnel from {near.remote} to {near.local}"
    offers: tuple[tuple[str, Iterable[object], Iterable[object]], ...] = (
        ("IKE version", (near.ike.version,), (far.ike.version,)),
        ("IKE encryption", near.ike.encryption, far.ike.encryption),
        ("IKE integrity", near.ike.integrity, far.ike.integrity),
        ("IKE PRF", near.ike.prf, far.ike.prf),
        ("IKE group", near.ike.dh_groups, far.ike.dh_groups),
        ("ESP encryption", near.esp.encryption, far.esp.encryption),
        ("ESP integrity", near.esp.integrity, far.esp.integrity),
    )
    for word, cloud, device in offers:
        if not set(cloud) & set(device):
            return f"{word}: {_join(cloud)} at the cloud, {_join(device)} at the device"
    return _identities(near, far) or ("" if near.initiates or far.initiates else "neither end starts the negotiation")


def _identities(near: TunnelEnd, far: TunnelEnd) -> str:
    if near.psk is not None and far.psk is not None and near.psk != far.psk:
        return "the ends do not have the same pre-shared key"
    if (far.local_id, far.remote_id) != (near.remote_id, near.local_id):
        return (
            f"IKE identities: the cloud is {near.local_id} and expects {near.remote_id}, "
            f"the device is {far.local_id} and expects {far.remote_id}"
        )
    return ""


def _join(values: Iterable[object]) -> str:
    return " or ".join(str(getattr(one, "value", one)) for one in values) or "nothing"
