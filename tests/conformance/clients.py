"""The clients that walk: each turns wire names into its own types and its errors into ``Refused``."""

import importlib
import json
import os
import re
import subprocess
from pathlib import Path

from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from alibabacloud_tea_openapi.models import Config
from steps import REGION, Refused

_PACKAGES = {"Vpc": "alibabacloud_vpc20160428", "Cbn": "alibabacloud_cbn20170912", "Ecs": "alibabacloud_ecs20140526",
             "Cms": "alibabacloud_cms20190101"}


def snake(name):
    """``CreateVSwitch`` is ``create_vswitch`` in the SDK."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    return parts.lower()


class Python:
    """The official Python SDK, current major versions."""

    def __init__(self, endpoint, key):
        self._clients = {}
        self._models = {}
        for product, package in _PACKAGES.items():
            config = Config(endpoint=endpoint, protocol="http", access_key_id=key[0], access_key_secret=key[1],
                            region_id=REGION, read_timeout=30000)
            self._clients[product] = importlib.import_module(f"{package}.client").Client(config)
            self._models[product] = importlib.import_module(f"{package}.models")

    def __call__(self, product, action, params):
        model = getattr(self._models[product], f"{action}Request")()
        known = type(model)().from_map(params)
        told = known.to_map()
        unknown = params.keys() - told.keys() - {"RegionId"}  # some operations find the region by the object
        assert not unknown, f"the SDK does not know {unknown} of {action}"
        methods = {name.replace("_", ""): name for name in dir(self._clients[product])}
        method = getattr(self._clients[product], methods[action.lower()])
        try:
            return method(known).body.to_map()
        except (ClientException, ServerException) as error:
            raise Refused(error.code, error.message) from error


_OLDER = {"Vpc": ("aliyunsdkvpc", "v20160428"), "Cbn": ("aliyunsdkcbn", "v20170912"),
          "Ecs": ("aliyunsdkecs", "v20140526"), "Cms": ("aliyunsdkcms", "v20190101")}


class OlderPython:
    """The older ``aliyun-python-sdk-*`` packages, which sign with HMAC-SHA1."""

    def __init__(self, endpoint, key):
        from aliyunsdkcore.client import AcsClient

        self._endpoint = endpoint
        self._client = AcsClient(*key, REGION, timeout=30)

    def __call__(self, product, action, params):
        from aliyunsdkcore.acs_exception.exceptions import ClientException as OlderClient
        from aliyunsdkcore.acs_exception.exceptions import ServerException as OlderServer

        package, version = _OLDER[product]
        module = importlib.import_module(f"{package}.request.{version}.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._endpoint)
        request.set_accept_format("json")
        request.set_method("POST")
        for name, value in params.items():
            setter = getattr(request, f"set_{name}", None) or getattr(request, f"set_{name}s", None)
            if setter is not None:
                setter(_older(value))
            elif name != "RegionId":  # the client itself adds its region
                raise AssertionError(f"the older SDK does not know {name} of {action}")
        try:
            return json.loads(self._client.do_action_with_exception(request))
        except (OlderClient, OlderServer) as error:
            raise Refused(error.get_error_code(), error.get_error_msg()) from error


def _older(value):
    """Values as the older SDK takes them: everything in text, lists and structs as they are."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return {name: _older(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_older(one) for one in value]
    return str(value)


ROOT = Path(__file__).parents[2]


class Node:
    """The Node SDK in a process of its own; Cbn by the generic RPC client, since npm has no package for it."""

    def __init__(self, endpoint, key):
        subprocess.run(["make", "--no-print-directory", "node"], cwd=ROOT, check=True, timeout=300)  # nothing, if done
        environment = {**os.environ, "ALIBABA_CLOUD_ACCESS_KEY_ID": key[0], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key[1],
                       "NODE_NO_WARNINGS": "1"}
        command = [ROOT / ".venv/bin/node", Path(__file__).parent / "node/client.mjs", endpoint, REGION,
                   ROOT / ".venv/node"]
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)

    def __call__(self, product, action, params):
        flat = _flat(params) if product == "Cbn" else params
        self._process.stdin.write(json.dumps({"product": product, "action": action, "params": flat}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        if "answer" not in told:
            raise Refused(told["code"], told["message"])
        return told["answer"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def _flat(params):
    """Lists and structs by flat names, as the generic client wants them."""
    found = {}
    for name, value in params.items():
        if isinstance(value, list):
            found |= {f"{name}.{key}": one for key, one in _flat({str(i): v for i, v in enumerate(value, 1)}).items()}
        elif isinstance(value, dict):
            found |= {f"{name}.{key}": one for key, one in _flat(value).items()}
        else:
            found[name] = value
    return found
