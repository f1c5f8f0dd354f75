"""Customer gateways: what the cloud knows of a site's VPN device. They have no states, every change is made at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import changed, not_busy, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import UNUSABLE, address, resource_group, text
from sealane.cloud.vpc.common import given, in_group, in_region, told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction
from sealane.net import Prefix

LARGEST_ASN = 4294967295
CLOUD_ASN = 45104
NO_GATEWAY = CloudError("InvalidCustomerGatewayInstanceId.NotFound", "The customer gateway does not exist.", 404)
_NO_DEVICE = (*UNUSABLE, Prefix("0.0.0.0/8"), Prefix("240.0.0.0/4"))
_KEY = re.compile(r"[!#->@-~]{1,64}")
_ASN = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,5}))?")
_HALF = 1 << 16


def gateway_of(call: Call, state: Transaction, gateway_id: str, region: str = "") -> Document:
    """A customer gateway of the caller, in the region of the call unless another is named.

    Raises:
        CloudError: There is none.
    """
    found = call.own(state, gateway_id, "customer_gateway", NO_GATEWAY)
    if found.region != (region or call.region):
        raise NO_GATEWAY
    return found


def asn_of(gateway: Document | None) -> int | None:
    """The AS number of its device; None without BGP."""
    written = gateway.text("Asn") if gateway is not None else ""
    return int(written) if written else None


@VPC.writes("CreateCustomerGateway")
def create_customer_gateway(call: Call, state: Transaction) -> Fields:
    """CreateCustomerGateway; address and AS number are for good."""
    here = tuple(in_region(call, state.of_kind(call.account, "customer_gateway")))
    ip_address = _address(call.text("IpAddress"))
    if any(one.text("IpAddress") == ip_address for one in here):
        raise CloudError("InvalidIpAddress.AlreadyExist", f"{ip_address} is that of another customer gateway.")
    most = call.quotas.customer_gateways
    if len(here) >= most:
        raise CloudError("CreateVpnUserGatewayQuotaFull.QuotaFull", f"A region has at most {most} customer gateways.")
    asn, key = _asn(call.text("Asn")), _key(call)
    if key and not asn:
        raise CloudError("OperationDenied.MissingAsn", "AuthKey is a key of BGP, but there is no Asn.")
    made = state.put(Document(
        call.new_id("cgw", call.region), "customer_gateway", call.account, call.region, created_ms=call.now_ms,
        settled=1,
        fields={"Name": "", "Description": "", **_named(call), "IpAddress": ip_address, "Asn": asn,
                "ResourceGroupId": resource_group(call), "Tags": tags(call, "Tags")},
        secrets=key,
    ))
    return {**told(made, "Name", "Description", "IpAddress"), "CustomerGatewayId": made.id,
            "CreateTime": made.created_ms}


def _address(written: str) -> str:
    wrong = CloudError("InvalidIpAddress.WrongFormat", f"IpAddress {written} is no unicast address of a device.")
    found = address(written, wrong)
    if any(found in one for one in _NO_DEVICE):
        raise wrong
    return str(found)


def _asn(written: str) -> str:
    """As a plain number; 123.456 is 8061384."""
    if not written:
        return ""
    found = _ASN.fullmatch(written)
    high, low = (int(found[1]), found[2]) if found else (0, None)
    number = high if low is None else high * _HALF + int(low)
    halves = low is None or (high < _HALF and int(low) < _HALF)
    if not halves or not 1 <= number <= LARGEST_ASN or number == CLOUD_ASN:
        raise CloudError("IllegalParam.Asn", f"Asn is {written}, expected 1 to {LARGEST_ASN} except {CLOUD_ASN}.")
    return str(number)


def _key(call: Call) -> Mapping[str, str]:
    key = call.text("AuthKey")
    if key and not _KEY.fullmatch(key):
        raise CloudError("InvalidAuthkey.Malformed", "AuthKey must be 1 to 64 printable characters without spaces, "
                         "double quotes and '?'.")
    return {"AuthKey": key} if key else {}


def _named(call: Call) -> dict[str, Json]:
    return given(Name=text(call, "Name", most=100, code="InvalidName"),
                 Description=text(call, "Description", most=100, code="InvalidDescription"))


@VPC.writes("ModifyCustomerGatewayAttribute")
def modify_customer_gateway_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyCustomerGatewayAttribute; an empty AuthKey takes the key away. The key reaches running tunnels."""
    gateway = gateway_of(call, state, call.text("CustomerGatewayId"))
    new, key = retold(gateway, **_named(call)), _key(call)
    if key and not gateway.text("Asn"):
        raise CloudError("OperationDenied.MissingAsn", f"{gateway.id} has no Asn, AuthKey is a key of BGP.")
    if call.has("AuthKey") and key != gateway.secrets:
        not_busy(gateway, CloudError("OperationConflict", f"{gateway.id} is being changed.", 409))
        new = replace(changed(new), secrets=key)
    if new != gateway:
        state.put(new)
    return {**told(new, "Name", "Description", "IpAddress", "ResourceGroupId"), "CustomerGatewayId": new.id,
            "CreateTime": new.created_ms}


@VPC.reads("DescribeCustomerGateway")
def describe_customer_gateway(call: Call, state: Transaction) -> Fields:
    """DescribeCustomerGateway."""
    return _item(gateway_of(call, state, call.text("CustomerGatewayId")))


@VPC.reads("DescribeCustomerGateways")
def describe_customer_gateways(call: Call, state: Transaction) -> Fields:
    """DescribeCustomerGateways."""
    wanted = (call.text("CustomerGatewayId"),) if call.text("CustomerGatewayId") else ()
    here = in_group(call, state.named(call.account, "customer_gateway", call.region, wanted))
    found = page(call, tagged(call, here))
    return {**found.fields, "CustomerGateways": {"CustomerGateway": [_item(one) for one in found.items]}}


def _item(gateway: Document) -> Fields:
    """The key is told to the account that set it."""
    return {
        **told(gateway, "Name", "Description", "IpAddress", "ResourceGroupId"),
        "CustomerGatewayId": gateway.id,
        "Asn": asn_of(gateway),
        "AuthKey": gateway.secrets.get("AuthKey", ""),
        "CreateTime": gateway.created_ms,
        "Tags": {"Tag": gateway.fields.get("Tags") or []},
    }


@VPC.writes("DeleteCustomerGateway")
def delete_customer_gateway(call: Call, state: Transaction) -> Fields:
    """DeleteCustomerGateway."""
    gateway = gateway_of(call, state, call.text("CustomerGatewayId"))
    for tunnel in _tunnels(call, state, gateway):
        raise CloudError("DependencyViolation.VpnConnection", f"{gateway.id} is that of tunnel {tunnel.id} of "
                         f"{tunnel.parent}.")
    state.remove(gateway.id)
    return {}


def _tunnels(call: Call, state: Transaction, gateway: Document) -> Iterator[Document]:
    """Tunnels that lead to it; those of a connection that is being deleted do no more."""
    for one in state.of_kind(call.account, "tunnel"):
        connection = state.get(one.parent)
        gone = connection is None or connection.deleting
        if one.text("CustomerGatewayId") == gateway.id and not gone:
            yield one
