"""A cloud of documents that settles at once, with sites and protections beside, as a client sees it."""

import importlib.util
import sys
from pathlib import Path

from fake_vpn import ACTIONS, Vpn

from sealane.app.client import work
from sealane.app.client.session import Refused, Session
from sealane.cloud import CloudError

_FILE = Path(__file__).parents[2] / "cloud" / "harness.py"
_SPEC = importlib.util.spec_from_file_location("cloud_harness", _FILE)
harness = importlib.util.module_from_spec(_SPEC)
sys.modules["cloud_harness"] = harness
_SPEC.loader.exec_module(harness)


def willing(*_):
    """Refuses nothing."""
    return ""


class Fake:
    """Both APIs; ``actions`` are the writing calls in order, ``busy`` refuses the next calls of an action.

    When it is slow, things settle only as time passes. ``refuses`` is asked of each call and gives an error's code;
    ``refusals`` are the codes that were given.
    """

    def __init__(self, *, slow=False):
        self.slow = slow
        self.refuses = willing
        self.refusals = []
        self.cloud = harness.Cloud()
        self.vpn = Vpn(self.cloud, harness.flat)
        self.actions = []
        self.params = []
        self.busy = {}
        self.things = {"ports": {}, "sites": {}, "protections": {}}

    def call(self, product, action, /, **params):
        if self.busy.get(action, 0):
            self.busy[action] -= 1
            raise Refused("TaskConflict", "busy")
        if code := self.refuses(action, params):
            raise Refused(code, "refused")
        if action in ACTIONS:
            if not action.startswith("Describe"):
                self.actions.append(action)
                self.params.append(params)
            return self.vpn.call(action, params)
        try:
            answer = self.cloud.call(product, action, **params)
        except CloudError as error:
            self.refusals.append(error.code)
            raise Refused(error.code, error.message) from error
        if harness.operations(product)[action].writes:
            self.actions.append(action)
            self.params.append(params)
        if not self.slow:
            self.cloud.settle()
        return answer

    def __call__(self, method, path, body=None):
        _, kind, *name = path.split("/")
        if kind == "plans":
            files = {f"{name}.cfg": one["config"] for name, one in self.things["sites"].items() if one["config"]}
            return {"plans": {"network-1": {"plan": {}, "files": files}}}
        if kind == "networks":
            self.looks += 1
            return {"networks": [{"settled": self.looks > self.unsettled, "reason": "no room"}]}
        if method == "GET":
            return {kind: [{"name": name, **self.shown(kind, name, one)} for name, one in self.things[kind].items()]}
        self.actions.append(f"{method} {kind}")
        self.params.append(body)
        if method == "PUT":
            self.things[kind][name[0]] = body
        else:
            del self.things[kind][name[0]]
        return {}

    @staticmethod
    def shown(kind, name, body):
        if kind != "sites":
            return body
        site = body["site"]
        return {"site": {**site, "device": {**site["device"], "config": f"{name}.cfg"}} if body["config"] else site}

    def session(self, plan):
        one = Session(self, plan.region, plan.name, self, limit_s=5, pause_s=1, sleep=self.sleep,
                      now_s=lambda: self.now)
        router = plan.transit_router
        one.ids["system table", ""] = {"Name": router.system_table if router else "system"}
        return one

    now = 0.0
    looks = unsettled = 0

    def sleep(self, seconds):
        self.now += seconds
        self.cloud.settle()

    def changes(self, path, *, destroy=False):
        wish = work.read_wish(path, ours=True)
        session = self.session(wish.plan)
        return session, work.plan_changes(session, wish, destroy=destroy)

    def apply(self, path, *, destroy=False, told=None):
        session, changes = self.changes(path, destroy=destroy)
        self.actions.clear()
        self.params.clear()
        told = [] if told is None else told
        work.apply(session, changes, told.append)
        assert [one.thing.key[0] for one in told] == [one.thing.key[0] for one in changes]
        assert all(told.count(one) == 1 for one in changes)
        return changes
