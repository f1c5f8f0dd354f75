"""Long texts are read in a time that grows with their length, and messages stay short: users send texts to a server."""

import time

import pytest

from sealane.net import NodeName
from sealane.vendors.cisco_asa import read

LINES = 3000


def octets(number):
    return f"{number >> 8 & 255}.{number & 255}"


def interface(number, address, mask="255.255.255.0"):
    return f"interface GigabitEthernet0/{number}\n nameif n{number}\n ip address {address} {mask}\n"


@pytest.mark.parametrize(
    "line",
    [
        lambda number: f"route outside 10.{octets(number)}.0 255.255.255.0 192.168.1.1\n",
        lambda number: f"access-list a extended permit tcp host 10.{octets(number)}.1 any eq {number}\n",
        lambda number: interface(number, f"10.{octets(number)}.1"),
        lambda number: interface(number, "10.0.0.1", "255.0.0.0"),
    ],
    ids=["routes", "rules", "interfaces", "overlapping interfaces"],
)
def test_long_texts_are_read_soon(line):
    began = time.process_time()
    read("".join(map(line, range(LINES))), "long.cfg", NodeName("cgw"))
    assert time.process_time() - began < 3  # 0.3; far more than a minute where the time grows with the square


def test_a_message_names_a_few_of_thousands():
    text = "".join(interface(number, f"10.{octets(number)}.1") for number in range(1000))
    (finding,) = read(f"{text}route nowhere 10.0.0.0 255.0.0.0 10.0.0.9\n", "x.cfg", NodeName("cgw")).findings
    assert finding.problem.endswith("n8, n9 and 990 more")


def test_routes_and_rules_are_taken_back_by_what_is_said_of_them():
    text = ("interface G0/0\n nameif outside\n ip address 10.0.0.1 255.255.255.0\n"
            "route outside 10.1.0.0 255.255.0.0 10.0.0.2\nroute outside 10.1.0.0 255.255.0.0 10.0.0.3 5\n"
            "route outside 10.2.0.0 255.255.0.0 10.0.0.2\nroute outside 10.1.0.0 255.255.0.0 10.0.0.2\n"
            "access-list a extended permit ip any any\naccess-list a extended deny ip any any\n")  # fmt: skip

    def of(*lines):
        found = read(text + "".join(f"{line}\n" for line in lines), "x.cfg", NodeName("cgw"))
        routes = [f"{route.prefix} {route.next_hop}" for route in found.node.static_routes]
        return routes, [rule.permit for rule in found.node.access_lists[0].rules]

    one, two, three = "10.1.0.0/16 10.0.0.2", "10.1.0.0/16 10.0.0.3", "10.2.0.0/16 10.0.0.2"
    assert of() == ([one, two, three], [True, False])
    assert of("no route outside 10.1.0.0 255.255.0.0")[0] == [three]
    assert of("no route outside 10.1.0.0 255.255.0.0 10.0.0.3")[0] == [one, three]
    assert of("no route outside 10.1.0.0 255.255.0.0 10.0.0.3 1")[0] == [one, two, three]
    assert of("no access-list a extended permit ip any any")[1] == [False]
    assert of("no access-list a extended permit ip any any", "access-list a extended permit ip any any")[1] == [
        False, True]  # fmt: skip
