"""Reading: each line meets the grammar of the mode it stands in, as on the device's command line."""

from dataclasses import dataclass, field

from sealane.diag import Origin, Severity, sort_findings
from sealane.model import DeviceReading, LineVerdict, ReadLine
from sealane.net import NodeName
from sealane.vendors.cisco_asa import rules_bgp, rules_filter, rules_interface, rules_system, rules_vpn
from sealane.vendors.cisco_asa.draft import Draft
from sealane.vendors.cisco_asa.grammar import PARENT, Args, Grammar, Mismatch, Mode, Rule
from sealane.vendors.cisco_asa.resolve import build_node
from sealane.vendors.cisco_asa.text import Noise, SourceLine, Veil, split_lines
from sealane.vendors.cisco_asa.tunnels import check_policies

_GRAMMAR = Grammar(
    (*rules_interface.RULES, *rules_filter.RULES, *rules_vpn.RULES, *rules_bgp.RULES, *rules_system.RULES)
)
_PLACES_SHOWN = 5


@dataclass(slots=True)
class _Modes:
    """The modes entered, outermost first, each with the column of the line that opened it."""

    open: list[tuple[Mode, int]] = field(default_factory=list)

    @property
    def now(self) -> Mode:
        return self.open[-1][0] if self.open else Mode.GLOBAL

    def enter(self, mode: Mode, column: int) -> None:
        self.open.append((mode, column))

    def leave_to(self, mode: Mode) -> None:
        """A command of an outer mode ends the inner ones."""
        while self.open and self.open[-1][0] is not mode:
            self.open.pop()

    def leave_one(self) -> None:
        if self.open:
            self.open.pop()

    def give_up(self, column: int) -> None:
        """A line that is not understood may open a block of its own: nothing at or right of it belongs to the old one.

        The device would refuse the line and stay where it is, but in a `show run` that line may well be a header that
        this grammar lacks, and taking its children for the former block's would be worse than to leave them unread.
        """
        while self.open and column <= self.open[-1][1]:
            self.open.pop()
        if not self.open:
            self.open.append((Mode.OPAQUE, column))


def _chain(mode: Mode) -> tuple[Mode, ...]:
    """Where a command is looked up, in order."""
    found = [mode]
    while found[-1] is not Mode.GLOBAL:
        found.append(PARENT.get(found[-1], Mode.GLOBAL))
    return tuple(found)


def read(text: str, file: str, node_name: NodeName) -> DeviceReading:
    """Read a configuration as ``show run`` prints it, as a file to be loaded, or as a document shows it.

    Args:
        text: Any text. Prompts, ``#`` remarks and session output are set apart and reported (ASA-D10), since a device
            would refuse them. Indentation does not matter; a block that occurs twice is one block, as on the device.
        file: Name of the text, for the places in findings.
        node_name: Name the node gets.

    Returns:
        The node as far as it was understood, every line once with its verdict (key material masked), and all findings.
        A physical port without ``no shutdown`` counts as enabled, because ``show run`` never prints that line. Keys
        written as ``*****`` are present but unknown: ``psk`` None.

    Source:
        Cisco ASA Series Command Reference and CLI configuration guides, release 9.19.
    """
    veil, modes = Veil.over(text), _Modes()
    draft = Draft(Origin(file, 1), veil.plain)
    source = split_lines(text, file)
    lines = tuple(ReadLine(line.origin, veil.line(line.raw), _read_line(draft, modes, line, veil)) for line in source)
    check_policies(draft)
    _report_noise(draft, source, file)
    node = build_node(draft, node_name, Origin(file, 1))
    return DeviceReading(node, lines, sort_findings(veil.finding(found) for found in draft.findings))


def indents(text: str) -> tuple[int, ...]:
    """How deep each line's command stands, as ``show run`` would indent it: 0 for global ones."""
    draft, modes, veil = Draft(Origin("", 1), Veil(()).plain), _Modes(), Veil(())
    depths = []
    for line in split_lines(text, ""):
        before = list(modes.open)
        _read_line(draft, modes, line, veil)
        opened = bool(modes.open) and not any(modes.open[-1] is mode for mode in before)
        depths.append(len(modes.open) - opened)
    return tuple(depths)


def _read_line(draft: Draft, modes: _Modes, line: SourceLine, veil: Veil) -> LineVerdict:
    draft.at = line.origin
    if not line.words:
        return LineVerdict.REMARK
    misses: list[Mismatch] = []
    for mode in _chain(modes.now):
        match _GRAMMAR.find(mode, line.words):
            case (Rule() as rule, Args() as args):
                return _apply(draft, modes, line, rule, args)
            case nearest:
                misses += [miss for miss in nearest if isinstance(miss, Mismatch)]
    if modes.now is Mode.QUIET and line.column > modes.open[-1][1]:
        return LineVerdict.NO_EFFECT
    _report_unread(draft, modes.now, veil.line(line.raw), misses)
    modes.give_up(line.column)
    return LineVerdict.UNKNOWN


def _apply(draft: Draft, modes: _Modes, line: SourceLine, rule: Rule, args: Args) -> LineVerdict:
    if rule.first == "exit":
        modes.leave_one()
        return rule.verdict
    if not line.prompted or rule.verdict is not LineVerdict.NO_EFFECT:
        modes.leave_to(rule.mode)
    before = len(draft.findings)
    rule.act(draft, args)
    if rule.enters is not None:
        modes.enter(rule.enters, line.column)
    if rule.first == "exit-address-family":
        modes.leave_one()
    lost = any(found.code in ("ASA-003", "ASA-004") for found in draft.findings[before:])
    return LineVerdict.UNKNOWN if lost else rule.verdict


def _report_unread(draft: Draft, mode: Mode, written: str, misses: list[Mismatch]) -> None:
    shown = written.strip()
    deepest = max((miss.depth for miss in misses), default=0)
    if not deepest:
        draft.warning(
            "ASA-001",
            f"line {draft.at.line}",
            f"`{shown}` is not understood in {mode.value} mode; it was left out",
            "check by hand whether the line matters for the tunnels or the circuit",
        )
        return
    nearest = [miss for miss in misses if miss.depth == deepest]
    expected = " or ".join(dict.fromkeys(miss.expected for miss in nearest))
    found = nearest[0].found
    draft.error(
        "ASA-002",
        f"line {draft.at.line}",
        f"`{shown}`: expected {expected} as word {deepest + 1}, found "
        + ("the end of the line" if found is None else f"'{found}'"),
        "correct the line; it was left out",
    )


def _report_noise(draft: Draft, source: tuple[SourceLine, ...], file: str) -> None:
    noisy = [line for line in source if line.noise]
    if not noisy:
        return
    counts = {kind: sum(kind in line.noise for line in noisy) for kind in Noise}
    parts = ", ".join(f"{count} with a {kind.value}" for kind, count in counts.items() if count)
    first = ", ".join(str(line.origin.line) for line in noisy[:_PLACES_SHOWN])
    more = ", ..." if len(noisy) > _PLACES_SHOWN else ""
    draft.report(
        "ASA-D10",
        Severity.ERROR,
        file,
        f"{len(noisy)} lines are a document, not device input ({parts}; lines {first}{more}): a device refuses each of "
        "them, and what follows a refused header then lands in the wrong mode",
        "remove the prompts, the `#` remarks and the session output; a comment line starts with `!`",
        *(line.origin for line in noisy[:_PLACES_SHOWN]),
    )
