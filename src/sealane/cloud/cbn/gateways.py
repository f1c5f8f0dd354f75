"""Gateway addresses of private IPsec connections, taken from a transit router's CIDRs.

The first connection makes the cloud keep the first three /28 of a CIDR. The ends of a connection's tunnels get
consecutive hosts of the first later /28 that has enough of them free, as in 10.10.10.0/24: .49 and .50.
"""

from collections.abc import Iterable, Iterator

from sealane.cloud.call import Call
from sealane.cloud.document import Document
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction
from sealane.net import Address, Prefix

_RESERVED = 3
_LENGTH = 28
_SIZE = 16


def allocate(call: Call, state: Transaction, router: Document, attachment_id: str, count: int) -> tuple[str, ...]:
    """Take addresses for an attachment: consecutive ones of one block.

    Raises:
        CloudError: No CIDR of the transit router has so many left.
    """
    for cidr in state.children(router.id, "tr_cidr"):
        kept = tuple(state.children(cidr.id, "tr_cidr_allocation"))
        taken = {one.text("AllocatedCidrBlock") for one in kept}
        found = _free(Prefix(cidr.text("Cidr")), taken, count)
        if found:
            if not kept:
                for block in reserved(Prefix(cidr.text("Cidr"))):
                    _keep(call, state, cidr, str(block), "")
            for address in found:
                _keep(call, state, cidr, f"{address}/32", attachment_id)
            return tuple(map(str, found))
    raise CloudError(
        "OperationFailed.AllocateCidrFailed", f"No CIDR of {router.id} has {count} consecutive addresses left."
    )


def free(state: Transaction, router_id: str, attachment_id: str) -> None:
    """Give back an attachment's addresses, and what was kept for the first connection after the last one."""
    for cidr in state.children(router_id, "tr_cidr"):
        kept = tuple(state.children(cidr.id, "tr_cidr_allocation"))
        last = all(one.text("AttachmentId") in ("", attachment_id) for one in kept)
        for one in kept:
            if last or one.text("AttachmentId") == attachment_id:
                state.remove(one.id)


def reserved(cidr: Prefix) -> Iterator[Prefix]:
    """The blocks that the cloud keeps."""
    base = int(cidr.network_address)
    return (Prefix((base + index * _SIZE, _LENGTH)) for index in range(_RESERVED))


def _free(cidr: Prefix, taken: Iterable[str], count: int) -> tuple[Address, ...]:
    first, last = int(cidr.network_address) + _RESERVED * _SIZE, int(cidr.broadcast_address)
    for block in range(first, last, _SIZE):
        for start in range(block + 1, block + _SIZE - count):
            run = tuple(Address(start + index) for index in range(count))
            if not any(f"{one}/32" in taken for one in run):
                return run
    return ()


def _keep(call: Call, state: Transaction, cidr: Document, block: str, attachment_id: str) -> None:
    state.put(
        Document(
            call.new_id("alloc", cidr.region),
            "tr_cidr_allocation",
            call.account,
            cidr.region,
            cidr.id,
            fields={"AllocatedCidrBlock": block, "AttachmentId": attachment_id},
            created_ms=call.now_ms,
            settled=1,
        )
    )
