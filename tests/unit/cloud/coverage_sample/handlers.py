"""InModuleDocstring"""

from coverage_sample import helpers, reexported
from coverage_sample.helpers import named
from sealane.cloud import Registry

VPC = Registry("Vpc")
NAMES = ("InConstant",)
TABLE = {"InTable": "x"}


@VPC.writes("CreateVpc", ignores=["InIgnores"], refuses=["InRefuses"])
def create(call, state, default="InDefault"):
    """InDocstring"""
    document = state.get(call.text("InText"))
    fields = {"InAnswer": 1, **{name: call.text(name) for name in NAMES}, **TABLE}
    fields["InStore"] = named(call) + reexported(call) + helpers.aliased(call)
    for one in call.structs("InStruct"):
        fields["y"] = one.get("Member"), one["Other"], call.region
    message = f"{call.text('InFormatted')}InFString"
    return {"x": document.text("InDocument"), "z": document.fields.get("InFields"), "m": message, "d": default}


def nothing(call, state):
    return {}
