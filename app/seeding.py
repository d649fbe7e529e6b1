"""Reads seed folders into drafts, says everything that is wrong with them, and applies them as one changeset.

The format is described in docs/seed-format.md.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, select
from sqlmodel import col

from app import __version__
from app.core.changes import Changeset, Dataset, Draft, Outcome, Reason, Refused, apply, compose
from app.core.declare import Resource, adapter
from app.core.fields import Provenance
from app.core.filters import Linked
from app.core.provenance import Answer, Certainty, SourceKind, Statement
from app.core.record import Record
from app.core.values import QuantityRelation, clean
from app.resources import CATALOG
from app.resources.relation import RELATIONS, RelationKind
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS

PLACE = re.compile(r"([A-Z]+[0-9]+)(?:\.p([1-9][0-9]*))?")
ROW = re.compile(r"([A-Z]+)([0-9]+)")
ASIDE = ("modality", "basis", "certainty", "note", "locator", "rank", "verification")
"""What a line may say besides its values, each a field of the statement."""
INSIDE = ("is", "as", "such_as", *ASIDE)


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


class Rejected(Exception):
    """Seed folders have problems; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class Key(str):
    """A key of a mapping that knows its line."""

    line: int


class _Loader(yaml.SafeLoader):
    """Reads every scalar as text; refuses duplicate keys, tags, anchors and aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem=f"tag {event.tag} is not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)  # type: ignore[no-untyped-call]


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
class _Line:
    """One row of a source in one record: where it stands, and what it says."""

    file: str
    number: int
    source: str
    section: str | None
    section_title: str | None
    paragraph: int | None
    row: str
    says: dict[str, Any]


@dataclass
class _Entry:
    """What the folders say of one record."""

    resource: Resource
    id: str
    file: str
    number: int
    own: dict[str, Any] = field(default_factory=dict)
    described: bool = False
    lines: list[_Line] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass
class Seed:
    """Seed folders as read: drafts for `apply`, and how every row of a source is accounted for."""

    drafts: list[Draft]
    rows: dict[str, dict[str, str]]
    """By source and row: `statement`, `silent` or `not_data`."""
    checksum: str


def checksum(root: Path) -> str:
    """Checksum of everything that a folder of seed folders would load, and of the program that would."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(root.rglob("*.yaml")):
        digest.update(f"\n{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def read(root: Path) -> Seed:
    """All folders below `root` as one set of drafts, without a database. Raises Rejected with every problem."""
    reading = _Reading(root)
    reading.read_folders()
    drafts = reading.drafts()
    if not reading.problems:
        _, faults = compose(CATALOG, drafts, {}, lambda id: {})
        for fault in faults:
            reading.fault(fault.record, fault.field, fault.message, fault.statement)
    if reading.problems:
        raise Rejected(sorted(reading.problems, key=lambda problem: (problem.file, problem.line)))
    return Seed(drafts, reading.rows, checksum(root))


def seed(
    connection: Connection,
    root: Path,
    at: datetime | None = None,
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Outcome:
    """Make the seeded records those of the folders, in one changeset; records that left the folders are deleted."""
    found = read(root)
    here = {draft.id for draft in found.drafts}
    seeded = connection.execute(
        select(Record.id).where(col(Record.seeded), col(Record.document).is_not(None), col(Record.resource) != "statements")
    )
    changeset = Changeset(
        at=at or datetime.now(UTC),
        reason=Reason.source,
        drafts=found.drafts,
        gone=sorted(id for (id,) in seeded if id not in here),
        note=", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())),
        seeded=True,
        seed=found.checksum,
    )
    try:
        return apply(connection, CATALOG, changeset, progress)
    except Refused as refused:
        raise Rejected([Problem(str(root), 1, f.record, f.field, f.message) for f in refused.faults]) from None


def is_current(connection: Connection, root: Path) -> bool:
    """Whether the folders were loaded as they are now."""
    return connection.execute(select(Dataset.seed)).scalar_one() == checksum(root)


class _Reading:
    """One pass over all folders, collecting entries and problems."""

    def __init__(self, root: Path):
        self.root = root
        self.problems: list[Problem] = []
        self.entries: dict[str, _Entry] = {}
        self.rows: dict[str, dict[str, str]] = {}
        self.kinds: dict[str, str] = {}
        self.used: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.place_of: dict[str, _Line] = {}

    def problem(self, file: str, line: int, record: str | None, field: str | None, message: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(file, line, record, field, message))

    def fault(self, record: str, field: str | None, message: str, statement: str | None) -> None:
        """Note what is wrong with a draft, at the line that it came from."""
        entry = self.entries.get(record)
        line = self.place_of.get(statement or "")
        if line is not None:
            self.problem(line.file, line.number, record, field, message)
        elif entry is not None:
            self.problem(entry.file, entry.numbers.get(field or "", entry.number), record, field, message)
        else:
            self.problem(str(self.root), 1, record, field, message)

    def read_folders(self) -> None:
        """Every folder below the root, and every file in it."""
        folders = sorted(path for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []
        if not folders:
            self.problem(str(self.root), 1, None, None, "there is no seed folder here")
        sections: dict[Path, dict[str, Any]] = {}
        for folder in folders:
            sections[folder] = self._read_source(folder)
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if path.name != "source.yaml":
                    self._read_file(path, folder.name, sections[folder])

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

    def _read_source(self, folder: Path) -> dict[str, Any]:
        path = folder / "source.yaml"
        name = str(path.relative_to(self.root))
        found = self._load(path) if path.is_file() else None
        if not isinstance(found, dict):
            self.problem(name, 1, None, None, "must be a mapping that describes the source")
            return {}
        sections = found.pop("sections", {})
        silent = found.pop("silent", {})
        not_data = found.pop("not_data", {})
        if found.get("id") != folder.name:
            self.problem(name, 1, folder.name, "id", f"id must be the folder's name, {folder.name}")
            return {}
        self.kinds[folder.name] = str(found.get("kind"))
        self.rows[folder.name] = {}
        for row in silent:
            self._account(name, folder.name, row, "silent")
            if silent[row] not in SOURCES.keys:
                self.problem(name, row.line, folder.name, silent[row], f"sources have no field {silent[row]}")
        for rows in not_data:
            for row in self._range(name, rows):
                self._account(name, folder.name, row, "not_data", rows.line)
        self._read_record(SOURCES, found, name, folder.name, sections)
        return sections if isinstance(sections, dict) else {}

    def _range(self, file: str, rows: Key) -> Iterator[str]:
        first, _, last = rows.partition("-")
        start, end = ROW.fullmatch(first), ROW.fullmatch(last or first)
        if not start or not end or start[1] != end[1] or int(start[2]) > int(end[2]):
            self.problem(file, rows.line, None, None, f"{rows} is neither a row such as F003 nor a range such as F003-F005")
            return
        for number in range(int(start[2]), int(end[2]) + 1):
            yield f"{start[1]}{number:0{len(start[2])}}"

    def _account(self, file: str, source: str, row: str, how: str, line: int | None = None) -> None:
        before = self.rows[source].setdefault(row, how)
        if before != how or how != "statement" and before is not how:
            self.problem(file, line or getattr(row, "line", 1), source, row, f"row {row} is already accounted for as {before}")

    def _read_file(self, path: Path, source: str, sections: dict[str, Any]) -> None:
        name = str(path.relative_to(self.root))
        resource = CATALOG.by_name.get(path.stem) if path.suffix == ".yaml" else None
        if resource is None or resource in (STATEMENTS, RELATIONS):
            self.problem(name, 1, None, None, "is not the file of a resource that has records of its own")
            return
        found = self._load(path)
        if found is None:
            return
        if not isinstance(found, list):
            self.problem(name, 1, None, None, "must be a list of records")
            return
        for record in found:
            if not isinstance(record, dict) or not isinstance(record.get("id"), str):
                self.problem(name, 1, None, "id", "a record must be a mapping with an id")
                continue
            self._read_record(resource, record, name, source, sections)

    def _read_record(self, resource: Resource, record: dict[str, Any], file: str, source: str, sections: Any) -> None:
        id = record["id"]
        number = id.line
        entry = self.entries.get(id)
        if entry is None:
            entry = self.entries[id] = _Entry(resource, str(id), file, number)
        if entry.resource is not resource:
            self.problem(file, number, id, "id", f"{id} is already one of the {entry.resource.name}")
            return
        own = {key: value for key, value in record.items() if key not in ("id", "says")}
        if own or "says" not in record or not entry.lines and not entry.described:
            if entry.described and own:
                self.problem(file, number, id, "id", f"{id} is described twice, here and in {entry.file}")
                return
            if own:
                entry.own, entry.described, entry.file, entry.number = own, True, file, number
                entry.numbers = {str(key): key.line for key in own}  # type: ignore[attr-defined]
        says = record.get("says", {})
        if not isinstance(says, dict):
            self.problem(file, number, id, "says", "says must map places to rows")
            return
        for place, rows in says.items():
            self._read_place(entry, file, source, sections, place, rows)

    def _read_place(self, entry: _Entry, file: str, source: str, sections: Any, place: Any, rows: Any) -> None:
        match = PLACE.fullmatch(place)
        if not match or match[1] not in sections:
            known = ", ".join(sections) if isinstance(sections, dict) else ""
            self.problem(file, place.line, entry.id, None, f"{place} is not a place such as S1.p2; sections are {known}")
            return
        if not isinstance(rows, dict):
            self.problem(file, place.line, entry.id, None, f"{place} must map rows to what they say")
            return
        for row, says in rows.items():
            if not ROW.fullmatch(row):
                self.problem(file, row.line, entry.id, None, f"{row} is not a row such as F085")
                continue
            if not isinstance(says, dict):
                self.problem(file, row.line, entry.id, None, f"{row} must map fields to values")
                continue
            if any(line.row == row and line.source == source for line in entry.lines):
                self.problem(file, row.line, entry.id, None, f"row {row} stands twice in {entry.id}")
                continue
            self._account(file, source, row, "statement")
            self.used[source, str(row)].add(entry.id)
            paragraph = int(match[2]) if match[2] else None
            title = str(sections[match[1]])
            entry.lines.append(_Line(file, row.line, source, match[1], title, paragraph, str(row), says))

    def drafts(self) -> list[Draft]:
        """A draft for every entry, and one for every relation that a line makes."""
        made: list[Draft] = []
        for entry in self.entries.values():
            draft = Draft(entry.resource, entry.id, self._own(entry))
            made += [draft, *self._statements(entry, draft)]
        return made

    def _own(self, entry: _Entry) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for name, value in entry.own.items():
            line = entry.numbers[name]
            if name == "reference":
                own |= self._reference(entry, value, line)
            elif name not in entry.resource.keys or name in ("resource", "url", "identifiers"):
                self.problem(entry.file, line, entry.id, name, f"{entry.resource.name} have no field {name}")
            else:
                own |= self._typed(entry.resource, entry, entry.file, line, name, value)
        return own

    def _reference(self, entry: _Entry, block: Any, line: int) -> dict[str, Any]:
        if not isinstance(block, dict) or self.kinds.get(str(block.get("source"))) != SourceKind.reference_dataset:
            self.problem(entry.file, line, entry.id, "reference", "must name a source of kind reference_dataset")
            return {}
        own: dict[str, Any] = {"reference": str(block["source"]), "identifiers": {}}
        for key, value in block.items():
            if key == "source":
                continue
            if key in entry.resource.keys and entry.resource.provenance(key) is Provenance.reference:
                own |= self._typed(entry.resource, entry, entry.file, key.line, key, value)
            elif isinstance(value, str):
                own["identifiers"][str(key)] = str(value)
            else:
                self.problem(entry.file, key.line, entry.id, key, "an identifier must be text")
        return own

    def _typed(
        self, resource: Resource, entry: _Entry, file: str, line: int, name: str, value: Any
    ) -> dict[str, Any]:
        try:
            given = [value] if name in (*resource.lists, "aliases") and isinstance(value, str) else value
            return {str(name): resource.typed(name, given)}
        except ValueError as error:
            self.problem(file, line, entry.id, name, f"{name}: {_said(error)}")
            return {}

    def _statements(self, entry: _Entry, draft: Draft) -> list[Draft]:
        relations: list[Draft] = []
        values: dict[tuple[str, str], list[tuple[str, Any]]] = {}
        for line in entry.lines:
            fields = self._fields(entry, line, values)
            values[line.source, line.row] = fields
            made: list[tuple[str, str | None, Statement]] = []
            for name, value in fields:
                for suffix, statement in self._values(entry, line, name, value):
                    made.append((name, suffix, statement))
            if not fields:
                made.append(("", None, self._statement(entry, line, None, {})))
            self._name_statements(entry, line, made)
            for name, _, statement in made:
                statement.position = len(draft.statements)
                if name in RelationKind.__members__:
                    relations.append(self._relation(entry, statement))
                else:
                    draft.statements.append(statement)
                self._answers(entry, line, draft, statement)
        self._check_agreement(entry, draft)
        return relations

    def _fields(
        self, entry: _Entry, line: _Line, earlier: Mapping[tuple[str, str], list[tuple[str, Any]]]
    ) -> list[tuple[str, Any]]:
        fields: list[tuple[str, Any]] = []
        for key, value in line.says.items():
            if key in (*ASIDE, "as", "such_as", "answers"):
                continue
            if key == "again":
                if (line.source, value) not in earlier:
                    self.problem(line.file, key.line, entry.id, "again", f"{value} is no earlier row of {entry.id}")
                fields += earlier.get((line.source, value), [])
            elif key in RelationKind.__members__ or self._may_be_said(entry.resource, key):
                fields.append((str(key), value))
            else:
                self.problem(
                    line.file, key.line, entry.id, key, f"{entry.resource.name} have no field {key} that a source says"
                )
        return fields

    def _may_be_said(self, resource: Resource, name: str) -> bool:
        if name == "status":
            return name in resource.keys
        if name not in resource.keys or name in resource.parts:
            return False
        return resource.provenance(name) in (Provenance.said, Provenance.ours)

    def _values(self, entry: _Entry, line: _Line, name: str, value: Any) -> Iterator[tuple[str | None, Statement]]:
        """The statements that one field of a line makes, each with what tells it from the field's others."""
        resource = entry.resource
        if name in RelationKind.__members__:
            for target, given in self._targets(value):
                statement = self._statement(entry, line, name, given)
                statement.object = target
                yield target, statement
            return
        several = resource.lists.get(name)
        if several is not None and name != "status_events":
            linked = isinstance(several, Linked)
            attributes = [column.name for column in several.attributes if column.name not in ("basis", "via")]
            for target, given in self._targets(value, attributes[0] if attributes else None):
                statement = self._statement(entry, line, name, given, allowed=attributes)
                item = resource.read.model_fields[name].annotation.__args__[0] if attributes else None  # type: ignore[union-attr]
                parts = {
                    str(key): self._part(entry, line, item, key, given.get(key)) for key in attributes if given.get(key) is not None
                }
                if linked:
                    statement.object, statement.parts = target, parts or None
                    statement.value = parts.get(attributes[0]) if attributes else None
                else:
                    typed = self._typed(resource, entry, line.file, line.number, name, [target])
                    statement.value = (typed.get(name) or [None])[0]
                yield target.replace("_", "-"), statement
            return
        given = value if isinstance(value, dict) else {"is": value}
        yield None, self._single(entry, line, name, given)

    def _targets(self, value: Any, main: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """The items of a list field: `id`, `[id, id]`, `{id: role}` or `{id: {role: ..., since: ...}}`."""
        if isinstance(value, str):
            yield str(value), {}
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, str):
                    yield str(item), {}
        elif "is" in value:
            yield from ((target, value) for target, _ in self._targets(value["is"]))
        else:
            for target, given in value.items():
                yield str(target), given if isinstance(given, dict) else {main or "is": given}

    def _part(self, entry: _Entry, line: _Line, model: Any, key: str, value: Any) -> Any:
        try:
            kind = adapter(model, key)
            return kind.dump_python(kind.validate_python(value), mode="json")
        except ValueError as error:
            self.problem(line.file, getattr(value, "line", line.number), entry.id, key, f"{key}: {_said(error)}")
            return None

    def _single(self, entry: _Entry, line: _Line, name: str, given: dict[str, Any]) -> Statement:
        resource = entry.resource
        composite = resource.composite_by_main.get(name)
        allowed = list(composite.parts) if composite else ["as_of"] if name == "status" else []
        statement = self._statement(entry, line, name, given, allowed=allowed)
        if "is" not in given:
            self.problem(line.file, line.number, entry.id, name, f"{name} needs a value: `is`")
            return statement
        number = given["is"]
        if composite and isinstance(number, str):
            number = number.replace("_", "")
        typed = self._typed(resource, entry, line.file, line.number, name, number).get(name)
        if name in resource.links:
            statement.object = typed
            return statement
        statement.value = typed
        if name == "status":
            statement.parts = {"as_of": str(given["as_of"])} if "as_of" in given else None
        if composite:
            parts = {name: typed}
            for word, (column, unwritten) in composite.parts.items():
                part = given.get(word, unwritten)
                key = str(column.key)
                parts |= self._typed(resource, entry, line.file, line.number, key, part) if part else {key: None}
            statement.parts = parts
            if composite.unit:
                statement.unit = parts.get(composite.parts[composite.unit][0].key)
                if not statement.unit:
                    self.problem(line.file, line.number, entry.id, name, f"{name} needs its {composite.unit}")
            if QuantityRelation.about in parts.values() and not _aside(line, given, "certainty"):
                statement.certainty = Certainty.approximate
        return statement

    def _statement(
        self, entry: _Entry, line: _Line, name: str | None, given: dict[str, Any], allowed: Sequence[str] = ()
    ) -> Statement:
        for key in given:
            if key not in (*INSIDE, *allowed):
                self.problem(line.file, getattr(key, "line", line.number), entry.id, name, f"{key} is not known here")
        such_as = _aside(line, given, "such_as")
        if such_as not in (None, "true"):
            self.problem(line.file, line.number, entry.id, name, "such_as can only be true")
        fields: dict[str, Any] = {
            "id": "",
            "subject": entry.id,
            "record": entry.id,
            "field": name,
            "cited": name,
            "value": None,
            "unit": None,
            "object": None,
            "parts": None,
            "position": 0,
            "source": line.source,
            "section": line.section,
            "section_title": line.section_title,
            "paragraph": line.paragraph,
            "is_exhaustive": False if such_as else None,
            "as_stated": None,
            "locator": None,
            "note": None,
            "modality": None if entry.resource is SOURCES else "asserted",
            "basis": "stated",
            "certainty": "stated",
            "rank": "normal",
            "verification": "unverified",
        }
        for key in ("as", *ASIDE):
            value = _aside(line, given, key)
            if value is not None:
                target = "as_stated" if key == "as" else key
                fields |= self._typed(STATEMENTS, entry, line.file, line.number, target, value)
        return Statement(**fields)

    def _name_statements(self, entry: _Entry, line: _Line, made: list[tuple[str, str | None, Statement]]) -> None:
        """Ids: the row, the record where several use it, and what tells the values of one row apart."""
        stem = f"{line.source}-{line.row.lower()}"
        if len(self.used[line.source, line.row]) > 1:
            stem += f"-{entry.id}"
        for name, suffix, statement in made:
            of_field = sum(other == name for other, _, _ in made)
            more = suffix if of_field > 1 else name.replace("_", "-")
            statement.id = f"{stem}-{more}" if len(made) > 1 else stem
            if statement.id in self.place_of:
                self.problem(line.file, line.number, entry.id, name, f"two values would be statement {statement.id}")
            self.place_of[statement.id] = line

    def _relation(self, entry: _Entry, statement: Statement) -> Draft:
        kind = RelationKind(str(statement.field))
        words = kind.value.replace("_", " ")
        id = f"{entry.id}-{kind.value.replace('_', '-')}-{statement.object}"
        statement.record, statement.cited, statement.position = id, "object", 0
        title = f"{self._title(entry.id)} {words} {self._title(str(statement.object))}"
        return Draft(RELATIONS, id, {"title": title, "subject": entry.id, "kind": kind.value}, [statement])

    def _title(self, id: str) -> str:
        entry = self.entries.get(id)
        if entry is None:
            return id
        said = (line.says[name] for name in ("acronym", "title") for line in entry.lines if name in line.says)
        title = next(said, entry.own.get("title", id))
        return str(title.get("is", id) if isinstance(title, dict) else title)

    def _answers(self, entry: _Entry, line: _Line, draft: Draft, statement: Statement) -> None:
        answers = line.says.get("answers", {})
        if not isinstance(answers, dict):
            self.problem(line.file, line.number, entry.id, "answers", "must map statements to what is done to them")
            return
        items = [
            {"id": str(id), "kind": self._part(entry, line, Answer, "kind", kind)} for id, kind in answers.items()
        ]
        if items:
            draft.answers[statement.id] = items

    def _check_agreement(self, entry: _Entry, draft: Draft) -> None:
        """A field with one value must not be given two by one source, nor by us and a source."""
        first: dict[tuple[str, str], Statement] = {}
        for statement in draft.statements:
            name = statement.field
            if name is None or name in entry.resource.lists or name == "status":
                continue
            before = first.setdefault((statement.source, name), statement)
            same = (before.value, before.object, before.parts) == (statement.value, statement.object, statement.parts)
            line = self.place_of[statement.id]
            if not same:
                self.problem(line.file, line.number, entry.id, name, f"{name} has two values, see also {before.id}")
            elif name in draft.own and draft.own[name] != (statement.object or statement.value):
                if self.kinds.get(statement.source) == SourceKind.seed_article:
                    self.problem(line.file, line.number, entry.id, name, f"{name} has another value above `says`")


def _aside(line: _Line, given: Mapping[str, Any], key: str) -> Any:
    return given.get(key, line.says.get(key))


def _said(error: ValueError) -> str:
    return str(error.args[0]) if error.args else clean(str(error))
