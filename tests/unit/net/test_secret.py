import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.diag import Fault
from sealane.net import Secret

HIDDEN = "correct-horse-battery"
SECRET = Secret(HIDDEN)


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    name: str
    key: Secret | None


HOLDER = Holder("tunnel-1", SECRET)


@pytest.mark.parametrize(
    "text",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r}",
        f"{SECRET!s:>40}",
        f"{SECRET:>40}",
        format(SECRET, "s"),
        "{}".format(SECRET),  # noqa: UP032 - one of the ways
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - likewise
        repr(HOLDER),
        str([SECRET]),
        str({"key": SECRET}),
        ascii(SECRET),
        repr(dataclasses.replace(HOLDER, name="x")),
    ],
)
def test_no_way_of_printing_shows_the_value(text: str) -> None:
    assert HIDDEN not in text
    assert "Secret(***)" in text or "tunnel" in text


def test_a_log_line_does_not_show_the_value(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("key %s of %r", SECRET, HOLDER)
    assert HIDDEN not in caplog.text
    assert "Secret(***)" in caplog.text


def test_an_exception_and_its_traceback_do_not_show_the_value() -> None:
    def use(key: Secret) -> None:
        raise Fault(f"load {key}", f"{HOLDER}", "x") from ValueError(key)

    with pytest.raises(Fault) as caught:
        use(SECRET)
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "key = Secret(***)" in text
    assert HIDDEN not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [SECRET, HOLDER, [SECRET]])
def test_a_secret_is_not_pickled(value: object, protocol: int) -> None:
    with pytest.raises(TypeError, match="a Secret is not pickled"):
        pickle.dumps(value, protocol)


def test_json_refuses_a_secret() -> None:
    with pytest.raises(TypeError):
        json.dumps({"name": HOLDER.name, "key": HOLDER.key})


def test_json_that_turns_the_unknown_to_text_does_not_show_the_value() -> None:
    assert json.dumps({"key": HOLDER.key}, default=str) == '{"key": "Secret(***)"}'


def test_a_dataclass_with_a_secret_does_not_become_a_dictionary() -> None:
    with pytest.raises(TypeError, match="a Secret is not pickled"):
        dataclasses.asdict(HOLDER)


def test_a_secret_has_no_dictionary_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(SECRET)


def test_a_secret_is_not_copied() -> None:
    with pytest.raises(TypeError, match="a Secret is not pickled"):
        copy.copy(SECRET)


@given(st.text(), st.text())
def test_secrets_compare_by_value_and_only_with_secrets(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) != one
    assert one != Secret(one)
    assert len({Secret(one), Secret(one)}) == 1


@given(st.text())
def test_only_reveal_gives_the_value(value: str) -> None:
    assert Secret(value).reveal() == value
    assert repr(Secret(value)) == "Secret(***)"
