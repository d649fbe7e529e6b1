"""From seed folders to entries: YAML read as text, every record's lines in their places, every problem noted."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from app.core.declare import Resource
from app.resources import CATALOG
from app.resources.relation import RELATIONS
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS

PLACE = re.compile(r"([A-Z]+[0-9]+)(?:\.p([1-9][0-9]{0,5}))?")
ROW = re.compile(r"([A-Z]+)([0-9]{1,6})")
LONGEST_RANGE = 1000
ONE_SOURCE = "source.yaml"
BETTER_SOURCES = "sources.yaml"
"""The file that makes a folder one of better sources: many of them, beside the articles."""
VERDICTS = "verdicts.yaml"
BESIDE = ("LICENSE", "questions.yaml")
"""Files that may stand beside the folders; they are not read here."""


def folders(root: Path, *, better_sources: bool = True) -> list[Path]:
    """The seed folders below `root` that are loaded: those of better sources last, or not at all.

    What an article says thus comes first in every record, whatever the folders are called.
    """
    found = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    better = [path for path in found if (path / BETTER_SOURCES).is_file()]
    return [path for path in found if path not in better] + (better if better_sources else [])


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a seed folder."""

    file: str
    line: int
    record: str | None
    field: str | None
    message: str

    def __str__(self) -> str:
        about = " ".join(filter(None, (self.record, self.field)))
        return f"{self.file}:{self.line}: {about}{': ' if about else ''}{self.message}"


class Key(str):
    """A key of a mapping that knows its line."""

    line: int


def line_of(value: Any) -> int:
    """The line of what was read: its own, or that of the first text in it."""
    if isinstance(value, Key):
        return value.line
    return next(map(line_of, value), 1)


class _Loader(yaml.SafeLoader):
    """Reads every scalar as text; refuses duplicate keys, tags, anchors and aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem=f"tag {event.tag} is not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        if node.value == "":
            raise yaml.MarkedYAMLError(problem="a value is missing", problem_mark=node.start_mark)
        text = Key(node.value)
        text.line = node.start_mark.line + 1
        return text
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    made: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _plain(key_node)
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key_node.start_mark)
        if key in made:
            raise yaml.MarkedYAMLError(problem=f"{key} stands twice", problem_mark=key_node.start_mark)
        made[key] = _plain(value_node)
    return made


@dataclass
class Place:
    """Where a line stands: its source and, where that has sections, which of them."""

    source: str
    section: str | None = None
    section_title: str | None = None
    paragraph: int | None = None


@dataclass
class Line:
    """One row of a source in one record: where it stands, and what it says."""

    file: str
    number: int
    place: Place
    row: str
    says: dict[Any, Any]
    repeated: bool = False
    """Whether another source says it first: words and locator are that one's."""

    @property
    def source(self) -> str:
        """The source that says it."""
        return self.place.source


@dataclass
class Entry:
    """What the folders say of one record."""

    resource: Resource
    id: str
    file: str
    number: int
    own: dict[str, Any] = field(default_factory=dict)
    described: bool = False
    lines: list[Line] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass
class Verdict:
    """What better sources make of an article's statement."""

    file: str
    number: int
    statement: str
    says: dict[Any, Any]


@dataclass
class _Folder:
    """What a place under `says` may be: a section of the folder's one source, or one of its many sources."""

    name: str
    sections: dict[str, str] | None = None
    sources: Sequence[str] = ()
    readable: bool = True
    """Whether its sections are known; where not, that was told, and a place may name any."""


