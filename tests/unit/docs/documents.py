"""README and docs as values: links, headings, code blocks, command lines."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
README, README_JA = ROOT / "README.md", ROOT / "README.ja.md"
DOCUMENTS = (README, README_JA, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_WRAPPERS = {"sudo", "$", "#"}


@dataclass(frozen=True)
class Command:
    document: Path
    words: tuple[str, ...]
    whole: bool
    """False in running text, where a verb may stand without its arguments."""

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {shlex.join(('sealane', *self.words))}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str) -> list[tuple[str, str]]:
    return _FENCE.findall(text)


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    return _LINK.findall(prose(text))


def headings(text: str) -> list[tuple[int, str]]:
    return [(len(marks), title) for marks, title in _HEADING.findall(prose(text))]


def anchor(title: str) -> str:
    """GitHub's id of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def commands(path: Path) -> Iterator[Command]:
    text = path.read_text(encoding="utf-8")
    for language, body in blocks(text):
        if language in {"sh", "console", "bash"}:
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while words and words[0] in _WRAPPERS:
                    words = words[1:]
                if words and words[0].rpartition("/")[2] == "sealane":
                    yield Command(path, tuple(words[1:]), whole=True)
    for span in _SPAN.findall(prose(text)):
        if span.startswith("sealane "):
            yield Command(path, tuple(shlex.split(span)[1:]), whole=False)


ALL_COMMANDS = tuple(command for path in DOCUMENTS for command in commands(path))
