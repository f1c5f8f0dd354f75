"""The linux driver."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sealane.diag import Fault
from sealane.drivers.linux import io, read, write
from sealane.drivers.linux.memory import Memory, SeenNamespace
from sealane.host import exists, list_namespaces, namespace_path
from sealane.plan import (
    AddressSpec,
    Change,
    Create,
    Delete,
    FilterSpec,
    Key,
    Kind,
    NamespaceSpec,
    Payload,
    Resource,
    RouteSpec,
    RuleSpec,
    Stage,
    Update,
)
from sealane.reconcile import Interrupted


class LinuxDriver:
    """Handles everything below routing daemons.

    Args:
        prefix: What the names of this network's namespaces begin with.
        interrupted: Asked before each namespace is read; True leaves off.
        memory: Spares reading what has not changed; None reads everything.
    """

    def __init__(
        self, prefix: str, interrupted: Callable[[], bool] = lambda: False, memory: Memory | None = None
    ) -> None:
        self._prefix = prefix
        self._interrupted = interrupted
        self._memory = memory
        self.foreign: tuple[str, ...] = ()
        """What somebody else put into our namespaces, as ``observe`` found it last."""

    @property
    def handles(self) -> frozenset[Kind]:
        """See Driver."""
        return frozenset({Kind.NAMESPACE, Kind.LINK, Kind.ADDRESS, Kind.FILTER, Kind.RULE, Kind.ROUTE})

    def canonical(self, resource: Resource) -> Resource:
        """See Driver. The kernel names the egress of every route; it says nothing new where a next hop decides it."""
        match resource.payload:
            case RouteSpec(via=str(), onlink=False) as route:
                return replace(resource, payload=replace(route, interface=None))
        return resource

    def observe(self) -> tuple[Resource, ...]:
        """See Driver.

        Raises:
            Interrupted: As was asked for.
        """
        spaces = list_namespaces(self._prefix)
        known = {} if self._memory is None else self._memory.recall(spaces)
        unknown = [space for space in spaces if space not in known]
        with ThreadPoolExecutor(io.WORKERS) as pool:
            read_now = dict(zip(unknown, pool.map(self._observe_namespace, unknown), strict=True))
        seen = [known.get(space) or read_now[space] for space in spaces]
        ends = {end: what for one in seen for end, what in one.far_ends.items()}
        self.foreign = tuple(text for one in seen for text in one.foreign)
        found = read.check_far_ends((resource for one in seen for resource in one.resources), ends)
        return tuple(self.canonical(resource) for resource in found)

    def _observe_namespace(self, space: str) -> SeenNamespace:
        if self._interrupted():
            raise Interrupted
        seen = _observe_namespace(space)
        if self._memory is not None:
            self._memory.keep(space, seen)
        return seen

    def apply(self, stage: Stage) -> None:
        """See Driver."""
        match stage.changes[0].key.kind:
            case Kind.NAMESPACE:
                _apply_namespaces(stage.changes)
            case Kind.LINK:
                _apply_links(stage.changes)
            case Kind.FILTER:
                _apply_filters(stage.changes)
            case _:
                io.ip_forgiving(line for change in stage.changes for line in _removed(change))
                io.ip_batch(line for change in stage.changes for line in _made(change))


def _observe_namespace(space: str) -> SeenNamespace:
    asked = [f"route show table all proto {protocol}" for protocol in (read.ROUTE_PROTOCOL, *read.FOREIGN_ROUTES)]
    addresses, rules, routes, *others = io.ip_json(space, "address show", "rule show", *asked)
    if not addresses and exists(space):  # each has lo
        raise Fault(f"read namespace {space}", "ip tells nothing of it",
                    f"ip -n {space} address show says why; then run it again")
    filters = io.list_filters(space)
    found = [Resource(Key(Kind.NAMESPACE, space, ""), NamespaceSpec(io.forwards(space), read.is_whole(addresses)))]
    found += read.read_links(space, addresses)
    found += read.read_rules(space, rules)
    found += read.read_routes(space, routes)
    found += read.read_filters(space, filters)
    foreign = read.read_foreign(space, [route for some in others for route in some], filters)
    return SeenNamespace(tuple(found), read.read_far_ends(space, addresses), tuple(foreign))


def _apply_namespaces(changes: Iterable[Change]) -> None:
    io.ip_forgiving((None, f"netns del {change.key.namespace}") for change in changes if isinstance(change, Delete))
    made = [change.key.namespace for change in changes if isinstance(change, Create)]
    # the file of a namespace whose making was interrupted stands in the way
    io.ip_forgiving((None, f"netns del {space}") for space in made if namespace_path(space).exists())
    io.ip_batch((None, f"netns add {space}") for space in made)
    for change in changes:
        if not isinstance(change, Delete) and isinstance(change.new, NamespaceSpec):
            io.set_sysctls(change.key.namespace, forwarding=change.new.forwarding)
    io.ip_batch((change.key.namespace, "link set dev lo up") for change in changes if not isinstance(change, Delete))


def _apply_links(changes: Iterable[Change]) -> None:
    gone = [write.remove_link(change.key, change.old) for change in changes if not isinstance(change, Create)]
    io.ip_forgiving(gone)
    wanted = [(change.key, change.new) for change in changes if not isinstance(change, Delete)]
    try:
        io.ip_batch(line for key, payload in wanted for line in write.link_itself(key, payload))
    except Fault:
        # a crash may have left links that are half made and so not recognised: take them away and begin again
        io.ip_forgiving(line for key, payload in wanted for line in write.unmake_link(key, payload))
        io.ip_batch(line for key, payload in wanted for line in write.link_itself(key, payload))
    io.ip_batch(line for key, payload in wanted for line in write.link_settings(key, payload))
    io.ip_batch(line for key, payload in wanted for line in write.link_finish(key, payload))


def _apply_filters(changes: Iterable[Change]) -> None:
    by_space: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_space[change.key.namespace].append(change)
    with ThreadPoolExecutor(io.WORKERS) as pool:
        list(pool.map(_load_filters, by_space, by_space.values()))


def _load_filters(space: str, changes: Iterable[Change]) -> None:
    """Load tables, all or nothing, and write into each of them what it holds now."""
    io.load_filters(space, "".join(map(_filter_text, changes)))
    made = {change.key.name: change.new for change in changes if not isinstance(change, Delete)}
    if made:
        contents = read.read_contents(io.list_filters(space))
        io.load_filters(space, "".join(
            f"add chain {table} {read.digest_chain(spec.digest, contents[table].digest)}\n"
            for table, spec in made.items() if isinstance(spec, FilterSpec) and table in contents))


def _filter_text(change: Change) -> str:
    match change:
        case Create(_, FilterSpec() as spec) | Update(_, _, FilterSpec() as spec):
            return spec.text
    return f"add table {change.key.name}\ndelete table {change.key.name}\n"


def _removed(change: Change) -> Iterator[write.Line]:
    """What goes: the unwanted, and an old rule or address, which the kernel does not replace by another.

    What is only made again stays: with an interface's last address the kernel drops every route through it, and
    routing daemons do not notice that theirs are gone.
    """
    match change:
        case Update(_, old, new) if old == new:
            return
        case Delete(key, old) | Update(key, RuleSpec() | AddressSpec() as old, _):
            yield key.namespace, _remove(old)


def _made(change: Change) -> Iterator[write.Line]:
    match change:
        case Create(key, payload) | Update(key, _, payload):
            yield key.namespace, _make(payload)


def _make(payload: Payload) -> str:
    match payload:
        case AddressSpec():
            return write.make_address(payload)
        case RuleSpec():
            return write.make_rule(payload)
        case RouteSpec():
            return write.make_route(payload)
    raise TypeError(f"the linux driver does not make {type(payload).__name__}")


def _remove(payload: Payload) -> str:
    match payload:
        case AddressSpec():
            return write.remove_address(payload)
        case RuleSpec():
            return write.remove_rule(payload)
        case RouteSpec():
            return write.remove_route(payload)
    raise TypeError(f"the linux driver does not remove {type(payload).__name__}")
