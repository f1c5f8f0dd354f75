"""How documents are called in a plan."""

import re
from collections.abc import Iterable

from sealane.cloud.document import Document

_NAME_FIELDS = (
    "Name", "VpcName", "VSwitchName", "SecurityGroupName", "InstanceName", "TransitRouterName",
    "TransitRouterAttachmentName", "TransitRouterRouteTableName",
)
_NODES = frozenset({"vpc", "vbr", "transit_router", "instance"})
_USABLE = re.compile(r"[A-Za-z][^\x00-\x1f]{1,127}")
_NODE = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _.-]{0,30}[A-Za-z0-9])")


class Names:
    """Names of documents by id.

    Args:
        documents: Everything that the plan may name.
        readable: True uses the owners' names where they are usable and distinct; False the ids, so that a renamed
            object stays the same one.
    """

    def __init__(self, documents: Iterable[Document], *, readable: bool) -> None:
        self._names: dict[str, str] = {}
        if not readable:
            return
        taken: set[str] = set()
        for document in documents:
            name = next((document.text(field) for field in _NAME_FIELDS if document.text(field)), "")
            pattern = _NODE if document.kind in _NODES else _USABLE
            folded = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            if pattern.fullmatch(name) and folded and folded not in taken:
                taken.add(folded)
                self._names[document.id] = name

    def of(self, document_id: str) -> str:
        """What a plan calls it."""
        return self._names.get(document_id, document_id)
