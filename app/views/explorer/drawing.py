"""Pictures as SVG: a graph in columns, a timeline, bars. Geometry only; everything that is written is escaped."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 `date` is a field here
from functools import cache
from pathlib import Path

from markupsafe import Markup

from app.core.values import days
from app.views.explorer import wording

STYLE = Path(__file__).parent / "static" / "picture.css"
ROW = 25
LEFT = 44
WIDE = 960
"""What is wider is made smaller to fit, but never narrower than this."""
SPREAD = 2.6
"""How far apart the records of a short column may be, in rows."""
COLUMN = 290
LETTER = 6.9
"""Width of a letter, roughly."""
LONGEST = 34
"""Characters of a label; the whole of it is in the tooltip and in the table."""
COLORS = 8


@dataclass(frozen=True)
class Node:
    """A record in a graph."""

    id: str
    resource: str
    title: str
    url: str


@dataclass(frozen=True)
class Edge:
    """A link in a graph."""

    source: str
    target: str
    link: str
    basis: str | None


@dataclass(frozen=True)
class Mark:
    """Something dated: from the first to the last day that its date may mean."""

    kind: str
    """What it is: the name of a date field, or `status`."""
    words: str
    date: str

    @property
    def days(self) -> tuple[Day, Day]:
        """First and last day."""
        first, last = days(self.date)
        return Day.fromisoformat(first), Day.fromisoformat(last)


@dataclass(frozen=True)
class Line:
    """A record with what is dated of it."""

    title: str
    url: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Bar:
    """A value with its count, and the list behind it."""

    label: str
    count: int
    url: str


@cache
def _style() -> Markup:
    return Markup("<style>{}</style>").format(Markup(STYLE.read_text("utf-8")))  # noqa: S704 a file of ours


def drawn(body: Markup, width: int, height: int, label: str, *, alone: bool) -> Markup:
    """A whole picture; one that stands alone brings its style, inside a page that is the page's."""
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="picture{}" viewBox="0 0 {} {}" width="{}" height="{}"'
        ' role="group" aria-label="{}">{}'
    )
    wide = " wide" if width > WIDE else ""
    ground = Markup('<rect class="ground" width="100%" height="100%"/>') if alone else ""
    return (
        head.format(wide, width, height, width, height, label, _style() if alone else "")
        + ground
        + body
        + Markup("</svg>")
    )


