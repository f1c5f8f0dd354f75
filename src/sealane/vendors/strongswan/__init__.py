"""strongSwan 5.9: settings of charon and of its connections (strongswan.conf(5), swanctl.conf(5))."""

from sealane.vendors.strongswan.charon import CharonOptions, render_charon
from sealane.vendors.strongswan.connection import Settings, connection_settings, dh_keyword, render_swanctl

__all__ = ["CharonOptions", "Settings", "connection_settings", "dh_keyword", "render_charon", "render_swanctl"]
