"""YAML text to a tree of marks.

Built on the parser's events rather than its documents: an alias is refused where it stands, before anything could
be multiplied, and nesting is bounded. Plain scalars are left as text, so that ``off``, ``1:40`` and ``0777`` mean what
they look like.
"""

import re
from collections.abc import Iterator

import yaml

from sealane.diag import Finding, Origin
from sealane.spec.mark import Entry, Fields, Items, Mark, Scalar
from sealane.spec.notes import Notes

MAX_TEXT_CHARACTERS = 1 << 22
"""Some 1,300 sites."""
MAX_DEPTH = 24
"""A plan is nested eight deep; the bound keeps a hostile text from exhausting the stack of its readers."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


def parse(text: str, file: str, sensitive: frozenset[str] = frozenset()) -> tuple[Mark | None, tuple[Finding, ...]]:
    """Read a text.

    Args:
        text: The YAML text.
        file: Its name in findings.
        sensitive: Keys below which nothing written may appear in a finding.

    Returns:
        The tree, None when there is none to be had, and what is wrong. Never raises.
    """
    notes = Notes()
    if len(text) > MAX_TEXT_CHARACTERS:
        notes.error("PLAN-006", file, f"has {len(text)} characters, more than {MAX_TEXT_CHARACTERS}",
                    "split the plan", Origin(file, 1))
        return None, notes.findings()
    builder = _Builder(file, notes, sensitive)
    try:
        root = builder.build(text)
    except _GiveUpError:
        root = None
    except (yaml.YAMLError, ValueError) as problem:
        _note_syntax(text, file, problem, notes)
        root = None
    return root, notes.findings()


def _note_syntax(text: str, file: str, problem: Exception, notes: Notes) -> None:
    mark = getattr(problem, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    what = getattr(problem, "problem", None) or "the text holds characters that YAML does not allow"
    if "nesting depth" in what:  # libyaml 0.2.6 and later looks ahead and stops before the builder counts to its limit
        notes.error("PLAN-006", file, f"is nested more than {MAX_DEPTH} deep", "flatten the plan", Origin(file, line))
        return
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        notes.error("PLAN-001", file, "a tab indents this line; YAML indents with spaces",
                    "replace the tab by spaces", Origin(file, line))
        return
    notes.error("PLAN-001", file, f"is not YAML: {_QUOTED.sub('...', what)}",
                "correct this line or the one above it (colons, indentation, quotes)", Origin(file, line))


class _GiveUpError(Exception):
    """The rest of the text cannot be read; the finding has been noted."""


class _Builder:
    """Builds the tree from events, without recursion into the text."""

    def __init__(self, file: str, notes: Notes, sensitive: frozenset[str]) -> None:
        self._file = file
        self._notes = notes
        self._sensitive = sensitive

    def build(self, text: str) -> Mark | None:
        """The tree of the only document."""
        events = iter(yaml.parse(text, Loader=_LOADER))
        root: Mark | None = None
        documents = 0
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self._give_up("PLAN-006", event, "holds a second document", "keep one document in a file")
                case yaml.ScalarEvent() | yaml.SequenceStartEvent() | yaml.MappingStartEvent() | yaml.AliasEvent():
                    root = self._node(event, events, 0, hidden=False)
                case _:
                    pass
        if root is None or (isinstance(root, Scalar) and root.is_null):
            self._notes.error("PLAN-002", self._file, "is empty, expected a plan",
                              "begin with 'version: 1' and 'name:'", Origin(self._file, 1))
            return None
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int, *, hidden: bool) -> Mark:
        if depth > MAX_DEPTH:
            self._give_up("PLAN-006", event, f"is nested more than {MAX_DEPTH} deep", "flatten the plan")
        if isinstance(event, yaml.AliasEvent):
            self._give_up("PLAN-004", event, "uses an alias (*), which plans do not know", "write the value out")
        origin = self._origin(event)
        self._refuse_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, not event.style, origin)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._items(events, depth, hidden=hidden)), origin)
        return Fields(self._entries(events, depth, hidden=hidden), origin)

    def _items(self, events: Iterator[yaml.Event], depth: int, *, hidden: bool) -> Iterator[Mark]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events, depth + 1, hidden=hidden)

    def _entries(self, events: Iterator[yaml.Event], depth: int, *, hidden: bool) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1, hidden=hidden)
            beneath = hidden or (isinstance(key, Scalar) and key.text in self._sensitive)
            value = self._node(next(events), events, depth + 1, hidden=beneath)
            if not isinstance(key, Scalar) or key.is_null:
                self._notes.error("PLAN-005", self._file, "a key is not a word", "write 'key: value'", key.origin)
            elif key.text in entries:
                shown = "a key" if hidden else repr(key.text)
                self._notes.error("PLAN-003", self._file, f"{shown} is written twice in one mapping",
                                  "keep one of the two", key.origin, entries[key.text].origin)
            else:
                entries[key.text] = Entry(key.text, value, key.origin)
        return entries

    def _refuse_tag(self, event: yaml.Event) -> None:
        if getattr(event, "tag", None) not in {None, "!"}:
            self._notes.error("PLAN-004", self._file, "uses a tag (!), which plans do not know",
                              "remove the tag", self._origin(event))
        if getattr(event, "anchor", None) is not None:
            self._notes.error("PLAN-004", self._file, "uses an anchor (&), which plans do not know",
                              "remove the anchor", self._origin(event))

    def _origin(self, event: yaml.Event) -> Origin:
        mark = event.start_mark
        return Origin(self._file, mark.line + 1 if mark is not None else 1)

    def _give_up(self, code: str, event: yaml.Event, problem: str, remedy: str) -> None:
        self._notes.error(code, self._file, problem, remedy, self._origin(event))
        raise _GiveUpError
