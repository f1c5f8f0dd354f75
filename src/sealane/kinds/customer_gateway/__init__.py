"""What the cloud knows of a site's VPN address (CreateCustomerGateway)."""

from sealane.kinds.customer_gateway.expand import loopback
from sealane.kinds.customer_gateway.spec import CUSTOMER_GATEWAY, CustomerGateway

__all__ = ["CUSTOMER_GATEWAY", "CustomerGateway", "loopback"]
