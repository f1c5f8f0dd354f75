"""Secrets sealed where they are kept: AES-256-GCM, bound to the place that they belong to."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sealane.cloud import Document
from sealane.diag import Fault
from sealane.store.keys import SealingKey

_FORM = "sealed1"
_NONCE_BYTES = 12
_REMEDY = "give the key that this state was sealed with, or put back the file sealing.key"


class Sealer:
    """Seals with the first key, opens with any.

    Args:
        keys: At least one.
    """

    def __init__(self, keys: Sequence[SealingKey]) -> None:
        self.keys = tuple(keys)
        self._ciphers = {key.id: AESGCM(key.value) for key in keys}

    @property
    def key_id(self) -> str:
        """Of the key that seals."""
        return self.keys[0].id

    def seal(self, secret: str, *where: str) -> str:
        """A secret as it may be kept.

        Args:
            secret: What is sealed.
            where: What it belongs to, such as a document's id and a name; it opens nowhere else.
        """
        nonce = os.urandom(_NONCE_BYTES)
        box = self._ciphers[self.key_id].encrypt(nonce, secret.encode("utf-8", "surrogatepass"), _bound(where))
        return f"{_FORM}:{self.key_id}:{base64.b64encode(nonce + box).decode()}"

    def open(self, sealed: str, *where: str) -> str:
        """What was sealed for that place.

        Raises:
            Fault: The key is another one, or it was changed or moved; nothing of it is shown.
        """
        operation = f"open the secret of {'/'.join(where)}"
        form, _, rest = sealed.partition(":")
        key_id, _, text = rest.partition(":")
        try:
            box = base64.b64decode(text, validate=True)
        except ValueError:
            box = b""
        if form != _FORM or len(box) < _NONCE_BYTES or base64.b64encode(box).decode() != text:
            raise Fault(operation, "it is not in the form of a sealed secret", "put a backup of the state in its place")
        if key_id not in self._ciphers:
            raise Fault(operation, "it was sealed with another key", _REMEDY)
        try:
            secret = self._ciphers[key_id].decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(where))
        except InvalidTag:
            answer = "it was changed, or moved here from elsewhere"
            raise Fault(operation, answer, "put a backup of the state in its place") from None
        return secret.decode("utf-8", "surrogatepass")

    def is_current(self, sealed: str) -> bool:
        """True when it was sealed with the key that seals now."""
        return sealed.startswith(f"{_FORM}:{self.key_id}:")

    def reseal(self, sealed: str, *where: str) -> str:
        """The same secret under the key that seals now.

        Raises:
            Fault: As for ``open``.
        """
        return sealed if self.is_current(sealed) else self.seal(self.open(sealed, *where), *where)

    def seal_document(self, document: Document) -> bytes:
        """A document as it is kept."""
        secrets = {name: self.seal(secret, document.id, name) for name, secret in document.secrets.items()}
        return replace(document, secrets=secrets).encode()

    def open_document(self, value: bytes) -> Document:
        """What ``seal_document`` made.

        Raises:
            Fault: As for ``open``; or it is no document.
        """
        document = _decode(value)
        secrets = {name: self.open(sealed, document.id, name) for name, sealed in document.secrets.items()}
        return replace(document, secrets=secrets)

    def reseal_document(self, value: bytes) -> bytes:
        """The same document under the key that seals now; the same bytes when it is that already.

        Raises:
            Fault: As for ``open_document``.
        """
        document = _decode(value)
        if all(self.is_current(sealed) for sealed in document.secrets.values()):
            return value
        secrets = {name: self.reseal(sealed, document.id, name) for name, sealed in document.secrets.items()}
        return replace(document, secrets=secrets).encode()


def _decode(value: bytes) -> Document:
    try:
        return Document.decode(value)
    except (ValueError, TypeError):  # the text of the error would show the value
        raise Fault("read a document", "it is damaged", "put a backup of the state in its place") from None


def _bound(where: Sequence[str]) -> bytes:
    return json.dumps(where, ensure_ascii=False).encode()
