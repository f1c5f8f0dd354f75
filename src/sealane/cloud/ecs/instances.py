"""What is done to instances: starting, stopping, changing, deleting."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.common import group_ids
from sealane.cloud.ecs.groups import group_of
from sealane.cloud.ecs.interfaces import instance_of_interface
from sealane.cloud.ecs.launch import INCONSISTENT, MOST_GROUPS, TOO_MANY_GROUPS, check_groups
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.hops import routes_to
from sealane.cloud.texts import text
from sealane.cloud.world import Transaction

NO_INSTANCE = CloudError("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.", 404)
_LASTING = ("Running", "Stopped")
Step: TypeAlias = Callable[[Call, Document], Document]
"""Makes an instance's next version; raises what the cloud refuses."""


def instance_of(call: Call, state: Transaction, instance_id: str) -> Document:
    """The caller's instance of that id, in the region if one is named.

    Raises:
        CloudError: ``InvalidInstanceId.NotFound``.
    """
    found = call.own(state, instance_id, "instance", NO_INSTANCE)
    if call.region not in ("", found.region):
        raise NO_INSTANCE
    return found


def _in(instance: Document, *expected: str) -> None:
    if instance.deleting or instance.status not in expected:
        told = "being deleted" if instance.deleting else instance.status
        raise CloudError("IncorrectInstanceStatus", f"{instance.id} is {told}, expected {' or '.join(expected)}.", 403)


def _start(_call: Call, one: Document) -> Document:
    _in(one, "Stopped")
    return changed(one, "Starting", StoppedMode="")


def _stop(call: Call, one: Document) -> Document:
    mode = call.text("StoppedMode", "KeepCharging")
    if mode not in {"KeepCharging", "StopCharging"}:
        raise CloudError("InvalidParameter.StoppedMode", f"StoppedMode {mode} must be KeepCharging or StopCharging.")
    _in(one, "Running")
    return changed(one, "Stopping", StoppedMode=mode)


def _reboot(_call: Call, one: Document) -> Document:
    _in(one, "Running")
    return changed(one, "Starting")


def _delete(call: Call, state: Transaction, one: Document) -> Document:
    if one.fields.get("DeletionProtection"):
        raise CloudError("InvalidOperation.DeletionProtection", f"{one.id} is protected from deletion.", 403)
    _in(one, *(("Stopped",) if not call.flag("Force", default=False) else
               ("Pending", "Starting", "Running", "Stopping", "Stopped")))
    if route := next(routes_to(one, state), None):
        raise CloudError("DependencyViolation.RouteEntry", f"Route {route.id} leads to {one.id}.", 403)
    return deleted(one, "Stopped" if one.status == "Stopped" else "Stopping")


def _one(call: Call, state: Transaction, step: Step) -> Fields:
    state.put(step(call, instance_of(call, state, call.text("InstanceId"))))
    return {}


def _several(call: Call, state: Transaction, step: Step) -> Fields:
    """All or none; with BatchOptimization SuccessFirst those that can."""
    optional = call.text("BatchOptimization", "AllTogether") == "SuccessFirst"
    items: list[Json] = []
    for instance_id in dict.fromkeys(call.texts("InstanceId")):
        former = instance_of(call, state, instance_id)
        item: dict[str, Json] = {"InstanceId": former.id, "PreviousStatus": former.status}
        try:
            now = state.put(step(call, former))
        except CloudError as error:
            if not optional:
                raise
            item |= {"CurrentStatus": former.status, "Code": error.code, "Message": error.message}
        else:
            item |= {"CurrentStatus": now.status, "Code": "200", "Message": "success"}
        items.append(item)
    return {"InstanceResponses": {"InstanceResponse": items}}


@ECS.writes("StartInstance", ignores=("InitLocalDisk",))
def start_instance(call: Call, state: Transaction) -> Fields:
    """StartInstance."""
    return _one(call, state, _start)


@ECS.writes("StartInstances")
def start_instances(call: Call, state: Transaction) -> Fields:
    """StartInstances."""
    return _several(call, state, _start)


@ECS.writes("StopInstance", ignores=("ConfirmStop", "ForceStop", "Hibernate"))
def stop_instance(call: Call, state: Transaction) -> Fields:
    """StopInstance."""
    return _one(call, state, _stop)


@ECS.writes("StopInstances", ignores=("ForceStop",))
def stop_instances(call: Call, state: Transaction) -> Fields:
    """StopInstances."""
    return _several(call, state, _stop)


