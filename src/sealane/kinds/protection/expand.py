"""A protection as the model's value."""

from sealane.kinds.protection.spec import ProtectionSpec
from sealane.model import Mode, Protection


def protection(spec: ProtectionSpec) -> Protection:
    """Prefixes in order of value, each once."""
    return Protection(spec.name, tuple(sorted(set(spec.cloud))), tuple(sorted(set(spec.site))), Mode(spec.mode),
                      spec.at.origin)
