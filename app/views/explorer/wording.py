"""Values, dates, money and evidence as people read them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from app.core.declare import Composite
from app.core.values import QuantityRelation, days

NARROW = "\N{NARROW NO-BREAK SPACE}"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
RELATIONS = {
    QuantityRelation.exact: "{}",
    QuantityRelation.additional: "{} more",
    QuantityRelation.at_least: "at least {}",
    QuantityRelation.more_than: "more than {}",
    QuantityRelation.about: "about {}",
    QuantityRelation.up_to: "up to {}",
}
SPELLED = {
    "iso": "ISO",
    "rnd": "R&D",
    "id": "ID",
    "url": "URL",
    "sha256": "SHA-256",
    "cas": "CAS",
    "wikidata": "Wikidata",
}

BASIS = {
    "stated": "Said outright",
    "implied": "Implied",
    "group": "Said of a group that it belongs to",
    "inferred": "Inferred by us",
    "external": "From outside the source",
}
MOOD = {
    "asserted": "as a fact",
    "done": "as done",
    "will": "as something that will happen",
    "will_review": "as something to be reviewed",
    "will_negotiate": "as something to be negotiated",
    "plans": "as a plan",
    "aims": "as an aim",
    "could": "as a possibility",
    "listed": "as an item of a list",
    "claimed": "as a claim",
    "opinion": "as an opinion",
}
FIRMNESS = {"approximate": "approximately", "hedged": "with a reservation"}
CHECKED = {
    "unverified": "Not checked elsewhere",
    "corroborated": "Other sources agree",
    "imprecise": "Another source is more precise",
    "contradicted": "Another source contradicts it",
    "superseded": "A later source has overtaken it",
    "unverifiable": "It cannot be checked",
}
RANKS = {"preferred": "Preferred over its rivals", "deprecated": "Not to be relied on"}


def words(name: str) -> str:
    """A name of ours, such as `amount_scope`, in words."""
    joined = re.sub("(?<=[0-9])_(?=[0-9])", "-", re.sub("^co_", "co-", name))
    return " ".join(SPELLED.get(part, part) for part in joined.split("_"))


def heading(name: str) -> str:
    """A name in words, with a capital."""
    text = words(name)
    return text[:1].upper() + text[1:]


def date(text: str) -> str:
    """A partial date or an interval in words."""
    return " to ".join(_day(part) for part in text.split("/"))


def _day(text: str) -> str:
    parts = text.split("-")
    month = MONTHS[int(parts[1]) - 1] if len(parts) > 1 else ""
    day = str(int(parts[2])) if len(parts) > 2 else ""
    return " ".join(part for part in (day, month, parts[0]) if part)


def is_date(text: str) -> bool:
    """Whether a text is a partial date."""
    try:
        days(text)
    except ValueError:
        return False
    return True


def code(text: str) -> Markup:
    """A text whose words between backticks are code."""
    pieces = [escape(piece) for piece in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if i % 2 else piece for i, piece in enumerate(pieces)
    )


def number(value: float) -> str:
    """A number with its thousands set apart; millions and more in words."""
    for size, name in SCALES:
        if abs(value) >= size:
            return f"{_plain(value / size)} {name}"
    return _plain(value)


def _plain(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def measured(value: float, unit: str | None) -> str:
    """A number with its unit or currency."""
    if unit is None:
        return number(value)
    if unit == "percent":
        return f"{number(value)}{NARROW}%"
    if re.fullmatch("[A-Z]{3}", unit):
        return f"{unit} {number(value)}"
    return f"{number(value)} {words(unit)}"


def plain(value: Any) -> str:
    """One value of a field in words: an enum's, a date, a duration, a number, yes or no, or text as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if value is None:
        return "none"
    text = str(value)
    if match := re.fullmatch(r"P([0-9]+)([YMD])", text):
        unit = {"Y": "year", "M": "month", "D": "day"}[match[2]]
        return f"{match[1]} {unit}{'' if match[1] == '1' else 's'}"
    if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}(/[0-9-]{4,10})?", text) and is_date(text):
        return date(text)
    return heading(text) if re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", text) else text


def together(composite: Composite, values: Mapping[str, Any]) -> str:
    """A field of several columns, such as an amount with its currency and scope."""
    main = values[composite.main.key]
    unit = values.get(composite.unit) if composite.unit else None
    text = measured(main, unit) if isinstance(main, int | float) and not isinstance(main, bool) else plain(main)
    rest = []
    for column, _ in composite.parts.values():
        part = values.get(column.key)
        if part is None or column.key == composite.unit or part == "unspecified":
            continue
        if part in RELATIONS:
            text = RELATIONS[QuantityRelation(part)].format(text)
        else:
            rest.append(plain(part).lower() if not column.key.endswith("since") else f"since {plain(part)}")
    return f"{text} ({', '.join(rest)})" if rest else text


def how_sure(statement: Mapping[str, Any]) -> str:
    """One line on how sure a statement is."""
    given = (MOOD.get(statement["modality"] or ""), FIRMNESS.get(statement["certainty"]))
    first = ", ".join([BASIS[statement["basis"]], *(text for text in given if text)])
    return (
        ". ".join(
            [first, *(text for text in (CHECKED.get(statement["verification"]), RANKS.get(statement["rank"])) if text)]
        )
        + "."
    )


def grade(statement: Mapping[str, Any]) -> str:
    """The same in one word: `disputed`, `confirmed`, `stated`, `hedged` or `inferred`."""
    if statement["verification"] in ("contradicted", "superseded") or statement["rank"] == "deprecated":
        return "disputed"
    if statement["basis"] != "stated":
        return "inferred"
    if statement["verification"] == "corroborated":
        return "confirmed"
    if statement["certainty"] != "stated" or statement["modality"] in ("could", "opinion", "claimed"):
        return "hedged"
    return "stated"


def place(statement: Mapping[str, Any]) -> str:
    """Where in its source a statement stands."""
    parts = []
    if statement.get("section"):
        title = statement.get("section_title")
        parts.append(f"{statement['section']} “{title}”" if title else statement["section"])
    if statement.get("paragraph"):
        parts.append(f"paragraph {statement['paragraph']}")
    if statement.get("locator"):
        parts.append(statement["locator"])
    return ", ".join(parts)


def listed(items: Sequence[str], word: str = "and") -> str:
    """Some words as an enumeration."""
    return f" {word} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def counted(count: int, name: str) -> str:
    """A number of records of a resource; its name is plural."""
    return f"{count:,} {singular(name) if count == 1 else words(name)}"


def singular(name: str) -> str:
    """The name of one record where the resource's is the plural."""
    return words(name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s"))
