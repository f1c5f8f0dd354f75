"""A driver that remembers sees the same as one that reads everything, whatever was done to the namespaces between."""

import errno
import os
import random
import subprocess
import time

import pytest

from sealane.diag import Fault
from sealane.drivers.linux import LinuxDriver, Memory, driver
from sealane.drivers.linux.io import list_filters
from sealane.drivers.linux.read import digest_chain, read_contents
from sealane.host import NamespaceChanges

pytestmark = [pytest.mark.live, pytest.mark.beside]
PREFIX = "sl-t9m."
A, B = f"{PREFIX}a", f"{PREFIX}b"
ROUTE = "10.9.0.0/24 via 10.8.0.2 dev e0 table 100"
TABLE = "table ip sealane_t"
SETS = "nft add element ip sealane_t s { 10.0.0.%d }"
TOLD_AFTER_S = 1.2
"""The kernel tells of a lost carrier up to a second later (linkwatch)."""

CHANGES = {
    "link made": f"ip -n {A} link add e1 type bridge && ip -n {A} link set e1 alias 'sealane bridge 1400'",
    "link taken down": f"ip -n {A} link set e0 down",
    "far end taken down": f"ip -n {B} link set e0 down; sleep {TOLD_AFTER_S}",
    "link's MTU": f"ip -n {A} link set e0 mtu 1400",
    "far end's MTU": f"ip -n {B} link set e0 mtu 1400",
    "link renamed": f"ip -n {A} link set e0 down && ip -n {A} link set e0 name e7",
    "link put on a bridge": f"ip -n {A} link set e0 master sw",
    "link deleted": f"ip -n {A} link del e0",
    "link moved away": f"ip -n {A} link set e0 netns {B} name e9",
    "alias": f"ip -n {A} link set e0 alias other",
    "address added": f"ip -n {A} address add 10.8.1.1/30 dev e0",
    "address deleted": f"ip -n {A} address del 10.8.0.1/24 dev e0",
    "route added": f"ip -n {A} route add 10.9.1.0/24 via 10.8.0.2 table 100 proto 83",
    "route replaced": f"ip -n {A} route replace 10.9.0.0/24 via 10.8.0.3 dev e0 table 100 proto 83",
    **{f"route replaced by one of {protocol}":
       f"ip -n {A} route replace blackhole 10.9.0.0/24 table 100 proto {protocol}"
       for protocol in ("bird", "zebra", "dhcp", "kernel")},
    "route deleted": f"ip -n {A} route del {ROUTE}",
    "somebody's route": f"ip -n {A} route add 10.9.2.0/24 via 10.8.0.2",
    "somebody's routes at boot": f"ip -n {A} route add 10.9.2.0/24 via 10.8.0.2 proto boot table 7",
    "rule added": f"ip -n {A} rule add iif e0 table 101 priority 1001",
    "rule deleted": f"ip -n {A} rule del priority 1000",
    "table added": f"ip netns exec {A} nft add table ip other",
    "rule added to a table": f"ip netns exec {A} nft add rule ip sealane_t c drop",
    "element added to a set": f"ip netns exec {A} {SETS % 9}",
    "element deleted from a set": f"ip netns exec {A} {SETS.replace('add', 'delete') % 1}",
    "table deleted": f"ip netns exec {A} nft delete {TABLE}",
    "forwarding switched off": f"ip netns exec {A} sysctl -qw net.ipv4.ip_forward=0",
    "loopback taken down": f"ip -n {A} link set lo down",
    "namespace deleted": f"ip netns del {A}",
    "namespace deleted and made again": f"ip netns del {A}; ip netns add {A}; ip -n {A} link set lo up",
    "name given to another": f"ip netns exec {A} sleep 5 >&- 2>&- & sleep 0.2; ip netns del {A}; ip netns add {A}",
    "namespace added": f"ip netns add {PREFIX}c; ip -n {PREFIX}c link set lo up",
}


