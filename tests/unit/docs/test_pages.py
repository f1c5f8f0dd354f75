"""What README and docs say about files and commands is true."""

import re
from pathlib import Path

import click
import pytest
from documents import (
    ALL_COMMANDS,
    DOCUMENTS,
    README,
    README_JA,
    ROOT,
    Command,
    anchor,
    blocks,
    commands,
    headings,
    links,
    name,
)

from sealane.app.stages import STAGES
from sealane.app.walk import STAGE_IDS
from sealane.cli.main import group


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(path):
    text = path.read_text(encoding="utf-8")
    lost = [link for link in links(text) if not _leads_somewhere(path, link)]
    assert not lost


def _leads_somewhere(path: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    file, _, part = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not part or part in {anchor(title) for _, title in headings(target.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=str)
def test_every_command_line_is_one_that_sealane_takes(command):
    parse(command)


def parse(command: Command) -> None:
    words = list(command.words)
    with click.Context(group, info_name="sealane", **group.context_settings) as root:
        if words and words[0].startswith("-"):
            group.make_parser(root).parse_args(words)
            return
        verb = group.get_command(root, words[0]) if words else None
        assert verb is not None, f"no verb {words[:1]}"
        if not command.whole and all(not word.startswith("-") for word in words[1:]):
            _check_number(verb, words[1:])
            return
        try:
            verb.make_context(words[0], words[1:], parent=root)
        except click.ClickException as error:
            pytest.fail(error.format_message())


def _check_number(verb: click.Command, words: list[str]) -> None:
    """In running text arguments may be left out, but not be more than the verb takes."""
    takes = [one.nargs for one in verb.params if isinstance(one, click.Argument)]
    assert -1 in takes or len(words) <= sum(takes)


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("```sh\nsealane check plan.yaml\n```", False),
        ("```sh\nsudo .venv/bin/sealane up plan.yaml --until plain\n```", False),
        ("```sh\nsealane paint plan.yaml\n```", True),
        ("```sh\nsealane up plan.yaml --forever\n```", True),
        ("```sh\nsealane up plan.yaml --until later\n```", True),
        ("```sh\nsealane probe plan.yaml\n```", True),
        ("say `sealane probe`", False),
        ("say `sealane polish`", True),
        ("say `sealane status one two`", True),
        ("say `sealane down --everything`", True),
    ],
)
def test_a_wrong_command_line_is_noticed(tmp_path, text, fails):
    page = tmp_path / "page.md"
    page.write_text(text + "\n", encoding="utf-8")
    (found,) = commands(page)
    if fails:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            parse(found)
    else:
        parse(found)


def test_a_lost_link_is_noticed():
    assert not _leads_somewhere(README, "docs/nothing.md")
    assert not _leads_somewhere(README, "docs/limits.md#nothing")
    assert _leads_somewhere(README, "docs/limits.md#esp")


def test_every_verb_is_shown():
    shown = {command.words[0] for command in ALL_COMMANDS if command.whole}
    with click.Context(group, **group.context_settings) as root:
        assert set(group.list_commands(root)) <= shown


def test_both_readmes_have_the_same_sections_code_and_links():
    english, japanese = (path.read_text(encoding="utf-8") for path in (README, README_JA))
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(japanese)]
    assert blocks(english) == blocks(japanese)
    assert {*links(english)} - {"README.ja.md"} == {*links(japanese)} - {"README.md"}


@pytest.mark.parametrize("path", [README, README_JA], ids=name)
def test_the_readme_tells_every_stage_in_order(path):
    rows = [row for row in path.read_text(encoding="utf-8").splitlines() if row.startswith("| `")]
    told = [stage for row in rows for stage in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert told == list(STAGE_IDS)
    assert set(STAGES) <= set(told)


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "adr"
    listed = links((folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in folder.glob("[0-9]*.md"))
