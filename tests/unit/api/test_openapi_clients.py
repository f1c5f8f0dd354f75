"""The cloud's own SDKs, unmodified, are understood and understand the answers."""

import json
import xml.etree.ElementTree as ET

import pytest
from alibabacloud_cbn20170912 import models as cbn
from alibabacloud_cbn20170912.client import Client as Cbn
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models as vpc
from alibabacloud_vpc20160428.client import Client as Vpc
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkvpc.request.v20160428.CreateVpnAttachmentRequest import CreateVpnAttachmentRequest
from aliyunsdkvpc.request.v20160428.DescribeVpcsRequest import DescribeVpcsRequest

from sealane.api.openapi import Answer
from sealane.cloud import CloudError
from served import KEY, TEMPORARY


def config(endpoint, key=KEY, **more):
    token = key.token.reveal() if key.token else None
    return Config(
        endpoint=endpoint,
        protocol="http",
        access_key_id=key.id,
        access_key_secret=key.secret.reveal(),
        security_token=token,
        region_id="cn-hangzhou",
        **more,
    )


def an_attachment():
    tunnel = vpc.CreateVpnAttachmentRequestTunnelOptionsSpecification
    bgp = vpc.CreateVpnAttachmentRequestTunnelOptionsSpecificationTunnelBgpConfig
    ike = vpc.CreateVpnAttachmentRequestTunnelOptionsSpecificationTunnelIkeConfig
    return vpc.CreateVpnAttachmentRequest(
        region_id="cn-hangzhou",
        name="a + b/c*~ 連接",
        enable_tunnels_bgp=True,
        tags=[vpc.CreateVpnAttachmentRequestTags(key="env", value="a b+c")],
        tunnel_options_specification=[
            tunnel(
                customer_gateway_id="cgw-1",
                tunnel_index=1,
                tunnel_bgp_config=bgp(local_asn=45104, tunnel_cidr="169.254.10.0/30"),
                tunnel_ike_config=ike(psk="key & = %+ü"),
            ),
            tunnel(customer_gateway_id="cgw-2", tunnel_index=2),
        ],
    )


FLAT = {
    "RegionId": "cn-hangzhou",
    "Name": "a + b/c*~ 連接",
    "EnableTunnelsBgp": "True",
    "Tags.1.Key": "env",
    "Tags.1.Value": "a b+c",
    "TunnelOptionsSpecification.1.CustomerGatewayId": "cgw-1",
    "TunnelOptionsSpecification.1.TunnelIndex": "1",
    "TunnelOptionsSpecification.1.TunnelBgpConfig.LocalAsn": "45104",
    "TunnelOptionsSpecification.1.TunnelBgpConfig.TunnelCidr": "169.254.10.0/30",
    "TunnelOptionsSpecification.1.TunnelIkeConfig.Psk": "key & = %+ü",
    "TunnelOptionsSpecification.2.CustomerGatewayId": "cgw-2",
    "TunnelOptionsSpecification.2.TunnelIndex": "2",
}


@pytest.mark.parametrize("algorithm", [None, "v2"])
@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["lasting", "temporary"])
def test_the_sdk_creates_with_nested_parameters_in_the_body(endpoint, service, algorithm, key):
    service.answer = lambda request: Answer(200, {"VpnConnectionId": "vco-1", "Name": request.flat["Name"]})
    client = Vpc(config(endpoint, key, signature_algorithm=algorithm))
    answer = client.create_vpn_attachment(an_attachment())
    (call,) = service.calls
    assert dict(call.flat) == FLAT
    assert (call.product, call.action, call.region, call.client) == (
        "Vpc",
        "CreateVpnAttachment",
        "cn-hangzhou",
        "127.0.0.1",
    )
    assert (call.caller.account, call.caller.access_key_id, call.caller.user) == (key.account, key.id, key.user)
    assert (answer.body.vpn_connection_id, answer.body.name) == ("vco-1", "a + b/c*~ 連接")
    assert answer.body.request_id == answer.headers["x-acs-request-id"] == call.request_id


def test_json_typed_parameters_stay_text(endpoint, service):
    cidr = cbn.CreateTransitRouterCidrRequest(cidr="10.10.10.0/24", publish_cidr_route=True, transit_router_id="tr-1")
    Cbn(config(endpoint)).create_transit_router_cidr(cidr)
    assert service.calls[0].product == "Cbn"
    assert service.calls[0].flat == {"Cidr": "10.10.10.0/24", "PublishCidrRoute": "True", "TransitRouterId": "tr-1"}


