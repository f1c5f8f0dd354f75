"""Quotas end where they are set, not elsewhere."""

import pytest
from harness import REGION, Cloud

from sealane.cloud import CloudError
from sealane.cloud.quotas import MOST, Quotas


def gateway(cloud, last):
    return cloud.call("Vpc", "CreateCustomerGateway", RegionId=REGION, IpAddress=f"203.0.113.{last}", Asn=65530)


@pytest.mark.parametrize("most", [1, 3])
def test_a_quota_ends_where_it_is_set(most):
    cloud = Cloud(quotas=Quotas(customer_gateways=most))
    for last in range(1, most + 1):
        gateway(cloud, last)
    with pytest.raises(CloudError, match=f"at most {most} customer gateways") as caught:
        gateway(cloud, 99)
    assert caught.value.code == "CreateVpnUserGatewayQuotaFull.QuotaFull"


def test_others_are_kept():
    changed = Quotas().changed({"vpn-attachments": "200", "customer-gateways": "400"})
    assert changed == Quotas(customer_gateways=400, vpn_attachments=200)


@pytest.mark.parametrize(("written", "told"), [
    ({"gateways": "5"}, "gateways is no quota, expected one of customer-gateways, vbr-attachments"),
    ({"vpn-attachments": "many"}, "vpn-attachments is many, expected a number from 1"),
    ({"vpn-attachments": "0"}, "is 0"),
    ({"vpn-attachments": ""}, "is ,"),
    ({"vpn-attachments": "9" * 5000}, "expected a number from 1"),
    ({"vpn-attachments": str(MOST + 1)}, "expected a number from 1"),
])
def test_what_is_no_quota_is_refused(written, told):
    with pytest.raises(ValueError, match=told):
        Quotas().changed(written)
