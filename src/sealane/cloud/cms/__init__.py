"""The operations of Cms 2019-01-01: rates of tunnels and of border routers over time."""

from sealane.cloud.cms import catalogue, series  # noqa: F401 - they fill the registry
from sealane.cloud.cms.registry import CMS

__all__ = ["CMS"]
