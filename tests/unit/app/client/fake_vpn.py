"""Customer gateways and IPsec connections as documents; requests and answers are held to the SDK's models."""

from sealane.cloud.schema import decode, shape

ACTIONS = {
    "CreateCustomerGateway", "DescribeCustomerGateways", "DeleteCustomerGateway", "ModifyCustomerGatewayAttribute",
    "CreateVpnAttachment", "DescribeVpnAttachments", "DescribeVpnConnection", "ModifyVpnAttachmentAttribute",
    "DeleteVpnAttachment", "DescribeVcoRouteEntries",
}
CONNECTION = ("Name", "NetworkType", "LocalSubnet", "RemoteSubnet", "EffectImmediately", "EnableTunnelsBgp",
              "TunnelBandwidth")


class Vpn:
    """The operations, over the documents of a harness."""

    def __init__(self, cloud, flat):
        self.cloud = cloud
        self.flat = flat
        self.made = 0

    def call(self, action, params):
        unknown = []
        given = decode("Vpc", action, dict(self.flat(params)), unknown=unknown)
        assert not unknown, f"{action} has no {unknown}"
        return shape("Vpc", action, getattr(self, action)(given), strict=True)

    def new(self, prefix):
        self.made += 1
        return f"{prefix}-{self.made}"

    def of_kind(self, kind):
        return [one for one in self.cloud.world.everything() if one.kind == kind and not one.deleting]

    def tunnels(self, vco):
        return sorted((one for one in self.of_kind("tunnel") if one.parent == vco), key=lambda one: one.id)

    def CreateCustomerGateway(self, given):  # noqa: N802
        assert all(one.fields["IpAddress"] != given["IpAddress"] for one in self.of_kind("customer_gateway"))
        known = self.new("cgw")
        said = {key: given.get(key, "") for key in ("IpAddress", "Name", "Description", "Tags")}
        self.cloud.put(known, "customer_gateway", Asn=int(given["Asn"]), **said)
        return {"CustomerGatewayId": known}

    def DescribeCustomerGateways(self, given):  # noqa: N802
        return {"CustomerGateways": {"CustomerGateway": [
            {**one.fields, "CustomerGatewayId": one.id, "Tags": {"Tag": one.fields["Tags"]}}
            for one in self.of_kind("customer_gateway")]}}

    def ModifyCustomerGatewayAttribute(self, given):  # noqa: N802
        self.cloud.put(given["CustomerGatewayId"], "customer_gateway", Description=given["Description"])
        return {}

    def DeleteCustomerGateway(self, given):  # noqa: N802
        used = [one.fields["CustomerGatewayId"] for one in self.of_kind("tunnel")]
        assert given["CustomerGatewayId"] not in used
        self.cloud.drop(given["CustomerGatewayId"])
        return {}

    def CreateVpnAttachment(self, given):  # noqa: N802
        known = self.new("vco")
        self.cloud.put(known, "vpn_attachment", "", "init", Tags=given["Tags"],
                       **{key: given[key] for key in CONNECTION})
        for one in given["TunnelOptionsSpecification"]:
            ike = {"Psk": "made-by-the-cloud", **one["TunnelIkeConfig"]}
            self.cloud.put(self.new("tun"), "tunnel", known, "active", InternetIp="", secrets={"Psk": ike["Psk"]},
                           **{**one, "TunnelIkeConfig": ike})
        return {"VpnConnectionId": known}

    def DescribeVpnAttachments(self, given):  # noqa: N802
        wanted = given.get("VpnConnectionId")
        return {"VpnAttachments": [{"InstanceId": one.id, "Name": one.fields["Name"], "Tags": one.fields["Tags"]}
                                   for one in self.of_kind("vpn_attachment") if wanted in (None, one.id)]}

    def DescribeVpnConnection(self, given):  # noqa: N802
        one = self.cloud.world.get(given["VpnConnectionId"])
        options = []
        for tunnel in self.tunnels(one.id):
            told = dict(tunnel.fields)
            for group in ("TunnelIkeConfig", "TunnelIpsecConfig", "TunnelBgpConfig"):
                told[group] = {key: str(inner) for key, inner in told[group].items()}
            told |= {key: str(told[key]).lower() for key in ("EnableDpd", "EnableNatTraversal")}
            options.append({**told, "TunnelId": tunnel.id})
        return {**{key: one.fields[key] for key in CONNECTION}, "VpnConnectionId": one.id, "State": one.status,
                "TunnelOptionsSpecification": {"TunnelOptions": options}}

    def ModifyVpnAttachmentAttribute(self, given):  # noqa: N802
        vco = given["VpnConnectionId"]
        self.cloud.put(vco, "vpn_attachment", **{key: given[key] for key in CONNECTION if key in given},
                       status=self.cloud.world.get(vco).status)
        for one in given.get("TunnelOptionsSpecification", ()):
            former = self.cloud.world.get(one["TunnelId"])
            told = {key: inner for key, inner in one.items() if key != "TunnelId"}
            told["TunnelIkeConfig"] = {**former.fields["TunnelIkeConfig"], **one["TunnelIkeConfig"]}
            self.cloud.put(one["TunnelId"], "tunnel", status="active", **told)
        return {}

    def DeleteVpnAttachment(self, given):  # noqa: N802
        vco = given["VpnConnectionId"]
        assert self.cloud.world.get(vco).status == "init"
        for one in self.tunnels(vco):
            self.cloud.drop(one.id)
        self.cloud.drop(vco)
        return {}

    def DescribeVcoRouteEntries(self, given):  # noqa: N802
        return {"VcoRouteEntries": []}
