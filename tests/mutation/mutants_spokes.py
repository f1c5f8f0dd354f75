"""The planted errors in proofs site by site."""

from mutant import Mutant

LAWS = "property/test_spokes_laws.py"
SAME = f"{LAWS}::test_a_survey_says_the_same_under_single_failures"
FOUR = f"{LAWS}::test_a_survey_of_four_sites_says_the_same"
OF_SOME = f"{LAWS}::test_a_survey_says_the_same_of_what_is_written_once_for_several_sites"
FLOWS = f"{LAWS}::test_every_flow_is_in_a_part_and_ends_there_as_in_the_whole"
CLAIMS = f"{LAWS}::test_a_site_that_claims_what_another_has_is_looked_at_with_it"
CLOUD = f"{LAWS}::test_a_site_that_claims_what_the_cloud_has_is_part_of_it"
DIFFER = f"{LAWS}::test_sites_differ_by_lengths_by_what_contains_what_and_by_what_others_have"
ENOUGH = f"{LAWS}::test_packets_between_sites_are_looked_at_where_the_parts_do_not_tell_enough"
OF_EACH = f"{LAWS}::test_what_fails_in_several_sites_is_told_of_each"


def _mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, f"verify/{file}", old, new, tests)


SPOKES = (
    _mutant("a site may claim what another has", "spokes/frame.py", "if several - {spoke}:",
            "if several - {spoke} and spoke == CORE:", CLAIMS),
    _mutant("a site may claim what the cloud has", "spokes/frame.py", "((CORE, core), *self.told_apart.items())",
            "((one, found) for one, found in self.told_apart.items() if one != CORE)", CLOUD),
    _mutant("a claim around another's prefix does not matter", "spokes/claims.py",
            "if length <= prefix.length:", "if length == prefix.length:", CLAIMS),
    _mutant("what a device announces is no claim", "spokes/claims.py",
            "(Cidr.of(one.prefix) for one in (() if node.bgp is None else node.bgp.networks))\n    yield from "
            "(Cidr.of(one.prefix) for one in (() if node.vbr", "()\n    yield from (Cidr.of(one.prefix) for one in "
            "(() if node.vbr", CLAIMS),
    _mutant("routes over a circuit are no claim", "spokes/claims.py",
            "(Cidr.of(one.prefix) for one in (() if node.vbr is None else node.vbr.circuit_routes))", "()", CLAIMS),
    _mutant("routes to the inside are no claim", "spokes/claims.py",
            "yield prefix, belong.nodes.get(node_name, CORE)", "yield prefix, CORE", CLAIMS),
    _mutant("routes at the transit router are no claim", "spokes/claims.py",
            'yield Cidr.of(route.prefix), belong.attachments.get(route.attachment or "", CORE)',
            "yield Cidr.of(route.prefix), CORE", CLAIMS),
    _mutant("a device may pass on what it heard", "spokes/passing.py",
            "return found is not None", "return False",
            f"{LAWS}::test_a_site_that_may_pass_on_what_it_heard_is_not_apart"),
    _mutant("nobody has more than sessions over tunnels", "spokes/passing.py",
            "if spoke == CORE or _hears_by_tunnels_only(nodes, shown):", "if True:",
            f"{LAWS}::test_a_site_that_may_pass_on_what_it_heard_is_not_apart"),
    _mutant("a published CIDR is forgotten", "spokes/frame.py",
            "if not found.intersection(several) and CORE not in several:", "if False:", OF_SOME),
    _mutant("a policy about several sites is about none", "spokes/cut.py",
            "bool(one.prefixes) and not prefixes,", "len(prefixes) < len(one.prefixes),", OF_SOME),
    _mutant("a policy about other sites is about all", "spokes/cut.py", "if any(gone):", "if False:", OF_SOME),
    _mutant("a protection of several sites is of the first", "spokes/frame.py",
            "return self.claims.touching(Cidr.of(prefix)) or frozenset({CORE})",
            "return frozenset({min(self.claims.touching(Cidr.of(prefix)), default=CORE)} & {0, CORE})", OF_SOME),
    _mutant("routes of the core for a site are lost", "spokes/cut.py",
            "self._statics = _Dealt((one, (frame.owner(one.prefix),)) for one in node.static_routes)",
            "self._statics = _Dealt((one, ()) for one in node.static_routes)", OF_SOME),
    _mutant("classes have no holes where other sites are", "spokes/part.py",
            "return Universe(network, self.frame.common, self.whole)", "return Universe(network, self.frame.common)",
            f"{LAWS}::test_a_prefix_that_other_sites_fill_stands_for_nobody"),
    _mutant("packets between sites are not looked at", "spokes/part.py",
            "if one is not other or len(one.parts) > 1", "if False", FLOWS),
    _mutant("devices never hear of other sites", "spokes/between.py",
            "if any(policy.publish(table.name, told, one).route is not None for one in receivers.values()):",
            "if False:", ENOUGH),
    _mutant("no policy lets sites hear of one another", "spokes/between.py",
            "if any(one.permit and one.direction is MapDirection.REGION_OUT for one in router.route_maps):",
            "if False:", ENOUGH),
    _mutant("tables do not matter between sites", "spokes/between.py",
            "return bool(cloud) and bool(cloud[0].interfaces) and len", "return True or len", ENOUGH),
    _mutant("routes of the cloud are never around sites", "spokes/between.py", "not _depends_on_cloud(frame)", "True",
            ENOUGH),
    _mutant("every prefix has addresses of its own", "spokes/between.py", "_inhabited(frame, whole)", "True", ENOUGH),
    _mutant("what goes round in a part does not go round between parts", "spokes/between.py",
            "if any(here) or any(True for _ in survey.looping(scenario.failed, state)):", "if False:", ENOUGH),
    _mutant("what was not looked at is proved", "spokes/prove.py", "if judgement.verdict is Verdict.PROVED:",
            "if False:", f"{LAWS}::test_what_is_not_looked_at_is_not_proved"),
    _mutant("lengths do not matter", "spokes/shape.py", "found.append((here is not one, (here, outer, one.length, ",
            "found.append((here is not one, (here, outer, ", DIFFER),
    _mutant("what contains what does not matter", "spokes/shape.py",
            "found.append((here is not one, (here, outer, ", "found.append((here is not one, (here, None, ", DIFFER),
    _mutant("prefixes around other sites' are as any", "spokes/frame.py",
            "found |= {outer for outer in around if owners[prefix] - owners[outer]}", "pass", DIFFER),
    _mutant("AS numbers of several sites are as any", "spokes/shape.py", "several |= seen & part.numbers", "pass",
            f"{LAWS}::test_sites_with_one_as_number_differ_from_others"),
    _mutant("failures are told of the first site", "spokes/merge.py",
            "renamings = [to.names for to in kind.renamings(kind.first)]",
            "renamings = [to.names for to in kind.renamings(kind.first)[:1]]", OF_EACH),
    _mutant("failures keep the first site's names", "spokes/shape.py",
            'return f"{kind}:{self._names.get(name, name)}"', 'return f"{kind}:{name}"', OF_EACH),
    _mutant("the best verdict counts", "spokes/merge.py", "verdict = min(verdicts, key=_WORST.index)",
            "verdict = max(verdicts, key=_WORST.index)", FOUR),
    _mutant("routes used at the first site count as used nowhere else", "spokes/prove.py",
            "self._used |= {to.names.origin(origin) for to in kind.renamings(kind.first)}",
            "self._used |= {origin}", f"{LAWS}::test_what_no_packet_uses_is_told_of_all_sites"),
    _mutant("mode required is content with a tunnel of another site", "properties/no_blackhole.py",
            "any(one & joined.tunnels(flow) for one in scenario.states)", "any(scenario.states)",
            f"{LAWS}::test_mode_required_asks_for_a_tunnel_of_the_site_itself"),
)  # fmt: skip
