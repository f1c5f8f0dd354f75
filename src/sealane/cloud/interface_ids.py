"""Ids of the interfaces of instances, which go with the instances and are kept nowhere."""

_INSTANCE, _INTERFACE = "i-", "eni-"


def interface_of(instance_id: str) -> str:
    """The id of an instance's interface."""
    return _INTERFACE + instance_id.removeprefix(_INSTANCE)


def instance_of(interface_id: str) -> str:
    """The id of the instance that has such an interface, if there is one; empty for what is no interface's id."""
    return _INSTANCE + interface_id.removeprefix(_INTERFACE) if interface_id.startswith(_INTERFACE) else ""
