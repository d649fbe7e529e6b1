"""Kinds of values that several resources share: text, dates, money, enums."""

import re
import unicodedata
from calendar import monthrange
from enum import StrEnum, auto
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LARGEST_INTEGER = 2**53 - 1
"""What every JSON reader holds exactly."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def fold(text: str) -> str:
    """Text as it is compared: without case and accents, with single blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def clean(text: str) -> str:
    """Normalized text without blanks at its ends; ValueError where it is not `safe`."""
    return safe(text).strip()


def safe(text: str) -> str:
    """Normalized text; ValueError on control, bidirectional and zero-width characters."""
    if found := _FORBIDDEN.search(text):
        raise ValueError(f"has the character U+{ord(found.group()):04X}, which text may not hold")
    return unicodedata.normalize("NFC", text)


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


@lru_cache(4096)
def days(text: str) -> tuple[str, str]:
    """First and last day of an EDTF date `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or interval `A/B`.

    Raises ValueError for anything else, for days that do not exist and for backward intervals.
    """
    parts = text.split("/")
    if len(parts) > 2:
        raise ValueError("is not a date such as 2030, 2030-06, 2030-06-30 or 2024/2030")
    first, last = _day_span(parts[0])[0], _day_span(parts[-1])[1]
    if first > last:
        raise ValueError("is an interval that ends before it begins")
    return first, last


def _day_span(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text, re.ASCII)
    if not match:
        raise ValueError("is not a date such as 2030, 2030-06, 2030-06-30 or 2024/2030")
    year, month, day = (int(part) if part else None for part in match.groups())
    if not year or (month is not None and not 1 <= month <= 12):
        raise ValueError("is not a day of the calendar")
    length = monthrange(year, month or 12)[1]
    if day is not None and not 1 <= day <= length:
        raise ValueError("is not a day of the calendar")
    return (
        f"{year:04}-{month or 1:02}-{day or 1:02}",
        f"{year:04}-{month or 12:02}-{day or length:02}",
    )


def _is_date(text: str) -> str:
    days(text)
    return text


def integral(number: float | None) -> float | int | None:
    """The number as it is printed: without `.0` where it is whole."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Slug = Annotated[str, Field(pattern=SLUG, max_length=120)]
Text = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=4000)]
PartialDate = Annotated[
    str, BeforeValidator(_text_only), AfterValidator(_is_date), Field(max_length=21, examples=["2030"])
]
Duration = Annotated[str, Field(pattern=r"^P[0-9]+(Y|M|D)$")]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]
Whole = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Decimal = Annotated[
    float, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER, allow_inf_nan=False), PlainSerializer(integral)
]


class Activity(StrEnum):
    """What is done, across all kinds of records."""

    research = auto()
    exploration = auto()
    mining = auto()
    beneficiation = auto()
    processing = auto()
    recycling = auto()
    recovery = auto()
    acquisition = auto()
    technology_transfer = auto()
    co_production = auto()


class AmountScope(StrEnum):
    """What a sum of money stands for."""

    total_outlay = auto()
    government_outlay = auto()
    authorized = auto()
    appropriated = auto()
    target = auto()
    flow = auto()
    unspecified = auto()


class QuantityRelation(StrEnum):
    """How a number relates to the thing counted."""

    exact = auto()
    additional = auto()
    at_least = auto()
    more_than = auto()
    about = auto()
    up_to = auto()


class Role(StrEnum):
    """The part that a participant plays."""

    party = auto()
    launching_party = auto()
    lead = auto()
    member = auto()
    partner = auto()
    funder = auto()
    buyer = auto()
    supplier = auto()
    potential_recipient = auto()
    reviewer = auto()
    negotiator = auto()
    supporter = auto()
    implementer = auto()
    beneficiary = auto()
    investor = auto()
    owner = auto()


class Basis(StrEnum):
    """How directly a value is read off its source, strongest first."""

    stated = auto()
    implied = auto()
    group = auto()
    inferred = auto()
    external = auto()


def weakest(*bases: str) -> str:
    """The weakest of several bases: a chain is as sure as its weakest link."""
    order = list(Basis)
    return str(max((Basis(basis) for basis in bases), key=order.index))


def strongest(*bases: str) -> str:
    """The strongest of several bases: what a link shows that several statements carry."""
    order = list(Basis)
    return str(min((Basis(basis) for basis in bases), key=order.index))