@ECS.writes("RebootInstance", ignores=("ForceStop",))
def reboot_instance(call: Call, state: Transaction) -> Fields:
    """RebootInstance: it is Starting for a while, and its packets go on."""
    return _one(call, state, _reboot)


@ECS.writes("RebootInstances", ignores=("ForceReboot",))
def reboot_instances(call: Call, state: Transaction) -> Fields:
    """RebootInstances."""
    return _several(call, state, _reboot)


@ECS.writes("DeleteInstance", ignores=("ForceStop", "TerminateSubscription"))
def delete_instance(call: Call, state: Transaction) -> Fields:
    """DeleteInstance; only a stopped one without Force, and none that a route leads to."""
    state.put(_delete(call, state, instance_of(call, state, call.text("InstanceId"))))
    return {}


@ECS.writes("DeleteInstances", ignores=("ForceStop", "TerminateSubscription"))
def delete_instances(call: Call, state: Transaction) -> Fields:
    """DeleteInstances: all or none."""
    for instance_id in dict.fromkeys(call.texts("InstanceId")):
        state.put(_delete(call, state, instance_of(call, state, instance_id)))
    return {}


@ECS.writes(
    "ModifyInstanceAttribute",
    ignores=("CpuOptions", "CreditSpecification", "EnableJumboFrame", "NetworkInterfaceQueueNumber", "Password",
             "PrivateDnsNameOptions", "Recyclable", "RemoteConnectionOptions", "UserData"),
    refuses=("EnableNetworkEncryption",),
)
def modify_instance_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyInstanceAttribute."""
    instance = instance_of(call, state, call.text("InstanceId"))
    _in(instance, *_LASTING)
    given: dict[str, Json] = {
        "InstanceName": text(call, "InstanceName", least=2, letter_first=True, code="InvalidInstanceName.Malformed"),
        "HostName": text(call, "HostName", least=2, most=64, code="InvalidHostName.Malformed"),
        "Description": text(call, "Description", least=2, most=256, code="InvalidDescription.Malformed"),
    }
    instance = retold(instance, **{key: value for key, value in given.items() if value is not None})
    if call.has("DeletionProtection"):
        instance = retold(instance, DeletionProtection=call.flag("DeletionProtection", default=False))
    groups = tuple(dict.fromkeys(call.texts("SecurityGroupIds")))
    if groups:
        check_groups(call, state, _switch(instance, state), groups)
        instance = _regrouped(instance, groups)
    state.put(instance)
    return {}


def _switch(instance: Document, state: Transaction) -> Document:
    found = state.get(instance.parent)
    if found is None:
        raise NO_INSTANCE
    return found


def _regrouped(instance: Document, groups: tuple[str, ...]) -> Document:
    if set(groups) == set(group_ids(instance)):
        return instance
    return replace(changed(instance), fields={**instance.fields, "SecurityGroupIds": list(groups)})


def _member(call: Call, state: Transaction) -> tuple[Document, Document]:
    """The instance that is to join or leave, by its id or its interface's, and the group."""
    if call.has("NetworkInterfaceId"):
        instance = instance_of_interface(call, state, call.text("NetworkInterfaceId"))
    else:
        instance = instance_of(call, state, call.text("InstanceId"))
    _in(instance, *_LASTING)
    return instance, group_of(call, state, call.text("SecurityGroupId"))


@ECS.writes("JoinSecurityGroup")
def join_security_group(call: Call, state: Transaction) -> Fields:
    """JoinSecurityGroup."""
    instance, group = _member(call, state)
    groups = group_ids(instance)
    if group.id in groups:
        raise CloudError("InvalidInstanceId.AlreadyExists", "The instance is in the security group already.", 403)
    if _switch(instance, state).parent != group.parent:
        raise INCONSISTENT
    if len(groups) >= MOST_GROUPS:
        raise TOO_MANY_GROUPS
    state.put(_regrouped(instance, (*groups, group.id)))
    return {}


@ECS.writes("LeaveSecurityGroup")
def leave_security_group(call: Call, state: Transaction) -> Fields:
    """LeaveSecurityGroup; an instance stays in one at least."""
    instance, group = _member(call, state)
    rest = tuple(one for one in group_ids(instance) if one != group.id)
    if group.id not in group_ids(instance):
        raise CloudError("InstanceNotInSecurityGroup", "The instance is not in the security group.", 403)
    if not rest:
        raise CloudError("InstanceLastSecurityGroup", "The security group is the instance's last one.", 403)
    state.put(_regrouped(instance, rest))
    return {}
