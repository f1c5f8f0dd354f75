"""What Linux does with a plan, told independently of sealane.plan.

Links take with them what is on them, namespaces everything but processes, a charon its connections; a name or a real
interface is had once; nothing can be made in or on what is not there.
"""

from collections.abc import Iterable

from sealane.plan import (
    AddressSpec,
    CableSpec,
    Change,
    Create,
    Delete,
    Key,
    Kind,
    Payload,
    Plan,
    RealPortSpec,
    Resource,
    RouteSpec,
    Update,
)

IN_PROCESSES = frozenset({Kind.BIRD, Kind.FRR, Kind.CHARON, Kind.CONNECTION})


def carry_out(observed: Iterable[Resource], plan: Plan) -> frozenset[Resource]:
    """The host after the plan.

    Raises:
        AssertionError: Linux would refuse a step, or lose a real interface.
    """
    state = {resource.key: resource.payload for resource in observed}
    for stage in plan.stages:
        assert len({change.key.kind for change in stage.changes}) == 1, "a driver is given one kind at a time"
        for change in stage.changes:
            _take_away(state, change)
        for change in stage.changes:
            if not isinstance(change, Delete):
                _make(state, change.key, change.new)
    return frozenset(Resource(key, payload) for key, payload in state.items())


def _take_away(state: dict[Key, Payload], change: Change) -> None:
    key = change.key
    match change, key.kind:
        case Create(), _:
            assert key not in state, f"{key} is there already"
        case (Delete() | Update()), Kind.LINK:
            _remove_link(state, key)
        case Delete(), Kind.NAMESPACE:
            _remove_namespace(state, key)
        case (Delete() | Update()), Kind.CHARON:
            for other in [one for one in state if one.kind is Kind.CONNECTION and one.namespace == key.namespace]:
                del state[other]
            state.pop(key, None)
        case Delete(), Kind.ADDRESS:
            if isinstance(state.pop(key, None), AddressSpec) and isinstance(change.old, AddressSpec):
                _remove_address(state, key.namespace, change.old)
        case Delete(), _:
            state.pop(key, None)


def _remove_address(state: dict[Key, Payload], space: str, gone: AddressSpec) -> None:
    """With an address go others of its subnet on the interface (``promote_secondaries`` is off), and what was routed
    through the subnet; with an interface's last address every route over it."""
    subnet = _subnet(gone.address)
    here = [
        (key, one) for key, one in state.items()
        if key.namespace == space and isinstance(one, AddressSpec) and one.interface == gone.interface
    ]
    for key, one in here:
        if _subnet(one.address) == subnet:
            del state[key]
    left = any(_subnet(one.address) != subnet for _, one in here)
    _remove_routes(state, space, {subnet}, None if left else gone.interface)


def _ends(key: Key, payload: Payload) -> set[tuple[str, str]]:
    peer = {(payload.peer_namespace, payload.peer_name)} if isinstance(payload, CableSpec) else set()
    return {(key.namespace, key.name), *peer}


def _links(state: dict[Key, Payload]) -> list[tuple[Key, Payload]]:
    return [(key, payload) for key, payload in state.items() if key.kind is Kind.LINK]


def _remove_link(state: dict[Key, Payload], key: Key) -> None:
    """``ip link del`` at this end: whatever holds the name goes, also when it is another cable's far end."""
    for owner, payload in _links(state):
        ends = _ends(owner, payload)
        if (key.namespace, key.name) in ends:
            del state[owner]
            for space, name in ends:
                _remove_what_is_on(state, space, name)


def _remove_what_is_on(state: dict[Key, Payload], space: str, name: str) -> None:
    subnets = set()
    for key, payload in list(state.items()):
        if key.namespace == space and isinstance(payload, AddressSpec) and payload.interface == name:
            subnets.add(_subnet(payload.address))
            del state[key]
    _remove_routes(state, space, subnets, name)


def _remove_routes(state: dict[Key, Payload], space: str, subnets: set[str], name: str | None) -> None:
    """Those out of an interface and those through a subnet that is no longer connected, or connected elsewhere."""
    for key, payload in list(state.items()):
        if key.namespace == space and isinstance(payload, RouteSpec):
            through = payload.via is not None and _subnet(payload.via) in subnets
            if through or (name is not None and payload.interface == name):
                del state[key]


def _subnet(address: str) -> str:
    return address.rsplit(".", 1)[0]


def _remove_namespace(state: dict[Key, Payload], key: Key) -> None:
    space = key.namespace
    for link, payload in _links(state):
        if any(where == space for where, _ in _ends(link, payload)):
            assert not isinstance(payload, RealPortSpec), f"{payload.host_interface} is lost with {space}"
            _remove_link(state, link)
    for other in [one for one in state if one.namespace == space and one.kind not in IN_PROCESSES]:
        del state[other]


def _make(state: dict[Key, Payload], key: Key, payload: Payload) -> None:
    spaces = {one.namespace for one in state if one.kind is Kind.NAMESPACE}
    assert key.kind is Kind.NAMESPACE or key.namespace in spaces, f"no namespace for {key}"
    ends = {end for link, there in _links(state) for end in _ends(link, there)}
    match payload:
        case AddressSpec(interface):
            assert (key.namespace, interface) in ends, f"no link for {key}"
        case RouteSpec(discard=True):
            pass
        case RouteSpec(_, _, None, interface):
            assert (key.namespace, interface) in ends, f"no link for {key}"
        case RouteSpec(_, _, str() as via):
            here = [one for at, one in state.items() if at.namespace == key.namespace and isinstance(one, AddressSpec)]
            assert any(_subnet(one.address) == _subnet(via) for one in here), f"no way to {via} for {key}"
    if key.kind is Kind.LINK:
        wanted = _ends(key, payload)
        assert not wanted & ends, f"{key}: a name is taken"
        assert {space for space, _ in wanted} <= spaces, f"{key}: no namespace for its far end"
        if isinstance(payload, RealPortSpec):
            used = {there.host_interface for _, there in _links(state) if isinstance(there, RealPortSpec)}
            assert payload.host_interface not in used, f"{payload.host_interface} is elsewhere"
    if key.kind is Kind.CONNECTION:
        assert Key(Kind.CHARON, key.namespace, "") in state, f"no charon for {key}"
    state[key] = payload
