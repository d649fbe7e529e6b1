"""Makes databases of any size: the seed, and as many invented commitments as are wanted, with links and text."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from app.core.changes import load
from app.core.composing import Draft
from app.core.declare import Catalog
from app.core.provenance import StatementRow
from app.resources import CATALOG
from app.startup import lock, prepare

CHUNK = 2000
SEED = 20250217
AT = datetime(2026, 1, 1, tzinfo=UTC)

VERBS = "build expand secure review share train supply test certify finance map license upgrade repair".split()
THINGS = (
    "supply chains|test ranges|smelters|refineries|shipyards|data links|research labs|battery plants|"
    "sensor networks|export rules|training schemes|satellite services|port facilities|recycling lines|"
    "chip foundries|standards|joint ventures|pilot plants|drone programs|medical stocks"
).split("|")
PLACES = "north south east west coastal inland mountain island river border".split()
WORDS = (
    "partners agree to work together on shared needs with money skills and time over several years so that both "
    "sides gain from steady supply open markets common rules better training clean energy and stronger ties"
).split()
KINDS = (
    "procurement co_production co_development joint_rnd supply_chain regulatory_reform policy_review negotiation "
    "support information_sharing trade_facilitation launch cooperation"
).split()
TOPICS = (
    "critical-minerals semiconductors artificial-intelligence quantum-computing energy space defense "
    "pharmaceuticals biotechnology emerging-technologies"
).split()
MINERALS = "lithium cobalt gallium indium rare-earth-elements".split()
PILLARS = {
    "trust": (
        "trust-critical-minerals-supply-chains trust-pharmaceuticals trust-technology-transfer-and-innovation "
        "trust-national-programs"
    ).split(),
    "compact": (
        "compact-defense-technology-collaboration compact-co-production-and-procurement "
        "compact-strategic-partnerships compact-economic-and-industrial-benefits"
    ).split(),
}
SOURCE = "trust-compact-article"


def draft(catalog: Catalog, number: int, dice: random.Random) -> Draft:
    """An invented commitment with two statements: who takes part, and what it is about or when it is due."""
    id = f"synthetic-{number:08d}"
    initiative = dice.choice(("trust", "compact"))
    verb, thing, place = dice.choice(VERBS), dice.choice(THINGS), dice.choice(PLACES)
    own = {
        "title": f"{verb.capitalize()} {place} {thing} {number}",
        "summary": " ".join(dice.choices(WORDS, k=18)).capitalize() + ".",
        "kind": dice.choice(KINDS),
        "initiative": initiative,
        "pillar": dice.choice(PILLARS[initiative]),
    }
    buyer = _statement(id, 0, "participants", object=dice.choice(("india", "united-states")))
    buyer.value, buyer.parts = "buyer", {"role": "buyer"}
    roll = dice.random()
    if roll < 0.5:
        second = _statement(id, 1, "topics", object=dice.choice(TOPICS))
    elif roll < 0.7:
        second = _statement(id, 1, "minerals", object=dice.choice(MINERALS))
    elif roll < 0.9:
        year, month = dice.randint(2025, 2040), dice.randint(1, 12)
        second = _statement(id, 1, "due", value=f"{year}-{month:02d}" if dice.random() < 0.5 else str(year))
    else:
        amount, currency = dice.randint(1, 5000) * 1_000_000, dice.choice(("USD", "INR", "EUR"))
        second = _statement(id, 1, "amount", value=amount)
        second.unit, second.parts = currency, {"amount": amount, "currency": currency, "amount_scope": "unspecified"}
    return Draft(catalog["commitments"], id, own, [buyer, second])


def _statement(id: str, position: int, field: str, *, object: str | None = None, value: object = None) -> StatementRow:
    return StatementRow.model_construct(
        id=f"{id}-{field}",
        subject=id,
        record=id,
        field=field,
        cited=field,
        object=object,
        value=value,
        unit=None,
        parts=None,
        as_stated=None,
        basis="stated",
        source=SOURCE,
        section="S0",
        section_title="Header",
        paragraph=None,
        locator=None,
        modality="will",
        certainty="stated",
        rank="normal",
        verification="unverified",
        is_exhaustive=None,
        position=position,
        note=None,
    )


def chunks(count: int) -> Iterator[Sequence[Draft]]:
    """So many commitments, some at a time; the same ones at every run."""
    dice = random.Random(SEED)
    for start in range(0, count, CHUNK):
        yield [draft(CATALOG, number, dice) for number in range(start, min(start + CHUNK, count))]


def fill(engine: Engine, count: int, *, bar: bool = True) -> float:
    """A database with the seed's article and so many commitments besides; gives records per second."""
    prepare(engine, better_sources=False, at=AT)
    began = time.perf_counter()
    with engine.begin() as connection:
        lock(connection)
        if bar:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns) as shown:
                task = shown.add_task("records", total=3 * count)
                load(
                    connection,
                    CATALOG,
                    chunks(count),
                    AT,
                    progress=lambda _, done, __: shown.update(task, completed=done),
                )
        else:
            load(connection, CATALOG, chunks(count), AT)
    return 3 * count / (time.perf_counter() - began)
