"""What the official SDKs send is decoded to what their models hold, and they read every answer without loss."""

import functools
import importlib
import random
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from sealane.cloud.schema import PRODUCTS, actions, decode, schema, shape, version

ROOT = Path(__file__).parents[3]
PACKAGES = {
    "Vpc": "alibabacloud_vpc20160428",
    "Cbn": "alibabacloud_cbn20170912",
    "Ecs": "alibabacloud_ecs20140526",
    "Cms": "alibabacloud_cms20190101",
}
OPERATIONS = [(product, action) for product in PRODUCTS for action in actions(product)]
CORRECTED = {
    ("Cbn", "CheckTransitRouterService"): {"Enabled": True},
    ("Vpc", "DescribeBgpGroups"): {"BgpGroups": {"BgpGroup": [{"IsFake": True}]}},
}
TOLD = [one for one in OPERATIONS if one not in CORRECTED]
SEEDS = range(2)
CHOSEN = ("Key", "with.dots", "1")
"""Names of members where callers choose them."""
TEXTS = ("x", "1", "true", "False", "[1]", '{"a": 1}', "a.b=c&d", "東京 10.0.0.0/8", "+%20~*'", "\n", '"')


@functools.cache
def models(product):
    return importlib.import_module(f"{PACKAGES[product]}.models")


@functools.cache
def client(product):
    """A client whose transport keeps what it is given, and the methods by action."""
    module = importlib.import_module(f"{PACKAGES[product]}.client")
    config = importlib.import_module("alibabacloud_tea_openapi.models").Config(
        access_key_id="key", access_key_secret="secret", endpoint="127.0.0.1:1"
    )
    sent = []

    class Captured(module.Client):
        def call_api(self, params, request, _runtime):
            sent.append((params, request))
            return {}

    methods = {}
    for name in vars(module.Client):
        if name.endswith("_with_options"):
            hint = module.Client.__dict__[name].__annotations__["return"]
            methods[str(hint).rpartition(".")[2].removesuffix("Response")] = name
    return Captured(config), methods, sent


def send(product, action, request):
    """Flat parameters as the SDK puts them on the wire."""
    made, methods, sent = client(product)
    runtime = importlib.import_module("darabonba.runtime").RuntimeOptions()
    getattr(made, methods[action])(request, runtime)
    params, captured = sent.pop()
    assert (params.action, params.version) == (action, version(product))
    return {**captured.query, **(captured.body or {})}


def full(product, hint, draw):
    """A value of a type that the SDK declares, with every member."""
    if hint is str:
        return draw.choice(TEXTS)
    if hint is int:
        return draw.randint(-(2**40), 2**40)
    if hint is float:
        return draw.randint(-999, 999) / 8
    if hint is bool:
        return draw.random() < 0.5
    if hint is typing.Any:
        return draw.choice([1, "x", True, [1], {"a": "b"}])
    if typing.get_origin(hint) is list:
        return [full(product, typing.get_args(hint)[0], draw) for _ in range(draw.randint(1, 12))]
    if typing.get_origin(hint) is dict:
        inner = typing.get_args(hint)[1]
        return {name: full(product, inner, draw) for name in CHOSEN[: draw.randint(1, 3)]}
    return filled(product, hint, draw)


def filled(product, model, draw):
    spaces = {**vars(typing), "main_models": models(product)}
    hints = typing.get_type_hints(model.__init__, spaces)
    return model(**{name: full(product, hint, draw) for name, hint in hints.items()})


@pytest.mark.parametrize(("product", "action"), OPERATIONS)
def test_what_the_sdk_sends_is_what_its_model_holds(product, action):
    for seed in SEEDS:
        request = filled(product, getattr(models(product), f"{action}Request"), random.Random(f"{seed}{action}"))
        flat = send(product, action, request)
        assert all(isinstance(value, str) for value in flat.values())
        wanted = request.to_map()
        if product == "Cms":
            wanted.pop("RegionId", None)  # names the endpoint; the SDK never sends it
        unknown = []
        assert decode(product, action, flat, unknown=unknown) == wanted
        assert unknown == []


@pytest.mark.parametrize(("product", "action"), TOLD)
def test_the_sdk_reads_an_answer_without_loss(product, action):
    body = getattr(models(product), f"{action}ResponseBody")
    for seed in SEEDS:
        wanted = filled(product, body, random.Random(f"{seed}{action}")).to_map()
        shaped = shape(product, action, wanted, strict=True)
        assert shaped == wanted
        assert body().from_map(shaped).to_map() == wanted


def muddled(value):
    """The same values in types that handlers may use instead."""
    if isinstance(value, dict):
        inner = {name: muddled(one) for name, one in value.items()}
        [(name, only), *others] = inner.items()
        return tuple(only) if isinstance(only, list) and not others and name not in CHOSEN else inner
    if isinstance(value, list):
        return [muddled(one) for one in value]
    if isinstance(value, bool):
        return "True" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return {"true": True, "1": 1}.get(value, value)
    return value


@pytest.mark.parametrize(("product", "action"), TOLD)
def test_types_are_put_right_and_plain_lists_wrapped(product, action):
    body = getattr(models(product), f"{action}ResponseBody")
    wanted = filled(product, body, random.Random(action)).to_map()
    assert shape(product, action, muddled(wanted), strict=True) == wanted


@pytest.mark.parametrize("operation", CORRECTED)
def test_an_answer_that_the_cloud_types_otherwise_than_the_model_is_read_all_the_same(operation):
    product, action = operation
    shaped = shape(product, action, muddled(CORRECTED[operation]), strict=True)
    assert shaped == CORRECTED[operation]
    read = getattr(models(product), f"{action}ResponseBody")().from_map(shaped)
    assert read.to_map() == shaped


@pytest.mark.parametrize("product", PRODUCTS)
def test_required_parameters_are_those_that_the_sdk_marks(product):
    """Counted in the text of the models, which is independent of how the script reads them."""
    folder = Path(models(product).__file__).parent
    files = {one.stem.replace("_", ""): one for one in folder.glob("_*_request.py")}
    for action in actions(product):
        text = files[f"{action}request".lower()].read_text().partition("def validate")[0]
        top = [one for one in schema(product, action).required if "." not in one]
        assert len(top) == text.count("# This parameter is required."), action


def test_the_schemas_are_current():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/generate-api-schemas", "--check"], capture_output=True, text=True, check=False
    )
    if done.returncode == 3:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nfix: scripts/generate-api-schemas"
