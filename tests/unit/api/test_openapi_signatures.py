"""What an independent implementation signs is accepted, and nothing else is."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.api.openapi import Limits, Rate
from sealane.api.openapi.canonical import sign_v1, sign_v3, to_sign_v1, to_sign_v3
from sealane.api.openapi.gateway import Gateway
from sealane.api.openapi.wire import Wire
from sealane.cloud import CloudError
from sealane.net import Secret
from served import ACTIONS, EXPIRES_MS, KEY, KEYS, OFF, TEMPORARY
from signed import NOW_MS, stamp, v1, v3

VERSIONS = pytest.mark.parametrize("sign", [v1, v3])
MINUTE_MS = 60_000


class Clock:
    def __init__(self, now_ms=NOW_MS):
        self.now_ms = now_ms

    def __call__(self):
        return self.now_ms


def gateway(clock=None, keys=KEYS, **limits):
    return Gateway(keys, ACTIONS, Limits(**limits), clock or Clock(), lambda: 0.0)


def refusal(wire, at=None):
    """The code with which a request is refused; empty when it is not."""
    try:
        (at or gateway()).accept(wire, "R")
    except CloudError as error:
        return error.code
    return ""


@VERSIONS
def test_refused_requests_are_told_with_the_key_that_they_name(sign):
    told = []
    limits = Limits(key_rate=Rate(1, 1))
    watched = Gateway(KEYS, ACTIONS, limits, Clock(), lambda: 0.0, watch=told.append)
    forged = replace(KEY, secret=Secret("guess"))
    unknown = replace(KEY, id="LTAInobody")
    good = sign({"Name": "x"}, nonce="once")
    for wire in (sign({}, key=forged), sign({}, key=unknown), sign({}, key=OFF), good, good, sign({})):
        refusal(wire, watched)
    assert [(one.code, one.key and one.key.id, one.known, one.action) for one in told] == [
        ("SignatureDoesNotMatch", KEY.id, False, "CreateVpc"),
        ("InvalidAccessKeyId.NotFound", None, False, "CreateVpc"),
        ("InvalidAccessKeyId.Inactive", OFF.id, False, "CreateVpc"),
        ("SignatureNonceUsed", KEY.id, False, "CreateVpc"),
        ("Throttling.User", KEY.id, True, "CreateVpc"),
    ]


# The SDK's signer of version 3 does not encode names, which shows only in names that no operation has.
NAMES = st.from_regex(r"[A-Za-z0-9_~-]{1,12}", fullmatch=True).filter(
    lambda name: name not in ("Action", "Format", "Version")
)
VALUES = st.text(max_size=20) | st.sampled_from(["a b", "+", "*~/%2F", "é", "&=", "\x00", "𝕏", "%"])
PARAMETERS = st.dictionaries(NAMES, VALUES, max_size=6)


@VERSIONS
@given(query=PARAMETERS, form=PARAMETERS, method=st.sampled_from(["GET", "POST"]))
def test_any_signed_parameters_arrive_as_they_were(sign, query, form, method):
    form = {name: value for name, value in form.items() if name not in query}
    assert gateway().accept(sign(query, form, method=method, nonce="n"), "R").flat == query | form


@VERSIONS
@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["lasting", "temporary"])
@given(data=st.data())
def test_no_bit_can_be_flipped(sign, key, data):
    wire = sign({"Name": "a b", "Tag.1.Key": "é"}, {"Psk": "x y"}, key=key, nonce="n")
    assert refusal(wire) == ""
    places = ["query", "body", "method"] + [name for name in wire.headers if sign is v3]
    place = data.draw(st.sampled_from(places))
    whole = {"query": wire.query, "body": wire.body, "method": wire.method.encode()}.get(place)
    whole = whole if whole is not None else wire.headers[place][0].encode()
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    if place in ("query", "body"):
        damaged = replace(wire, **{place: bytes(changed)})
    elif place == "method":
        damaged = replace(wire, method=changed.decode("latin-1"))
    else:
        damaged = replace(wire, headers={**wire.headers, place: (changed.decode("latin-1"),)})
    if same_meaning(wire, damaged, place):
        return
    assert refusal(damaged), f"{place}: {bytes(changed)}"


def pairs(text):
    return sorted(parse_qsl(text.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))


def same_meaning(wire, damaged, place):
    """True when the change only wrote the same thing differently."""
    if place == "query" or (place == "body" and "authorization" not in wire.headers):
        # %2f for %2F, or a space as + or %20; only version 3 signs the bytes of the body.
        return pairs(getattr(wire, place)) == pairs(getattr(damaged, place))
    if place == "authorization":
        return wire.header(place).split() == damaged.header(place).split()
    return wire.header(place) == damaged.header(place) if place in wire.headers else False


def test_the_canonical_form_of_version_3_is_that_of_a_vector_computed_with_openssl():
    wire = Wire("POST", "/", b"b=a+b&A=%2B*~%2F", {"host": ("h:1",), "x-acs-date": (" d ",)}, b"body")
    to_sign = to_sign_v3(wire, {"b": "a b", "A": "+*~/"}, ["host", "x-acs-date"])
    assert to_sign == "ACS3-HMAC-SHA256\n57940a1e569acde7c9a8eff8740ce78f31e32b2289f9fb26b2424348a06b0bde"
    assert sign_v3(to_sign, Secret("s3cret")) == "8deb9085fe81ea01049313b4aa25f130dc184071307c883ba42111085a60acae"


def test_the_canonical_form_of_version_1_is_that_of_a_vector_computed_with_openssl():
    to_sign = to_sign_v1("GET", {"b": "a b", "A": "+*~/é"})
    assert to_sign == "GET&%2F&A%3D%252B%252A~%252F%25C3%25A9%26b%3Da%2520b"
    assert sign_v1(to_sign, Secret("s3cret")) == "WCghgoGqSyXRMI9QihSl8bbgxgQ="


@VERSIONS
@pytest.mark.parametrize(
    ("late_ms", "code"), [(0, ""), (15 * MINUTE_MS, ""), (15 * MINUTE_MS + 1, "InvalidTimeStamp.Expired")]
)
@pytest.mark.parametrize("sign_of", [1, -1])
def test_a_clock_may_differ_by_fifteen_minutes(sign, late_ms, code, sign_of):
    assert refusal(sign({}), gateway(Clock(NOW_MS + sign_of * late_ms))) == code


@VERSIONS
def test_a_nonce_is_accepted_once_for_each_key(sign):
    at = gateway()
    one, again = sign({}, nonce="n"), sign({"Name": "other"}, nonce="n")
    assert [refusal(one, at), refusal(one, at), refusal(again, at)] == ["", "SignatureNonceUsed", "SignatureNonceUsed"]
    assert refusal(sign({}, nonce="n", key=TEMPORARY), at) == ""


@VERSIONS
def test_a_nonce_is_not_used_up_by_a_wrong_signature(sign):
    at = gateway()
    right = sign({}, nonce="n")
    wrong = sign({}, nonce="n", key=replace(KEY, secret=Secret("wrong")))
    assert [refusal(wrong, at), refusal(right, at)] == ["SignatureDoesNotMatch", ""]


@given(
    steps=st.lists(
        st.tuples(st.integers(-40, 40), st.integers(0, 30), st.integers(-14, 14), st.sampled_from([KEY, TEMPORARY])),
        max_size=40,
    ),
    most=st.integers(1, 5),
)
def test_no_call_is_accepted_twice_whatever_the_clock_does(steps, most):
    clock = Clock()
    at = gateway(clock, nonces_per_key=most)
    at._authenticator._freshness._calls = -1 % 1024  # the next call sweeps
    heard = []
    for jump, pick, skew, key in steps:
        clock.now_ms += jump * MINUTE_MS
        heard.append(v3({}, at_ms=clock.now_ms + skew * MINUTE_MS, key=key))
        assert refusal(heard[-1], at) in ("", "InvalidTimeStamp.Expired")
        assert refusal(heard[pick % len(heard)], at) in ("SignatureNonceUsed", "InvalidTimeStamp.Expired")


def test_calls_go_on_after_a_clock_was_set_far_ahead_and_back():
    clock = Clock()
    at = gateway(clock)
    assert refusal(v3({}), at) == ""
    clock.now_ms += 1000 * 24 * 60 * MINUTE_MS
    for _ in range(3):
        assert refusal(v3({}, at_ms=clock.now_ms), at) == ""
    clock.now_ms = NOW_MS + 1000
    assert refusal(v3({}, at_ms=clock.now_ms), at) == ""


def test_a_full_memory_narrows_the_window_but_lets_calls_in():
    at = gateway(nonces_per_key=10)
    assert {refusal(v3({}, at_ms=NOW_MS + second * 1000), at) for second in range(100)} == {""}
    assert refusal(v3({}, at_ms=NOW_MS + 89_000), at) == "InvalidTimeStamp.Expired"
    assert len(at._authenticator._freshness._heard[KEY.id].known) == 10


def test_keys_that_fell_silent_are_forgotten():
    clock = Clock()
    at = gateway(clock)
    old = v3({}, key=TEMPORARY)
    assert refusal(old, at) == ""
    clock.now_ms += 20 * MINUTE_MS
    for _ in range(1024):
        assert refusal(v1({}, at_ms=clock.now_ms), at) == ""
    assert list(at._authenticator._freshness._heard) == [KEY.id]
    clock.now_ms = NOW_MS
    assert refusal(old, at) == "InvalidTimeStamp.Expired"


@VERSIONS
def test_a_temporary_key_needs_its_token_until_it_expires(sign):
    def with_token(token):
        return refusal(sign({}, key=replace(TEMPORARY, token=token)))

    assert with_token(TEMPORARY.token) == ""
    assert with_token(None) == "MissingSecurityToken"
    assert with_token(Secret("another")) == "InvalidSecurityToken.MismatchWithAccessKey"
    assert refusal(sign({}, key=replace(KEY, token=Secret("any")))) == "InvalidSecurityToken.MismatchWithAccessKey"
    expired = sign({}, key=TEMPORARY, at_ms=EXPIRES_MS)
    assert refusal(expired, gateway(Clock(EXPIRES_MS))) == "InvalidSecurityToken.Expired"
    assert refusal(expired, gateway(Clock(EXPIRES_MS - 1))) == ""


@VERSIONS
def test_keys_that_are_unknown_or_switched_off_are_refused(sign):
    assert refusal(sign({}, key=OFF)) == "InvalidAccessKeyId.Inactive"
    assert refusal(sign({}, key=replace(KEY, id="LTAInobody"))) == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize(
    "text", ["2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "now", "1" * 20]
)
@VERSIONS
def test_a_malformed_time_is_told_from_an_expired_one(sign, text):
    named = {"x_acs_date": text} if sign is v3 else {"Timestamp": text}
    assert refusal(sign({}, **named)) == "InvalidTimeStamp.Format"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x_acs_date": None}, "IncompleteSignature"),
        ({"x_acs_signature_nonce": None}, "IncompleteSignature"),
        ({"x_acs_content_sha256": None}, "IncompleteSignature"),
        ({"x_acs_content_sha256": "0" * 64}, "SignatureDoesNotMatch"),
        ({"x_acs_accesskey_id": "LTAIother"}, "IncompleteSignature"),
        ({"x_acs_signature_nonce": "n" * 257}, "InvalidSignatureNonce"),
        ({"x_acs_version": "2015-01-01"}, "InvalidVersion"),
        ({"x_acs_version": None}, "MissingVersion"),
        ({"x_acs_action": None}, "MissingAction"),
        ({"x_acs_action": "DescribeInstances"}, "InvalidAction.NotFound"),
    ],
)
def test_version_3_refuses(change, code):
    assert refusal(v3({}, **change)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Timestamp": None}, "MissingTimestamp"),
        ({"SignatureNonce": None}, "MissingSignatureNonce"),
        ({"AccessKeyId": None}, "MissingAccessKeyId"),
        ({"SignatureMethod": None}, "MissingSignatureMethod"),
        ({"SignatureMethod": "HMAC-SHA256"}, "IncompleteSignature"),
        ({"SignatureVersion": "2.0"}, "IncompleteSignature"),
        ({"Version": "2015-01-01"}, "InvalidVersion"),
        ({"Version": None}, "MissingVersion"),
        ({"Action": None}, "MissingAction"),
        ({"Action": "DescribeInstances"}, "InvalidAction.NotFound"),
    ],
)
def test_version_1_refuses(change, code):
    assert refusal(v1({}, **change)) == code


@pytest.mark.parametrize(
    "value", ["", "ACS3-HMAC-SHA256", "acs key:signature", "ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=0"]
)
def test_other_authorizations_are_refused(value):
    wire = v3({})
    assert refusal(replace(wire, headers={**wire.headers, "authorization": (value,)})) == "IncompleteSignature"


@pytest.mark.parametrize("name", ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-extra", "content-type"])
def test_what_decides_on_the_meaning_must_be_signed(name):
    unsigned = v3({}, {"a": "b"}, **{name.replace("-", "_"): None})
    sent = {**unsigned.headers, name: v3({}, {"a": "b"}, x_acs_extra="e").headers[name]}
    assert refusal(replace(unsigned, headers=sent)) == "IncompleteSignature"


def test_headers_that_version_1_does_not_sign_do_not_choose_the_operation():
    wire = v1({}, Action="DescribeVpcs")
    sent = replace(wire, headers={**wire.headers, "x-acs-action": ("CreateVpc",), "x-acs-version": ("2014-05-26",)})
    call = gateway().accept(sent, "R")
    assert (call.product, call.action) == ("Vpc", "DescribeVpcs")


def test_a_header_given_twice_is_signed_as_one():
    wire = v3({}, x_acs_extra="a,b")
    assert refusal(replace(wire, headers={**wire.headers, "x-acs-extra": (" b", "a ")})) == ""


def test_no_secret_is_told():
    wrong = v3({}, key=replace(KEY, secret=Secret("wrong")))
    with pytest.raises(CloudError) as caught:
        gateway().accept(wrong, "R")
    assert KEY.secret.reveal() not in str(caught.value)
    assert stamp(NOW_MS) == "2026-09-21T14:13:20Z"
    call = gateway().accept(v3({"Psk": "the-psk"}, key=TEMPORARY), "R")
    assert "the-psk" not in repr(call)
    assert "the+token" not in repr(TEMPORARY)