def short(text: str, most: int = LONGEST) -> str:
    """A text cut to what fits."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def graph(nodes: Sequence[Node], edges: Sequence[Edge], columns: Sequence[str], label: str, *, alone: bool) -> Markup:
    """Records in columns, one for each resource, ordered so that few links cross."""
    order = _ordered(nodes, edges, columns)
    tallest = max((len(column) for column in order.values()), default=1)
    height, width = 70 + tallest * ROW, max(len(order), 1) * COLUMN + LEFT
    at: dict[str, tuple[float, float]] = {}
    for i, column in enumerate(order.values()):
        row = ROW * min(SPREAD, tallest / len(column))
        top = 58 + (tallest * ROW - len(column) * row) / 2 + (row - ROW) / 2
        at |= {node.id: (LEFT + i * COLUMN, round(top + j * row, 1)) for j, node in enumerate(column)}
    number = {node.id: i for i, node in enumerate(node for column in order.values() for node in column)}
    ends = {node.id: at[node.id][0] + 15 + LETTER * len(short(node.title)) for node in nodes if node.id in at}
    body = Markup("")
    for edge in _told(edges, at):
        body += Markup('<path class="edge" data-a="{}" data-b="{}" d="{}"><title>{}</title></path>').format(
            number[edge.source], number[edge.target], _curve(edge, at, ends), wording.words(edge.link)
        )
    for i, (name, column) in enumerate(order.items()):
        body += Markup('<text class="head" x="{}" y="26">{}</text>').format(
            LEFT - 6 + i * COLUMN, f"{wording.heading(name)} ({len(column)})"
        )
        for node in column:
            x, y = at[node.id]
            body += Markup(
                '<a href="{}" data-n="{}" class="node k{}"><title>{}</title><circle cx="{}" cy="{}" r="5.5"/><text x="{}" y="{}">{}</text></a>'
            ).format(
                node.url,
                number[node.id],
                columns.index(name) % COLORS,
                node.title,
                x,
                y,
                x + 11,
                y + 4.5,
                short(node.title),
            )
    return drawn(body, width, height, label, alone=alone)


def _ordered(nodes: Sequence[Node], edges: Sequence[Edge], columns: Sequence[str]) -> Mapping[str, list[Node]]:
    """The nodes by column, each near the middle of what it is linked to."""
    order = {name: [node for node in nodes if node.resource == name] for name in columns}
    order = {name: column for name, column in order.items() if column}
    near: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        near[edge.source].append(edge.target)
        near[edge.target].append(edge.source)
    for _ in range(8):
        for column in order.values():
            place = {node.id: (j + 0.5) / len(some) for some in order.values() for j, node in enumerate(some)}
            own = {node.id for node in column}

            def middle(node: Node, place: Mapping[str, float] = place, own: set[str] = own) -> float:
                others = [place[id] for id in near[node.id] if id in place and id not in own]
                return sum(others) / len(others) if others else place[node.id]

            column.sort(key=lambda node: (middle(node), node.id))
    return order


def _told(edges: Sequence[Edge], at: Mapping[str, tuple[float, float]]) -> Iterator[Edge]:
    """The links to be drawn: none that passes over a column where two others lead there through a record in it."""
    near: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        near[edge.source].add(edge.target)
        near[edge.target].add(edge.source)
    for edge in edges:
        if edge.source in at and edge.target in at:
            left, right = sorted((at[edge.source][0], at[edge.target][0]))
            if not any(id in at and left < at[id][0] < right for id in near[edge.source] & near[edge.target]):
                yield edge


def _curve(edge: Edge, at: Mapping[str, tuple[float, float]], ends: Mapping[str, float]) -> str:
    """From the end of the left label to the right record; within a column a bow to its left."""
    ((x1, y1), left), ((x2, y2), _) = sorted(((at[edge.source], edge.source), (at[edge.target], edge.target)))
    if x1 == x2:
        bow = 14 + min(abs(y2 - y1) / 6, 40)
        return f"M{x1 - 6:g} {y1:g}C{x1 - bow:g} {y1:g} {x1 - bow:g} {y2:g} {x1 - 6:g} {y2:g}"
    x1 = ends[left]
    x2 -= 7
    half = (x2 - x1) / 2
    return f"M{x1:g} {y1:g}C{x1 + half:g} {y1:g} {x2 - half:g} {y2:g} {x2:g} {y2:g}"


def timeline(lines: Sequence[Line], label: str, *, alone: bool) -> Markup:
    """One line for each record, its dates as marks on a common scale of years."""
    left, width, top = 350, 1200, 50
    marks = [mark for line in lines for mark in line.marks]
    first = min((mark.days[0].year for mark in marks), default=2025)
    last = max((mark.days[1].year for mark in marks), default=2025) + 1
    start, end = Day(first, 1, 1).toordinal(), Day(last, 1, 1).toordinal()

    def across(day: Day) -> float:
        return round(left + (day.toordinal() - start) / (end - start) * (width - left - 30), 1)

    height = top + len(lines) * 30 + 20
    body = Markup("")
    step = 1 if last - first <= 14 else 5 if last - first <= 60 else 25
    for year in range(first, last + 1, step):
        x = across(Day(year, 1, 1))
        body += Markup(
            '<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text class="tick" x="{0}" y="{3}">{4}</text>'
        ).format(x, top - 16, height - 12, top - 24, year)
    for i, line in enumerate(lines):
        y = top + i * 30 + 8
        body += Markup('<line class="rule" x1="10" x2="{0}" y1="{1}" y2="{1}"/>').format(width - 10, y + 15)
        body += Markup('<a href="{}" class="node"><title>{}</title><text x="10" y="{}">{}</text></a>').format(
            line.url, line.title, y + 5, short(line.title, 42)
        )
        for mark in line.marks:
            x1, x2 = (across(day) for day in mark.days)
            title = Markup("<title>{}</title>").format(f"{mark.words}, {wording.date(mark.date)}")
            if mark.kind == "status":
                middle = (x1 + x2) / 2
                body += Markup('<circle class="mark-status" cx="{}" cy="{}" r="6">{}</circle>').format(middle, y, title)
            else:
                body += Markup('<rect class="mark-{}" x="{}" y="{}" width="{}" height="12" rx="3">{}</rect>').format(
                    "due" if mark.kind == "due" else "date", x1, y - 6, max(x2 - x1, 8), title
                )
    return drawn(body, width, height, label, alone=alone)


def bars(some: Sequence[Bar], label: str, *, alone: bool) -> Markup:
    """A bar for each value."""
    left, width = 300, 900
    most = max((bar.count for bar in some), default=1) or 1
    body = Markup("")
    for i, bar in enumerate(some):
        y = 12 + i * 32
        length = round(bar.count / most * (width - left - 80), 1)
        body += Markup(
            '<a href="{}" class="node"><title>{}</title><text class="end" x="{}" y="{}">{}</text>'
            '<rect class="bar" x="{}" y="{}" width="{}" height="20" rx="3"/><text x="{}" y="{}">{:,}</text></a>'
        ).format(
            bar.url,
            f"{bar.label}: {bar.count:,}",
            left - 12,
            y + 15,
            short(bar.label, 38),
            left,
            y,
            max(length, 1),
            left + length + 10,
            y + 15,
            bar.count,
        )
    return drawn(body, width, 24 + len(some) * 32, label, alone=alone)
