"""The hands themselves: ip(8), nft(8) and sysctl files."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sealane.drivers.linux.write import HOME, Line
from sealane.host import entered, run, run_unchecked

WORKERS = 4
"""Programs run at once: more than cores, since some wait for the kernel."""

_ROUTER_SYSCTLS = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/default/accept_redirects": "0",
    "net/ipv4/fib_multipath_hash_policy": "1",
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/bridge/bridge-nf-call-iptables": "0",
}
"""Strict reverse path filtering would drop the replies of ECMP; hash policy 1 spreads flows by their ports; where
br_netfilter is loaded, a switch would send every frame through the hooks of a router (ip-sysctl, br_netfilter)."""


def ip_json(namespace: str, *questions: str) -> list[list[dict[str, Any]]]:
    """The answers of ``ip -j`` to questions that are never refused, asked in one call; nothing of a namespace gone."""
    text = run_unchecked(["ip", *_in(namespace), "-j", "-d", "-batch", "-"], text="\n".join(questions) + "\n").stdout
    answers: list[list[dict[str, Any]]] = []
    while text := text.strip():
        answer, end = json.JSONDecoder().raw_decode(text)
        answers.append(answer)
        text = text[end:]
    return answers if len(answers) == len(questions) else [[] for _ in questions]


def ip_batch(lines: Iterable[Line]) -> None:
    """Carry out lines, those of one namespace in one call.

    Raises:
        Fault: A line was refused; those before it, in its namespace, were carried out.
    """
    by_space: dict[str | None, list[str]] = defaultdict(list)
    for space, line in lines:
        by_space[space].append(line)


    def carry_out(space: str | None) -> None:
        command = ["ip", *_in(space), "-batch", "-"]
        run(command, text="\n".join(by_space[space]) + "\n", timeout_s=60)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(carry_out, tuple(by_space)))


def _in(space: str | None) -> list[str]:
    return [] if space is None else ["-n", space]


def ip_forgiving(lines: Iterable[Line]) -> None:
    """Carry out lines and go on where one is refused: for removing what may be gone."""
    by_space: dict[str | None, list[str]] = defaultdict(list)
    for space, line in lines:
        by_space[space].append(line.replace(HOME, str(os.getpid())))
    for space, batch in by_space.items():
        command = ["ip", *_in(space), "-force", "-batch", "-"]
        run_unchecked(command, text="\n".join(batch) + "\n", timeout_s=60)


def set_sysctls(namespace: str, *, forwarding: bool) -> None:
    """Settings of a namespace, before any interface exists in it."""
    with entered(namespace):
        for name, value in {**_ROUTER_SYSCTLS, "net/ipv4/ip_forward": "1" if forwarding else "0"}.items():
            path = Path("/proc/sys", name)
            if path.exists():
                path.write_text(value, encoding="ascii")


def forwards(namespace: str) -> bool:
    """Whether the namespace forwards IPv4."""
    with entered(namespace):
        return Path("/proc/sys/net/ipv4/ip_forward").read_text(encoding="ascii").strip() == "1"


def list_filters(namespace: str) -> str:
    """``nft list ruleset`` of a namespace, without what counters say."""
    return run(["nft", "-s", "list", "ruleset"], namespace=namespace)


def load_filters(namespace: str, text: str) -> None:
    """Feed nft, all or nothing.

    Raises:
        Fault: nft refused.
    """
    run(["nft", "-f", "-"], text=text, namespace=namespace)
