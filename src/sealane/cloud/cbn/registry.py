"""The operations of Cbn, filled by the modules beside this one."""

from sealane.cloud.call import Registry

CBN = Registry("Cbn")
