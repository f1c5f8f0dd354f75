"""Where a pre-shared key comes from; reading a file or an environment variable is left to the caller."""

from dataclasses import dataclass
from typing import TypeAlias

from sealane.net import Secret
from sealane.spec import Fields, Mark, Scalar, SecretText, Spot

PSK = SecretText("VCO-010", r"[!#-~]", 100,
                 "1 to 100 letters, digits and ASCII punctuation without spaces and double quotes")
"""Rule of TunnelIkeConfig.Psk."""


@dataclass(frozen=True, slots=True)
class PskInline:
    """The key itself stands in the plan."""

    secret: Secret


@dataclass(frozen=True, slots=True)
class PskEnv:
    """The key is the value of an environment variable."""

    variable: str


@dataclass(frozen=True, slots=True)
class PskFile:
    """The key is the text of a file, its name as written."""

    path: str


@dataclass(frozen=True, slots=True)
class PskGenerate:
    """The key is made up once and kept; what the cloud does when none is given."""


PskSource: TypeAlias = PskInline | PskEnv | PskFile | PskGenerate


class PskReader:
    """A key, or a mapping that says where it is. Nothing written here ever appears in a finding."""

    def read(self, mark: Mark, spot: Spot) -> PskSource | None:
        """The source."""
        if isinstance(mark, Scalar):
            secret = PSK.secret(mark, spot)
            return PskInline(secret) if secret is not None else None
        source = self._reference(mark) if isinstance(mark, Fields) else None
        if source is None:
            spot.error("VCO-011", "is not a key and does not say where one is",
                       "write the key, or {env: VARIABLE}, {file: path} or {generate: true}", mark.origin)
        return source

    def _reference(self, mark: Fields) -> PskSource | None:
        match [(key, entry.value) for key, entry in mark.entries.items()]:
            case [("env", Scalar(text=text) as value)] if text and not value.is_null:
                return PskEnv(text)
            case [("file", Scalar(text=text) as value)] if text and not value.is_null:
                return PskFile(text)
            case [("generate", Scalar(text="true", plain=True))]:
                return PskGenerate()
            case _:
                return None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        def one(key: str, value: dict[str, object]) -> dict[str, object]:
            return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}

        return {"oneOf": [PSK.schema(), one("env", {"type": "string"}), one("file", {"type": "string"}),
                          one("generate", {"const": True})]}
