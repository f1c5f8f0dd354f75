"""From text to source lines: prompts, `#` remarks and session chatter are set apart, secrets are hidden."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Finding, Origin

_PROMPT = re.compile(r"\s*[\w./-]+(?:\([\w-]+\))?[>#](?=\s|$)")
_REMARK_TAIL = re.compile(r"(?:^|\s)#.*$")
_CHATTER = re.compile(r"\s*Password:", re.IGNORECASE)
_COMMENT = re.compile(r"\s*[!:]")
_FREE_TEXT = re.compile(
    r"\s*(?:description|banner)\s|\s*access-list\s+\S+\s+(?:line\s+\d+\s+)?remark\s|\s*neighbor\s+\S+\s+description\s",
    re.IGNORECASE,
)
"""Commands that take the rest of the line as it is, `#` included."""

_KEYED = re.compile(
    r"((?:remote|local)-authentication\s+\S+\s+|\b(?:pre-shared-key|password:?|passwd|community|secret|key)\s+)(\S.*)$",
    re.IGNORECASE,
)
MASK = "*****"
_SHORTEST_HIDDEN = 4
"""Shorter keys are hidden where they are configured, but not wherever their letters occur by chance."""


class Noise(StrEnum):
    """What a document adds around a command, which a device would refuse as input."""

    PROMPT = "prompt"
    REMARK = "# remark"
    CHATTER = "session output"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line: ``raw`` as written, ``words`` of the command in it (empty for blank, comment or noise only).

    ``column`` counts the blanks before the first word, after a prompt if there is one.
    """

    origin: Origin
    raw: str
    words: tuple[str, ...]
    column: int
    noise: tuple[Noise, ...] = ()

    @property
    def prompted(self) -> bool:
        """True when a prompt stands before the command."""
        return Noise.PROMPT in self.noise


def split_lines(text: str, file: str) -> tuple[SourceLine, ...]:
    """Every line of the text in order; only a line feed ends a line, so that numbers agree with editors."""
    pieces = text.split("\n")
    if pieces[-1] == "":
        pieces.pop()
    return tuple(_source_line(piece, Origin(file, number)) for number, piece in enumerate(pieces, start=1))


def _source_line(raw: str, origin: Origin) -> SourceLine:
    body, noise = raw.rstrip("\r"), []
    if _CHATTER.match(body):
        return SourceLine(origin, raw, (), 0, (Noise.CHATTER,))
    if _COMMENT.match(body):
        return SourceLine(origin, raw, (), 0)
    if prompt := _PROMPT.match(body):
        noise.append(Noise.PROMPT)
        body = body[prompt.end() :]
    if not _FREE_TEXT.match(body) and (tail := _REMARK_TAIL.search(body)):
        noise.append(Noise.REMARK)
        body = body[: tail.start()]
    words = () if _COMMENT.match(body) else tuple(body.split())
    return SourceLine(origin, raw, words, len(body) - len(body.lstrip()), tuple(noise))


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides the secrets of one text wherever they occur in it."""

    _words: tuple[str, ...]

    @classmethod
    def over(cls, text: str) -> "Veil":
        """Collect the words that follow a keyword for key material, longest first."""
        found = {
            word
            for line in text.split("\n")
            if (keyed := _KEYED.search(line.rstrip("\r")))
            for word in keyed[2].split(" #")[0].split()
            if len(word) >= _SHORTEST_HIDDEN and word.strip("*")
        }
        return cls(tuple(sorted(found, key=lambda word: (-len(word), word))))

    def line(self, raw: str) -> str:
        """The line with everything after a keyword for key material masked."""
        keyed = _KEYED.search(raw)
        return self.plain(raw if keyed is None else raw[: keyed.start(2)] + MASK)

    def plain(self, text: str) -> str:
        """The text with every known secret masked."""
        for word in self._words:
            text = text.replace(word, MASK)
        return text

    def finding(self, found: Finding) -> Finding:
        """The finding with every known secret masked."""
        return Finding(
            found.code,
            found.severity,
            self.plain(found.subject),
            self.plain(found.problem),
            self.plain(found.remedy),
            found.seen_at,
        )