def test_the_sdk_raises_the_refusal_of_an_operation(endpoint, service):
    def refuse(request):
        raise CloudError("InvalidVpcId.NotFound", "vpc-1 is not there", 404)

    service.answer = refuse
    with pytest.raises(ClientException) as caught:
        Vpc(config(endpoint)).describe_vpcs(vpc.DescribeVpcsRequest(region_id="cn-hangzhou"))
    error = caught.value
    assert (error.code, error.status_code) == ("InvalidVpcId.NotFound", 404)
    assert error.request_id == service.calls[0].request_id
    assert error.data["HostId"] == endpoint


def old_client(endpoint, key=KEY, secret=None):
    host, port = endpoint.split(":")
    secret = secret or key.secret.reveal()
    credential = StsTokenCredential(key.id, secret, key.token.reveal()) if key.token else None
    ours = {"credential": credential} if credential else {"ak": key.id, "secret": secret}
    client = AcsClient(region_id="cn-hangzhou", port=int(port), auto_retry=False, **ours)
    client.add_endpoint("cn-hangzhou", "Vpc", host)
    return client


def old_request():
    request = DescribeVpcsRequest()
    request.set_VpcName("a + b/c*~ 連接")
    request.set_Tags([{"Key": "env", "Value": "a b"}])
    return request


VPCS = {
    "Vpcs": {"Vpc": [{"VpcId": "vpc-1", "IsDefault": False, "VpcName": "<&>"}, {"VpcId": "vpc-2"}]},
    "TotalCount": 2,
}


@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["lasting", "temporary"])
def test_the_older_sdk_reads_json(endpoint, service, key):
    service.answer = lambda _: Answer(200, VPCS)
    answer = json.loads(old_client(endpoint, key).do_action_with_exception(old_request()))
    assert answer == {**VPCS, "RequestId": service.calls[0].request_id}
    assert service.calls[0].flat["VpcName"] == "a + b/c*~ 連接"
    assert {name: value for name, value in service.calls[0].flat.items() if name.startswith("Tag")} == {
        "Tag.1.Key": "env",
        "Tag.1.Value": "a b",
    }
    assert not {"Action", "Signature", "AccessKeyId", "SecurityToken"} & service.calls[0].flat.keys()


@pytest.mark.filterwarnings("ignore:implementation_of_do_action:DeprecationWarning")
def test_the_older_sdk_reads_xml(endpoint, service):
    service.answer = lambda _: Answer(200, VPCS)
    request = old_request()
    request.set_accept_format("XML")
    status, _, text = old_client(endpoint).get_response(request)[:3]
    root = ET.fromstring(text)
    assert (status, root.tag) == (200, "DescribeVpcsResponse")
    assert [one.text for one in root.findall("Vpcs/Vpc/VpcId")] == ["vpc-1", "vpc-2"]
    assert (root.findtext("Vpcs/Vpc/IsDefault"), root.findtext("Vpcs/Vpc/VpcName")) == ("false", "<&>")
    assert root.findtext("RequestId") == service.calls[0].request_id


def test_the_older_sdk_tells_a_wrong_secret_from_a_damaged_request(endpoint, service):
    with pytest.raises(ServerException) as caught:
        old_client(endpoint, secret="wrong").do_action_with_exception(old_request())
    # It says so only when the server computed the same string to sign as it did.
    assert caught.value.get_error_code() == "InvalidAccessKeySecret"
    assert not service.calls


def test_the_older_sdk_sends_nested_parameters(endpoint, service):
    request = CreateVpnAttachmentRequest()
    request.set_RemoteSubnet("0.0.0.0/0")
    request.set_EnableTunnelsBgp(True)
    request.set_TunnelOptionsSpecification([{"TunnelIndex": 1, "TunnelIkeConfig": {"Psk": "key & = %+ü"}}])
    old_client(endpoint).do_action_with_exception(request)
    flat = service.calls[0].flat
    assert flat["TunnelOptionsSpecification.1.TunnelIkeConfig.Psk"] == "key & = %+ü"
    assert flat["TunnelOptionsSpecification.1.TunnelIndex"] == "1"
