"""Products by the version that a call names; the wire never names the product itself."""

from types import MappingProxyType

VERSIONS = MappingProxyType(
    {
        "2016-04-28": "Vpc",
        "2017-09-12": "Cbn",
        "2014-05-26": "Ecs",
        "2019-01-01": "Cms",
    }
)
