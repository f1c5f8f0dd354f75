"""The native API at ``/v1``: what the cloud has no operations for. OpenAPI 3.1, errors as problem+json (RFC 9457)."""

from sealane.api.native.app import make_native_app

__all__ = ["make_native_app"]
