"""The frame check: which spokes can matter to each other's packets.

A spoke claims the prefixes that it can bring into tables outside of it, and those from which packets enter at it. As
long as no claim of a spoke covers a prefix that another spoke, or the core, tells apart, none of its routes is looked
up for a packet of theirs; nor does it compete with one of their routes, since routes compete within a prefix only.
Spokes of which this does not hold become one; one that can matter to the core becomes a part of it.
"""

from collections import defaultdict
from collections.abc import Mapping

from sealane.model import AttachmentKind, Network
from sealane.net import MASKS, Cidr, Prefix
from sealane.verify.entry import Entries
from sealane.verify.spokes.belong import CORE, Belonging, Groups, Spokes, Undivided, belonging
from sealane.verify.spokes.claims import Claims, claimed, told_apart
from sealane.verify.spokes.passing import passes_on

_MOST_COMMON = 200
"""Prefixes of sites within the cloud's, which every part tells apart."""


class Frame:
    """Spokes that are apart.

    ``common`` are prefixes of spokes inside the cloud's; packets to and from there are looked at in every part.
    ``literal`` are those that are not one spoke's alone, or have prefixes of another spoke inside.

    Raises:
        Undivided: The network cannot be divided; the text says why.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._entries = Entries(network)
        found = belonging(network)
        while True:
            self.belong: Belonging = found
            self.claims = Claims(claimed(found, self._entries))
            self.told_apart = self._told_apart()
            self.common = self._common()
            groups = self._joined()
            if groups is None:
                break
            found = found.renumbered(_numbers(groups, found.count))
        if len(self.common) > _MOST_COMMON:
            raise Undivided(f"{len(self.common)} prefixes of sites are inside those of the cloud")
        self.literal = self._literal()
        reason = passes_on(self.belong, self.claims, self.told_apart)
        if reason:
            raise Undivided(reason)

    def owner(self, prefix: Prefix) -> int:
        """The spoke that a route or rule of the core for a prefix is about; CORE for none."""
        return self.claims.owner(Cidr.of(prefix))

    def about(self, prefix: Prefix) -> Spokes:
        """The spokes that a protection of a prefix is about; CORE alone for none."""
        return self.claims.touching(Cidr.of(prefix)) or frozenset({CORE})

    def part(self, spokes: Spokes) -> Spokes:
        """Some spokes with another one where needed: a published CIDR needs a VPN attachment that a table learns from.

        Spokes that do not matter to each other may be looked at together.
        """
        if not any(one.publish for one in self.belong.router.cidrs):
            return spokes
        wanted: dict[str, list[int]] = defaultdict(list)
        for one in self.belong.router.attachments:
            for table in one.propagations if one.kind is AttachmentKind.VPN else ():
                wanted[table].append(self.belong.attachments[one.name])
        found = set(spokes)
        for several in wanted.values():
            if not found.intersection(several) and CORE not in several:
                found.add(several[0])
        return frozenset(found)

    def _told_apart(self) -> Mapping[int, set[Cidr]]:
        found: dict[int, set[Cidr]] = defaultdict(set)
        for prefix, spoke in told_apart(self.belong, self.claims):
            found[spoke].add(prefix)
        for one in self.network.protections:
            found[CORE] |= set(map(Cidr.of, one.cloud))
            for site in one.site:
                for spoke in self.about(site):
                    found[spoke].add(Cidr.of(site))
        return found

    def _common(self) -> frozenset[Cidr]:
        nodes = self.belong.nodes
        cloud = {prefix for node, prefix in self._entries.claims() if nodes.get(node, CORE) == CORE}
        cloud |= {Cidr.of(prefix) for one in self.network.protections for prefix in one.cloud}
        lengths = sorted({one.length for one in cloud})
        return frozenset(
            prefix for spoke, prefixes in self.told_apart.items() if spoke != CORE for prefix in prefixes
            if any(Cidr(prefix.address & MASKS[length], length) in cloud for length in lengths
                   if length <= prefix.length)
        ) - self.told_apart.get(CORE, set())

    def _joined(self) -> Groups[int] | None:
        """Those that are not apart, together; None when all are apart."""
        groups: Groups[int] | None = None
        core = self.told_apart.get(CORE, set()) | self.common
        for spoke, prefixes in ((CORE, core), *self.told_apart.items()):
            for prefix in prefixes if spoke == CORE else prefixes - core:
                for several in self.claims.above(prefix):
                    if several - {spoke}:
                        groups = Groups() if groups is None else groups
                        groups.join_all((spoke, *several))
        return groups

    def _literal(self) -> frozenset[Cidr]:
        owners: dict[Cidr, set[int]] = defaultdict(set)
        for spoke, prefixes in self.told_apart.items():
            for prefix in prefixes:
                owners[prefix].add(spoke)
        found = self.told_apart.get(CORE, set()) | self.common
        found |= {prefix for prefix, spokes in owners.items() if len(spokes) > 1}
        around: list[Cidr] = []
        for prefix in sorted(owners):
            while around and not around[-1].contains(prefix):
                around.pop()
            found |= {outer for outer in around if owners[prefix] - owners[outer]}
            around.append(prefix)
        return frozenset(found)


def _numbers(groups: Groups[int], count: int) -> dict[int, int]:
    core = groups.root(CORE)
    kept = dict.fromkeys(groups.root(one) for one in range(count) if groups.root(one) != core)
    place = {root: number for number, root in enumerate(kept)}
    return {one: place.get(groups.root(one), CORE) for one in range(count)}