def sh(text):
    done = subprocess.run(["bash", "-ec", text], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def spaces():
    clear()
    sh(f"""
for one in {{0..7}}; do ip netns add {PREFIX}$one; ip -n {PREFIX}$one link set lo up; done  # read before A and B
ip netns add {A}; ip netns add {B}
ip -n {A} link set lo up; ip -n {B} link set lo up
ip netns exec {A} sysctl -qw net.ipv4.ip_forward=1
ip -n {A} link add e0 mtu 1500 type veth peer name e0 netns {B}
ip -n {A} link set e0 alias 'sealane cable {B} e0 1500 - -'
ip -n {B} link set e0 alias 'sealane far-end'; ip -n {B} link set e0 up; ip -n {A} link set e0 up
ip -n {A} link add sw type bridge
ip -n {A} link set sw alias 'sealane bridge 1500'; ip -n {A} link set sw up
ip -n {A} address add 10.8.0.1/24 dev e0
ip -n {A} route add {ROUTE} proto 83
ip -n {A} rule add iif e0 table 100 priority 1000
printf '%s' '{TABLE} {{ set s {{ type ipv4_addr; elements = {{ 10.0.0.1 }}; }}; chain c {{ ip daddr @s accept; }}; }}' \
    | ip netns exec {A} nft -f -
""")
    (content,) = read_contents(list_filters(A)).values()
    sh(f"ip netns exec {A} nft add chain ip sealane_t {digest_chain('0', content.digest)}")  # as whoever made it does
    yield
    clear()


def clear():
    sh(f"ip netns | sed -n 's/^\\({PREFIX}[^ ]*\\).*/\\1/p' | xargs -r -n1 ip netns del")


@pytest.fixture
def memory():
    kept = Memory()
    yield kept
    kept.close()


def seen(memory=None):
    reader = LinuxDriver(PREFIX, memory=memory)
    return frozenset(reader.observe()), frozenset(reader.foreign)


def settled(memory):
    """As a server comes to remember: the kernel's numbers are new at the first reading, and known at the second."""
    for _ in range(2):
        seen(memory)


@pytest.fixture
def read(monkeypatch):
    """Names of the namespaces that are read."""
    names, whole = [], driver._observe_namespace
    monkeypatch.setattr(driver, "_observe_namespace", lambda space: names.append(space) or whole(space))
    return names


@pytest.mark.usefixtures("spaces")
@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_noticed(memory, what):
    settled(memory)
    before = seen()
    assert seen(memory) == before
    sh(CHANGES[what])
    after = seen()
    assert after != before
    for _ in range(3):
        assert seen(memory) == after


@pytest.mark.usefixtures("spaces")
def test_what_does_not_change_is_not_read_again(memory, read):
    settled(memory)
    read.clear()
    for _ in range(20):
        seen(memory)
    assert len(set(read[:10])) == 10  # one each time, which was read longest ago
    assert read[10:] == read[:10]


@pytest.mark.usefixtures("spaces")
def test_what_daemons_do_is_no_change(memory, read):
    settled(memory)
    read.clear()
    sh(f"ip -n {A} route add 10.9.3.0/24 via 10.8.0.2 proto bird; ip -n {A} route del 10.9.3.0/24 proto bird")
    seen(memory)
    assert len(read) == 1
    assert read != [A]


@pytest.mark.usefixtures("spaces")
@pytest.mark.parametrize("seed", range(2))
def test_after_any_changes_in_any_order_the_same_is_seen(memory, seed):
    drawn = random.Random(seed)
    kinds = [line for what, line in CHANGES.items() if "namespace" not in what and "name" not in what]
    for _ in range(6):
        for line in drawn.choices(kinds, k=drawn.randint(1, 3)):
            subprocess.run(["bash", "-c", line], check=False, capture_output=True)  # refused when it was done before
            if drawn.random() < 0.5:
                subprocess.run(["bash", "-c", drawn.choice([
                    f"ip -n {A} route del 10.9.1.0/24 table 100", f"ip -n {A} rule del iif e0 table 101",
                    f"ip -n {A} link set e0 up mtu 1500", f"ip netns exec {A} sysctl -qw net.ipv4.ip_forward=1",
                    f"ip -n {B} link set e0 up mtu 1500", f"ip netns exec {A} {SETS.replace('add', 'delete') % 9}",
                ])], check=False, capture_output=True)
            if drawn.random() < 0.3:
                seen(memory)
        time.sleep(TOLD_AFTER_S)
        assert seen(memory) == seen()


@pytest.mark.usefixtures("spaces")
def test_when_the_kernel_has_lost_what_it_had_to_tell_everything_is_read(memory, read, monkeypatch):
    monkeypatch.setattr("sealane.host.changes._BUFFER_BYTES", 4096)
    settled(memory)
    read.clear()
    lines = "\n".join(f"rule add priority {2000 + one} table 9" for one in range(200))
    sh(f"ip -n {A} -batch - <<< '{lines}'; ip -n {B} rule add priority 3000 table 9")
    assert seen(memory) == seen()
    assert len(set(read[:10])) == 10


@pytest.mark.usefixtures("spaces")
def test_where_the_kernel_does_not_tell_nothing_is_remembered(read, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    listen = NamespaceChanges._listen
    monkeypatch.setattr(NamespaceChanges, "_listen", refuse)
    memory = Memory()
    settled(memory)
    read.clear()
    seen(memory)
    assert len(set(read)) == 10
    assert memory.deaf == "Operation not permitted"
    monkeypatch.setattr(NamespaceChanges, "_listen", listen)
    settled(memory)
    read.clear()
    seen(memory)
    memory.close()
    assert (len(read), memory.deaf) == (1, ""), "as soon as it tells again, it is listened to"


@pytest.mark.usefixtures("spaces")
def test_what_could_not_be_asked_is_neither_taken_for_empty_nor_remembered(memory, monkeypatch):
    before, whole = seen(), driver.io.run_unchecked

    def fail(command, **options):
        done = whole(command, **options)
        if command[:3] == ["ip", "-n", A]:
            done.stdout = ""
        return done

    settled(memory)
    sh(f"ip -n {A} route add 10.9.1.0/24 via 10.8.0.2 table 100 proto 83; ip -n {A} route del 10.9.1.0/24 table 100")
    monkeypatch.setattr(driver.io, "run_unchecked", fail)
    with pytest.raises(Fault, match=f"read namespace {A}"):
        seen(memory)
    monkeypatch.undo()
    assert seen(memory) == before


@pytest.mark.usefixtures("spaces")
def test_that_namespaces_get_no_numbers_is_told(memory, monkeypatch):
    monkeypatch.setattr(NamespaceChanges, "numbered", lambda *_: {})
    seen(memory)
    assert memory.deaf == "namespaces get no numbers"
    monkeypatch.undo()
    seen(memory)
    assert memory.deaf == ""