class Reading:
    """One pass over all folders, collecting entries, verdicts and problems."""

    def __init__(self, root: Path, folders: Sequence[Path]):
        self.root = root
        self.folders = folders
        self.problems: list[Problem] = []
        self.entries: dict[str, Entry] = {}
        self.verdicts: list[Verdict] = []
        self.rows: dict[str, dict[str, str]] = {}
        self.kinds: dict[str, str] = {}
        """By source: what kind it is."""
        self.used: dict[tuple[str, str], set[str]] = defaultdict(set)
        """By source and row: the records that use it."""

    def problem(self, file: str, line: int, record: str | None, field: str | None, message: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(file, line, record, field, message))

    def read(self) -> None:
        """Every folder, and every file in it."""
        if not self.folders:
            self.problem(str(self.root), 1, None, None, "there is no seed folder here")
        for path in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if path.is_file() and path.name not in BESIDE:
                self.problem(path.name, 1, None, None, "stands beside the folders, where it is not read")
        for path in self.folders:
            if (path / BETTER_SOURCES).is_file():
                self._read_better_sources(path)
            else:
                self._read_source(path)

    def _load(self, path: Path) -> Any:
        name = str(path.relative_to(self.root))
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), _Loader)
            return _plain(node) if node is not None else None
        except UnicodeDecodeError:
            self.problem(name, 1, None, None, "is not UTF-8")
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.problem(name, line, None, None, str(error.problem or error))
        except (yaml.YAMLError, RecursionError) as error:
            self.problem(name, 1, None, None, f"is not YAML: {type(error).__name__}")
        return None

    def _read_source(self, path: Path) -> None:
        file = path / ONE_SOURCE
        name = str(file.relative_to(self.root))
        found = self._load(file) if file.is_file() else None
        folder = _Folder(path.name, {}, readable=False)
        if not isinstance(found, dict):
            self.problem(name, 1, None, None, "must be a mapping that describes the source")
        elif found.get("id") != path.name:
            self.problem(name, 1, path.name, "id", f"id must be the folder's name, {path.name}")
        else:
            folder.readable = isinstance(found.get("sections", {}), dict)
            folder.sections = self._sections(name, path.name, self._taken(name, found, "sections"))
            self.kinds[path.name] = str(found.get("kind"))
            silent, not_data = self._taken(name, found, "silent"), self._taken(name, found, "not_data")
            self._read_ledger(name, path.name, silent, not_data)
            self._read_record(SOURCES, found, name, folder)
        self._read_files(path, folder, besides=(ONE_SOURCE,))

    def _read_better_sources(self, path: Path) -> None:
        """A folder of many sources: its places are their ids, and it may have verdicts on other statements."""
        name = str((path / BETTER_SOURCES).relative_to(self.root))
        records = self._records(path / BETTER_SOURCES)
        folder = _Folder(path.name, sources=[str(record["id"]) for record in records])
        for record in records:
            self.kinds[str(record["id"])] = str(record.get("kind"))
            self._read_record(SOURCES, record, name, folder)
        if (path / VERDICTS).is_file():
            self._read_verdicts(path / VERDICTS)
        self._read_files(path, folder, besides=(BETTER_SOURCES, VERDICTS))

    def _taken(self, file: str, found: dict[Any, Any], name: str) -> dict[Any, Any]:
        """A mapping that describes a source, taken out of what else does; empty where it is none."""
        line = next((key.line for key in found if key == name), 1)
        given = found.pop(name, {})
        if isinstance(given, dict):
            return given
        self.problem(file, line, str(found["id"]), name, f"{name} must be a mapping")
        return {}

    def _sections(self, file: str, source: str, given: dict[Any, Any]) -> dict[str, str]:
        """The titles of a source's sections."""
        sections: dict[str, str] = {}
        for section, title in given.items():
            try:
                sections[section] = STATEMENTS.typed("section_title", title)
            except ValueError as error:
                sections[section] = ""
                self.problem(file, section.line, source, "sections", f"{section}: {error}")
        return sections

    def _read_ledger(self, file: str, source: str, silent: dict[Any, Any], not_data: dict[Any, Any]) -> None:
        """The rows of a source's ledger that make no statement."""
        self.rows[source] = {}
        for row, name in silent.items():
            self._account(file, source, row, "silent")
            if name not in SOURCES.keys:
                self.problem(file, row.line, source, str(name), f"sources have no field {name}")
        for rows in not_data:
            for row in self._range(file, rows):
                self._account(file, source, row, "not_data", rows.line)

    def _range(self, file: str, rows: Key) -> Iterator[str]:
        first, _, last = rows.partition("-")
        start, end = ROW.fullmatch(first), ROW.fullmatch(last or first)
        if not start or not end or start[1] != end[1] or int(start[2]) > int(end[2]):
            problem = f"{rows} is neither a row such as F003 nor a range such as F003-F005"
            self.problem(file, rows.line, None, None, problem)
            return
        if int(end[2]) - int(start[2]) >= LONGEST_RANGE:
            self.problem(file, rows.line, None, None, f"{rows} is more than {LONGEST_RANGE} rows")
            return
        for number in range(int(start[2]), int(end[2]) + 1):
            yield f"{start[1]}{number:0{len(start[2])}}"

    def _account(self, file: str, source: str, row: str, how: str, line: int | None = None) -> None:
        before = self.rows.setdefault(source, {}).setdefault(row, how)
        if before != how:
            problem = f"row {row} is already accounted for as {before}"
            self.problem(file, line or int(getattr(row, "line", 1)), source, row, problem)

    def _read_verdicts(self, path: Path) -> None:
        name = str(path.relative_to(self.root))
        found = self._load(path)
        if not isinstance(found, dict):
            self.problem(name, 1, None, None, "must map statements to their rank and verification")
            return
        for statement, says in found.items():
            line = statement.line
            if not isinstance(says, dict) or not set(says) <= {"rank", "verification"}:
                self.problem(name, line, statement, None, "a verdict is made of rank and verification")
                continue
            self.verdicts.append(Verdict(name, line, str(statement), says))

    def _read_files(self, path: Path, folder: _Folder, besides: Sequence[str]) -> None:
        for file in sorted(path.iterdir()):
            if file.name in besides:
                continue
            name = str(file.relative_to(self.root))
            resource = CATALOG.by_name.get(file.stem) if file.suffix == ".yaml" else None
            if resource is None or resource in (SOURCES, STATEMENTS, RELATIONS):
                self.problem(name, 1, None, None, "is not the file of a resource that has records of its own")
                continue
            for record in self._records(file):
                self._read_record(resource, record, name, folder)

    def _records(self, path: Path) -> list[dict[str, Any]]:
        name = str(path.relative_to(self.root))
        found = self._load(path)
        if found is None:
            return []
        if not isinstance(found, list):
            self.problem(name, 1, None, None, "must be a list of records")
            return []
        records = []
        for record in found:
            if isinstance(record, dict) and isinstance(record.get("id"), str):
                records.append(record)
            else:
                line = line_of(record.get("id", record) if isinstance(record, dict) else record)
                self.problem(name, line, None, "id", "a record must be a mapping with an id")
        return records

    def _read_record(self, resource: Resource, record: dict[str, Any], file: str, folder: _Folder) -> None:
        id = record["id"]
        number = id.line
        entry = self.entries.get(id)
        if entry is None:
            entry = self.entries[id] = Entry(resource, str(id), file, number)
        if entry.resource is not resource:
            self.problem(file, number, id, "id", f"{id} is already one of the {entry.resource.name}")
            return
        self._add_aliases(entry, record.pop("aliases", []), file)
        own = {key: value for key, value in record.items() if key not in ("id", "says")}
        if own and entry.described:
            self.problem(file, number, id, "id", f"{id} is described twice, here and in {entry.file}")
            return
        if own:
            entry.own |= own
            entry.described, entry.file, entry.number = True, file, number
            entry.numbers |= {str(key): key.line for key in own}  # type: ignore[attr-defined]
        says = record.get("says", {})
        if not isinstance(says, dict):
            self.problem(file, number, id, "says", "says must map places to rows")
            return
        for place, rows in says.items():
            self._read_place(entry, file, folder, place, rows)

    def _add_aliases(self, entry: Entry, aliases: Any, file: str) -> None:
        """Other names may be given by every folder that speaks of a record."""
        if not aliases:
            return
        listed = [aliases] if isinstance(aliases, str) else aliases
        if not isinstance(listed, list) or not all(isinstance(alias, str) for alias in listed):
            self.problem(file, entry.number, entry.id, "aliases", "aliases must be names")
            return
        entry.own["aliases"] = [*entry.own.get("aliases", []), *listed]
        entry.numbers.setdefault("aliases", listed[0].line)

    def _read_place(self, entry: Entry, file: str, folder: _Folder, given: Any, rows: Any) -> None:
        place = self._place(entry, file, folder, given)
        if place is None:
            return
        if not isinstance(rows, dict):
            self.problem(file, given.line, entry.id, None, f"{given} must map rows to what they say")
            return
        for row, says in rows.items():
            if not ROW.fullmatch(row):
                self.problem(file, row.line, entry.id, None, f"{row} is not a row such as F085")
            elif not isinstance(says, dict):
                self.problem(file, row.line, entry.id, None, f"{row} must map fields to values")
            else:
                line = Line(file, row.line, place, str(row), says)
                self._add_line(entry, line, folder, row)
                for source in self._also(entry, file, folder, place, says):
                    self._add_line(entry, replace(line, place=Place(source), repeated=True), folder, row)

    def _place(self, entry: Entry, file: str, folder: _Folder, given: Any) -> Place | None:
        if folder.sections is None:
            if given in folder.sources:
                return Place(str(given))
            self.problem(file, given.line, entry.id, None, f"{given} is not one of the sources of {folder.name}/")
            return None
        match = PLACE.fullmatch(given)
        if match and (match[1] in folder.sections or not folder.readable):
            paragraph = int(match[2]) if match[2] else None
            return Place(folder.name, match[1], folder.sections.get(match[1]), paragraph)
        known = ", ".join(folder.sections)
        self.problem(file, given.line, entry.id, None, f"{given} is not a place such as S1.p2; sections are {known}")
        return None

    def _also(self, entry: Entry, file: str, folder: _Folder, place: Place, says: dict[str, Any]) -> Iterator[str]:
        """The other sources of the folder that say the same."""
        also = says.pop("also", [])
        for source in [also] if isinstance(also, str) else also:
            if source in folder.sources and source != place.source:
                yield str(source)
            else:
                line = getattr(source, "line", entry.number)
                self.problem(file, line, entry.id, "also", f"{source} is not another of the sources of {folder.name}/")

    def _add_line(self, entry: Entry, line: Line, folder: _Folder, row: Key) -> None:
        if any(other.row == line.row and other.source == line.source for other in entry.lines):
            self.problem(line.file, line.number, entry.id, None, f"row {row} stands twice in {entry.id}")
            return
        if folder.sections is not None:
            self._account(line.file, line.source, row, "statement")
        self.used[line.source, line.row].add(entry.id)
        entry.lines.append(line)
