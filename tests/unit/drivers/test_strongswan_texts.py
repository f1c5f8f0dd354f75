import json
from pathlib import Path

import pytest

from agreed_text import Agreed
from replay import example
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.plan import CharonSpec, ConnectionSpec

GOLDEN = Path(__file__).parent / "golden"
CASES = [(name, esp) for name in ("hangzhou", "hangzhou-gateway") for esp in EspBackend]


@pytest.mark.parametrize(("name", "esp"), CASES)
def test_the_settings_of_every_connection_are_these(name: str, esp: EspBackend, agreed: Agreed) -> None:
    resources = lower(example(name), LowerOptions(esp, "/run/sealane/example")).resources
    settings = {
        f"{one.key.namespace}/{one.key.name}": json.loads(one.payload.settings)
        for one in resources
        if isinstance(one.payload, ConnectionSpec)
    }
    text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    agreed(GOLDEN / f"connections-{name}-{esp.value}.json", text)


@pytest.mark.parametrize("esp", list(EspBackend))
def test_the_configuration_of_charon_is_this(esp: EspBackend, agreed: Agreed) -> None:
    resources = lower(example("hangzhou"), LowerOptions(esp, "/run/sealane/example")).resources
    config = next(one.payload.config for one in resources if isinstance(one.payload, CharonSpec))
    agreed(GOLDEN / f"charon-{esp.value}.conf", config)


def test_both_ends_of_a_tunnel_mirror_each_other() -> None:
    for name, esp in CASES:
        resources = lower(example(name), LowerOptions(esp, "/run/x")).resources
        found = [json.loads(one.payload.settings) for one in resources if isinstance(one.payload, ConnectionSpec)]
        ends = {(tuple(one["local_addrs"]), tuple(one["remote_addrs"])): one for one in found}
        assert len(ends) == 4
        for (local, remote), near in ends.items():
            far = ends[remote, local]
            assert (near["local"], near["remote"]) == (far["remote"], far["local"])
            assert set(near["proposals"]) & set(far["proposals"])


def test_only_user_space_forces_udp_and_only_the_kernel_has_interface_ids() -> None:
    for name, esp in CASES:
        for one in lower(example(name), LowerOptions(esp, "/run/x")).resources:
            if isinstance(one.payload, ConnectionSpec):
                settings = json.loads(one.payload.settings)
                assert settings["encap"] == ("yes" if esp is EspBackend.USERSPACE else "no")
                assert ("if_id_in" in settings["children"]["child"]) == (esp is EspBackend.KERNEL)
