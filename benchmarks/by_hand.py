"""The scenario of examples/hangzhou-gateway made with the bare tools: the same daemon for ESP, the same namespaces.

Four charons with their TUNs in the routers, static routes over both tunnels, and nothing else: no BGP, no nftables.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PREFIX = "bench-hand."
SPACES = ("ecs1", "sw", "vpc", "tr", "vbr", "cgw", "core", "client", "tr-t1", "tr-t2", "cgw-t1", "cgw-t2")
LINKS = (  # namespace, interface, its address; twice
    ("ecs1", "eth0", "172.16.10.225/24", "sw", "p1", ""),
    ("vpc", "vsw1", "172.16.10.253/24", "sw", "p2", ""),
    ("vpc", "tr", "100.64.1.2/30", "tr", "vpc", "100.64.1.1/30"),
    ("tr", "vbr", "100.64.2.1/30", "vbr", "tr", "100.64.2.2/30"),
    ("vbr", "circuit", "10.0.0.1/30", "cgw", "uplink", "10.0.0.2/30"),
    ("cgw", "lan", "192.168.50.215/24", "core", "core", "192.168.50.216/24"),
    ("core", "clients", "192.168.20.1/24", "client", "eth0", "192.168.20.6/24"),
    ("tr", "gw1", "100.64.3.1/30", "tr-t1", "wan", "10.10.10.49/32"),
    ("tr", "gw2", "100.64.3.5/30", "tr-t2", "wan", "10.10.10.50/32"),
    ("cgw", "gw1", "100.64.3.9/30", "cgw-t1", "wan", "192.168.10.136/32"),
    ("cgw", "gw2", "100.64.3.13/30", "cgw-t2", "wan", "192.168.40.159/32"),
)
ROUTES = (
    ("ecs1", "default via 172.16.10.253"),
    ("vpc", "default via 100.64.1.1"),
    ("tr", "172.16.0.0/16 via 100.64.1.2"),
    ("tr", "192.168.10.136 via 100.64.2.2"),
    ("tr", "192.168.40.159 via 100.64.2.2"),
    ("tr", "10.10.10.49 dev gw1"),
    ("tr", "10.10.10.50 dev gw2"),
    ("vbr", "10.10.10.0/24 via 100.64.2.1"),
    ("vbr", "192.168.0.0/16 via 10.0.0.2"),
    ("cgw", "10.10.10.0/24 via 10.0.0.1"),
    ("cgw", "192.168.20.0/24 via 192.168.50.216"),
    ("cgw", "192.168.10.136 dev gw1"),
    ("cgw", "192.168.40.159 dev gw2"),
    ("core", "default via 192.168.50.215"),
    ("client", "default via 192.168.20.1"),
    ("tr-t1", "default via 100.64.3.1 dev wan onlink"),
    ("tr-t2", "default via 100.64.3.5 dev wan onlink"),
    ("cgw-t1", "default via 100.64.3.9 dev wan onlink"),
    ("cgw-t2", "default via 100.64.3.13 dev wan onlink"),
)
TUNNELS = (  # endpoint, router, number, inside address, own and far outer address, initiates
    ("tr-t1", "tr", 1, "169.254.10.1/30", "10.10.10.49", "192.168.10.136", False),
    ("tr-t2", "tr", 2, "169.254.20.1/30", "10.10.10.50", "192.168.40.159", False),
    ("cgw-t1", "cgw", 1, "169.254.10.2/30", "192.168.10.136", "10.10.10.49", True),
    ("cgw-t2", "cgw", 2, "169.254.20.2/30", "192.168.40.159", "10.10.10.50", True),
)
PROTECTED = (
    ("tr", "192.168.20.0/24", "169.254.10.2", "169.254.20.2"),
    ("cgw", "172.16.0.0/16", "169.254.10.1", "169.254.20.1"),
)
CHARON = """charon-systemd {{
  load = random nonce openssl aesni aes sha1 sha2 hmac kdf gcm kernel-libipsec kernel-netlink socket-default vici updown
  install_routes = no
  routing_table_prio = 33000
  plugins {{
    vici {{
      socket = unix://{folder}/vici
    }}
    socket-default {{
      use_ipv6 = no
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
}}
"""
CONNECTION = """connections {{
  t {{
    version = 2
    local_addrs = {own}
    remote_addrs = {far}
    proposals = aes128-sha1-modp2048
    encap = yes
    mobike = no
    local {{
      auth = psk
      id = {own}
    }}
    remote {{
      auth = psk
      id = {far}
    }}
    children {{
      t {{
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = aes128-sha1-modp2048
        start_action = {action}
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{
    secret = by-hand
  }}
}}
"""
SYSCTLS = ("ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0", "fib_multipath_hash_policy=1")
LIMIT_S = 20.0


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=LIMIT_S).stdout


def ip(space: str, words: str) -> None:
    run("ip", "-n", PREFIX + space, *words.split())


def wait(*words: str) -> None:
    """Run a command until it succeeds."""
    deadline = time.monotonic() + LIMIT_S
    while subprocess.run(words, check=False, capture_output=True, timeout=LIMIT_S).returncode != 0:
        if time.monotonic() > deadline:
            raise SystemExit(f"by_hand: {' '.join(words)} does not succeed")
        time.sleep(0.02)


def _wire() -> None:
    for space in SPACES:
        run("ip", "netns", "add", PREFIX + space)
        run("ip", "netns", "exec", PREFIX + space, "sysctl", "-qw", *(f"net.ipv4.{one}" for one in SYSCTLS))
        ip(space, "link set lo up")
    ip("sw", "link add sw0 type bridge mcast_snooping 0")
    ip("sw", "link set sw0 up")
    for space, name, address, peer_space, peer, peer_address in LINKS:
        ip(space, f"link add {name} type veth peer name {peer} netns {PREFIX}{peer_space}")
        for one, interface, own in ((space, name, address), (peer_space, peer, peer_address)):
            ip(one, f"link set {interface} up")
            ip(one, f"addr add {own} dev {interface}" if own else f"link set {interface} master sw0")
    for space, route in ROUTES:
        ip(space, f"route add {route}")


def _charons(scratch: Path) -> subprocess.Popen[bytes]:
    """All charons, in one session of their own as daemons are: Linux gives every session a scheduler group, and what
    makes the traffic must share it with the daemons of neither network."""
    lines = []
    for endpoint, *_ in TUNNELS:
        folder = scratch / endpoint
        folder.mkdir()
        config = folder / "strongswan.conf"
        config.write_text(CHARON.format(folder=folder), "utf-8")
        lines.append(f"STRONGSWAN_CONF={config} ip netns exec {PREFIX}{endpoint} /usr/sbin/charon-systemd &")
    return subprocess.Popen(
        ["sh", "-c", "\n".join([*lines, "wait"])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _place(tunnel: tuple[str, str, int, str, str, str, bool], mtu: int) -> None:
    endpoint, router, number, inside, *_ = tunnel
    wait("ip", "-n", PREFIX + endpoint, "link", "show", "dev", "ipsec0")
    ip(endpoint, f"link set ipsec0 netns {PREFIX}{router} name ipsec{number}")
    ip(endpoint, "link add ipsec0 type bridge")
    ip(endpoint, "link set ipsec0 up")
    ip(router, f"link set ipsec{number} mtu {mtu} up")
    ip(router, f"addr add {inside} dev ipsec{number}")


def _load(scratch: Path, tunnel: tuple[str, str, int, str, str, str, bool]) -> None:
    endpoint, _, _, _, own, far, initiates = tunnel
    config = scratch / endpoint / "swanctl.conf"
    config.write_text(CONNECTION.format(own=own, far=far, action="start" if initiates else "none"), "utf-8")
    socket = f"unix://{scratch / endpoint / 'vici'}"
    wait("swanctl", "--load-all", "--noprompt", "--uri", socket, "--file", str(config))


def _away(charons: subprocess.Popen[bytes] | None) -> None:
    if charons is not None:
        os.killpg(charons.pid, signal.SIGKILL)
        charons.wait()
    for space in SPACES:
        subprocess.run(["ip", "netns", "del", PREFIX + space], check=False, capture_output=True)


@contextmanager
def by_hand(mtu: int) -> Iterator[str]:
    """The network, up and carrying traffic through both tunnels; gives what its namespaces' names begin with."""
    charons: subprocess.Popen[bytes] | None = None
    _away(charons)
    with TemporaryDirectory(prefix="bench-") as scratch:
        try:
            _wire()
            charons = _charons(Path(scratch))
            for tunnel in TUNNELS:
                _place(tunnel, mtu)
            for tunnel in TUNNELS:
                _load(Path(scratch), tunnel)
            for router, prefix, *hops in PROTECTED:
                ways = " ".join(f"nexthop via {hop}" for hop in hops)
                ip(router, f"route add {prefix} {ways}")
            wait("ip", "netns", "exec", f"{PREFIX}tr", "ping", "-c1", "-W1", "169.254.10.2")
            wait("ip", "netns", "exec", f"{PREFIX}tr", "ping", "-c1", "-W1", "169.254.20.2")
            yield PREFIX
        finally:
            _away(charons)


if __name__ == "__main__":
    with by_hand(1400) as prefix:
        print(run("ip", "netns", "exec", f"{prefix}client", "ping", "-c3", "-i0.2", "172.16.10.225"))
