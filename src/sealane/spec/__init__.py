"""Text to values with the place of every line: YAML, field tables and the readers of single fields. Knows no kind."""

from sealane.spec.field import Field, Places, Record, Rule
from sealane.spec.mark import Entry, Fields, Items, Mark, Scalar, describe
from sealane.spec.notes import Notes, did_you_mean, names_inside
from sealane.spec.numbers import AddressOr, AddressText, AsnText, PrefixText, is_reserved
from sealane.spec.readers import (
    Choice,
    Flag,
    ListOf,
    MapOf,
    Reader,
    SecretText,
    Text,
    Whole,
    description_reader,
    name_reader,
)
from sealane.spec.spot import Spot
from sealane.spec.yaml_text import parse

__all__ = [
    "AddressOr",
    "AddressText",
    "AsnText",
    "Choice",
    "Entry",
    "Field",
    "Fields",
    "Flag",
    "Items",
    "ListOf",
    "MapOf",
    "Mark",
    "Notes",
    "Places",
    "PrefixText",
    "Reader",
    "Record",
    "Rule",
    "Scalar",
    "SecretText",
    "Spot",
    "Text",
    "Whole",
    "describe",
    "description_reader",
    "did_you_mean",
    "is_reserved",
    "name_reader",
    "names_inside",
    "parse",
]
