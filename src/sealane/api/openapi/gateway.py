"""From a request on the wire to an authenticated call, without any waiting."""

from collections.abc import Callable, Container, Mapping

from sealane.api.openapi.authenticate import Authenticator, is_v3, missing, operation_parameters
from sealane.api.openapi.contract import Caller, Key, Keys, Refused, Request, Watch
from sealane.api.openapi.freshness import Freshness, Memory
from sealane.api.openapi.limits import Limits, Throttle
from sealane.api.openapi.parameters import merge, read_body, read_query
from sealane.api.openapi.products import VERSIONS
from sealane.api.openapi.wire import Wire
from sealane.cloud import CloudError


class Gateway:
    """Reads requests.

    Args:
        keys: The access keys.
        actions: The actions of each product.
        limits: What is allowed.
        clock: Unix time in milliseconds; it may jump.
        monotonic: Seconds of a clock that does not.
        memory: Keeps nonces over a restart.
        watch: Is told of refusals.
    """

    def __init__(
        self,
        keys: Keys,
        actions: Mapping[str, Container[str]],
        limits: Limits,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        *,
        memory: Memory | None = None,
        watch: Watch = lambda _: None,
    ) -> None:
        self._watch = watch
        self._actions = actions
        self._limits = limits
        self._clock = clock
        self._throttle = Throttle(limits, monotonic)
        self._authenticator = Authenticator(keys, Freshness(limits, memory))

    def accept(self, wire: Wire, request_id: str) -> Request:
        """The call that a request makes.

        Raises:
            CloudError: It is none, or not to be carried out.
        """
        product = action = ""
        parameters: Mapping[str, str] = {}
        key: Key | None = None
        try:
            query, parameters = self._read(wire)
            product, action = self._operation(wire, parameters)
            key = self._authenticator.check(wire, query, parameters, self._clock())
            self._throttle.spend(key.id, action)
        except CloudError as error:
            named = key or self._authenticator.named(wire, parameters)
            self._watch(Refused(error.code, named, key is not None, product, action, request_id, wire.client))
            raise
        flat = operation_parameters(wire, parameters)
        return Request(
            product=product,
            action=action,
            flat=flat,
            caller=Caller(key.account, key.id, key.user),
            region=flat.get("RegionId", "") or wire.header("x-acs-region-id"),
            request_id=request_id,
            client=wire.client,
        )

    def _read(self, wire: Wire) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Parameters of the query, and of query and body."""
        if wire.method not in ("GET", "POST"):
            raise CloudError("UnsupportedHTTPMethod", "This http method is not supported.", 405)
        query = read_query(wire, self._limits)
        return query, merge(query, read_body(wire, self._limits), self._limits)

    def _operation(self, wire: Wire, parameters: Mapping[str, str]) -> tuple[str, str]:
        version, action = _named(wire, parameters, "Version"), _named(wire, parameters, "Action")
        product = VERSIONS.get(version)
        if product is None:
            raise CloudError("InvalidVersion", "Specified parameter Version is not valid.", 404)
        if action not in self._actions.get(product, ()):
            raise CloudError(
                "InvalidAction.NotFound",
                f"Specified api is not found, please check your url and method: {product} serves no {action} here.",
                404,
            )
        return product, action


def _named(wire: Wire, parameters: Mapping[str, str], name: str) -> str:
    """Version or Action, where the signature covers it: version 1.0 does not cover headers."""
    value = (wire.header(f"x-acs-{name.lower()}") if is_v3(wire) else "") or parameters.get(name, "")
    if not value:
        raise missing(name)
    return value


def form_of_answer(wire: Wire, limits: Limits) -> tuple[str, bool]:
    """The action's name for the answer, and whether the answer is XML; also for requests that are refused."""
    try:
        query = read_query(wire, limits)
        named = merge(query, {} if query.get("Format") else read_body(wire, limits), limits)
    except CloudError:
        named = {}
    action = wire.header("x-acs-action") or named.get("Action", "")
    wanted = named.get("Format", "" if is_v3(wire) else "XML").upper()
    return action if action.isascii() and action.isidentifier() else "", wanted == "XML"
