"""From entries to drafts: each line becomes the statements that it makes, each record what we say of it besides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.core.composing import Draft, Fault
from app.core.declare import Resource, adapter
from app.core.fields import Provenance
from app.core.filters import Linked
from app.core.provenance import Answer, Certainty, SourceKind, StatementRow
from app.core.values import QuantityRelation, clean
from app.resources.relation import RELATIONS, RelationKind
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS
from app.seeding.reading import Entry, Line, Problem, Reading

ASIDE = ("modality", "basis", "certainty", "note", "locator", "rank", "verification")
"""What a line may say besides its values, each a field of the statement."""
INSIDE = ("is", "as", "such_as", "answers", *ASIDE)
NONE = "none"
"""How a file says that there is no value, or no mood."""


class Drafting:
    """The drafts of everything that was read; problems are noted with the reading."""

    def __init__(self, reading: Reading):
        self.reading = reading
        self.problem = reading.problem
        self.place_of: dict[str, Line] = {}
        """By statement, and by relation: the line that makes it."""

    def told(self, fault: Fault) -> Problem:
        """What is wrong with a draft, at the line that it came from."""
        entry = self.reading.entries.get(fault.record)
        line = self.place_of.get(fault.statement or ("" if entry else fault.record))
        file, number = self.reading.root.resolve().name, 1
        if line is not None:
            file, number = line.file, line.number
        elif entry is not None:
            file, number = entry.file, entry.numbers.get(fault.field or "", entry.number)
        return Problem(file, number, fault.record, fault.field, fault.message)

    def drafts(self) -> list[Draft]:
        """A draft for every entry, and one for every relation that a line makes."""
        made: list[Draft] = []
        for entry in self.reading.entries.values():
            draft = Draft(entry.resource, entry.id, self._own(entry))
            made += [draft, *self._statements(entry, draft)]
        self._pass_verdicts({statement.id: statement for draft in made for statement in draft.statements})
        return made

    def _pass_verdicts(self, statements: Mapping[str, StatementRow]) -> None:
        """What better sources make of the statements of others; the article's own files stay as they are."""
        passed: set[str] = set()
        for verdict in self.reading.verdicts:
            statement = statements.get(verdict.statement)
            if statement is None:
                self.problem(verdict.file, verdict.number, verdict.statement, None, "there is no such statement")
                continue
            if statement.id in passed:
                self.problem(verdict.file, verdict.number, statement.id, None, "has a verdict already")
            passed.add(statement.id)
            for name, value in verdict.says.items():
                typed = self._typed(STATEMENTS, statement.id, verdict.file, verdict.number, name, value)
                if name in typed:
                    setattr(statement, name, typed[name])

    def _own(self, entry: Entry) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for name, value in entry.own.items():
            line = entry.numbers[name]
            if name == "reference":
                own |= self._reference(entry, value, line)
            elif name not in entry.resource.keys or name in ("resource", "url", "identifiers"):
                self.problem(entry.file, line, entry.id, name, f"{entry.resource.name} have no field {name}")
            else:
                own |= self._typed(entry.resource, entry.id, entry.file, line, name, value)
        return own

    def _reference(self, entry: Entry, block: Any, line: int) -> dict[str, Any]:
        source = str(block.get("source")) if isinstance(block, dict) else ""
        if self.reading.kinds.get(source) != SourceKind.reference_dataset:
            self.problem(entry.file, line, entry.id, "reference", "must name a source of kind reference_dataset")
            return {}
        own: dict[str, Any] = {"reference": str(block["source"]), "identifiers": {}}
        entry.numbers["identifiers"] = line
        for key, value in block.items():
            if key == "source":
                continue
            if key in entry.resource.keys and entry.resource.provenance(key) is Provenance.reference:
                own |= self._typed(entry.resource, entry.id, entry.file, key.line, key, value)
            elif isinstance(value, str):
                own["identifiers"][str(key)] = str(value)
            else:
                self.problem(entry.file, key.line, entry.id, key, "an identifier must be text")
        return own

    def _typed(self, resource: Resource, record: str, file: str, line: int, name: str, value: Any) -> dict[str, Any]:
        try:
            given = [value] if name in (*resource.lists, "aliases") and isinstance(value, str) else value
            return {str(name): resource.typed(name, given)}
        except ValueError as error:
            self.problem(file, line, record, name, f"{name}: {_said(error)}")
            return {}

    def _statements(self, entry: Entry, draft: Draft) -> list[Draft]:
        relations: dict[str, Draft] = {}
        values: dict[tuple[str, str], list[tuple[str, Any]]] = {}
        for line in entry.lines:
            fields = self._fields(entry, line, values)
            values[line.source, line.row] = fields
            made: list[_Made] = []
            for name, value in fields:
                made += [_Made(name, *rest) for rest in self._values(entry, line, name, value)]
            if not fields:
                made.append(_Made("", None, {}, self._statement(entry, line, None, {})))
            self._name_statements(entry, line, made)
            for one in made:
                of = draft
                if one.name in RelationKind.__members__:
                    of = self._relation(entry, one.statement, relations)
                    self.place_of.setdefault(of.id, line)
                one.statement.position = len(of.statements)
                of.statements.append(one.statement)
                if answers := self._answers(entry, line, one.given):
                    of.answers[one.statement.id] = answers
        self._check_agreement(entry, draft)
        return list(relations.values())

    def _fields(
        self, entry: Entry, line: Line, earlier: Mapping[tuple[str, str], list[tuple[str, Any]]]
    ) -> list[tuple[str, Any]]:
        """The fields of a line and what each is given."""
        fields: list[tuple[str, Any]] = []
        for key, value in line.says.items():
            if key in (*ASIDE, "as", "such_as", "answers"):
                continue
            if key == "again":
                row = str(value)
                if (line.source, row) not in earlier:
                    self.problem(line.file, key.line, entry.id, "again", f"{row} is no earlier row of {entry.id}")
                fields += earlier.get((line.source, row), [])
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

    def _values(
        self, entry: Entry, line: Line, name: str, value: Any
    ) -> Iterator[tuple[str | None, dict[str, Any], StatementRow]]:
        """The statements that one field of a line makes, each after what tells it from the others and what is given."""
        resource = entry.resource
        if name in RelationKind.__members__:
            for target, given in self._targets(entry, line, name, value):
                statement = self._statement(entry, line, name, given, allowed=("since",))
                statement.object = target
                if "since" in given:
                    since = self._typed(RELATIONS, entry.id, line.file, given["since"].line, "since", given["since"])
                    statement.parts = since or None
                yield target, given, statement
            return
        several = resource.lists.get(name)
        if several is not None and name != "status_events":
            linked = isinstance(several, Linked)
            attributes = [column.name for column in several.attributes if column.name not in ("basis", "via")]
            for target, given in self._targets(entry, line, name, value, attributes[0] if attributes else "is"):
                statement = self._statement(entry, line, name, given, allowed=attributes)
                item = resource.read.model_fields[name].annotation.__args__[0] if attributes else None  # type: ignore[union-attr]
                parts = {
                    str(key): self._part(entry, line, item, key, given[key])
                    for key in attributes
                    if given.get(key) is not None
                }
                if linked:
                    statement.object, statement.parts = target, parts or None
                    statement.value = parts.get(attributes[0]) if attributes else None
                else:
                    typed = self._typed(resource, entry.id, line.file, line.number, name, [target])
                    statement.value = (typed.get(name) or [None])[0]
                yield target.replace("_", "-"), given, statement
            return
        given = value if isinstance(value, dict) else {"is": value}
        yield None, given, self._single(entry, line, name, given)

    def _targets(
        self, entry: Entry, line: Line, name: str, value: Any, main: str = "is"
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The items of a list field: `id`, `[id, id]`, `{id: role}` or `{id: {role: ..., since: ...}}`."""
        if isinstance(value, str):
            yield str(value), {}
        elif not value or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            self.problem(line.file, line.number, entry.id, name, f"{name} must be one or several names")
        elif isinstance(value, list):
            yield from ((str(item), {}) for item in value)
        elif "is" in value:
            yield from ((target, value) for target, _ in self._targets(entry, line, name, value["is"]))
        else:
            for target, given in value.items():
                yield str(target), given if isinstance(given, dict) else {main: given}

    def _part(self, entry: Entry, line: Line, model: Any, key: str, value: Any) -> Any:
        try:
            kind = adapter(model, key)
            return kind.dump_python(kind.validate_python(value), mode="json")
        except ValueError as error:
            self.problem(line.file, getattr(value, "line", line.number), entry.id, key, f"{key}: {_said(error)}")
            return None

    def _single(self, entry: Entry, line: Line, name: str, given: dict[str, Any]) -> StatementRow:
        resource = entry.resource
        composite = resource.composite_by_main.get(name)
        allowed = list(composite.parts) if composite else ["as_of"] if name == "status" else []
        statement = self._statement(entry, line, name, given, allowed=allowed)
        if "is" not in given:
            self.problem(line.file, line.number, entry.id, name, f"{name} needs a value: `is`")
            return statement
        number = None if given["is"] == NONE else given["is"]
        if composite and isinstance(number, str):
            number = number.replace("_", "")
        typed = self._typed(resource, entry.id, line.file, line.number, name, number).get(name)
        if name in resource.links:
            statement.object = typed
            return statement
        statement.value = typed
        if name == "status" and "as_of" in given:
            statement.parts = {"as_of": self._status_date(entry, line, given["as_of"])}
        if composite and number is not None:
            parts = {name: typed}
            for word, (column, unwritten) in composite.parts.items():
                part = given.get(word, unwritten)
                key = str(column.key)
                parts |= self._typed(resource, entry.id, line.file, line.number, key, part) if part else {key: None}
            statement.parts = parts
            if composite.unit:
                statement.unit = parts.get(composite.parts[composite.unit][0].key)
                if not given.get(composite.unit):
                    self.problem(line.file, line.number, entry.id, name, f"{name} needs its {composite.unit}")
            if QuantityRelation.about in parts.values() and not _aside(line, given, "certainty"):
                statement.certainty = Certainty.approximate
        return statement

    def _status_date(self, entry: Entry, line: Line, value: Any) -> Any:
        try:
            return entry.resource.typed("status_as_of", value)
        except ValueError as error:
            self.problem(line.file, line.number, entry.id, "status", f"as_of: {_said(error)}")
            return None

    def _statement(
        self, entry: Entry, line: Line, name: str | None, given: dict[str, Any], allowed: Sequence[str] = ()
    ) -> StatementRow:
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
            "section": line.place.section,
            "section_title": line.place.section_title,
            "paragraph": line.place.paragraph,
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
            if value is None or (line.repeated and key in ("as", "locator")):
                continue
            target = "as_stated" if key == "as" else key
            said = None if key == "modality" and value == NONE else value
            fields |= self._typed(STATEMENTS, entry.id, line.file, line.number, target, said)
        return StatementRow.model_construct(**fields)

    def _name_statements(self, entry: Entry, line: Line, made: Sequence["_Made"]) -> None:
        """Ids: the row, the record where several use it, and what tells the values of one row apart."""
        stem = f"{line.source}-{line.row.lower()}"
        if len(self.reading.used[line.source, line.row]) > 1:
            stem += f"-{entry.id}"
        for one in made:
            of_field = sum(other.name == one.name for other in made)
            more = one.suffix if of_field > 1 else one.name.replace("_", "-")
            id = one.statement.id = f"{stem}-{more}" if len(made) > 1 else stem
            if id in self.place_of:
                self.problem(line.file, line.number, entry.id, one.name, f"two values would be statement {id}")
            self.place_of[id] = line

    def _relation(self, entry: Entry, statement: StatementRow, made: dict[str, Draft]) -> Draft:
        """The draft of the relation that a statement makes, or that an earlier one has made."""
        kind = RelationKind(str(statement.field))
        words = kind.value.replace("_", " ")
        id = f"{entry.id}-{kind.value.replace('_', '-')}-{statement.object}"
        statement.record, statement.cited = id, "object"
        if id not in made:
            title = f"{self._title(entry.id)} {words} {self._title(str(statement.object))}"
            made[id] = Draft(RELATIONS, id, {"title": title, "subject": entry.id, "kind": kind.value})
        return made[id]

    def _title(self, id: str) -> str:
        entry = self.reading.entries.get(id)
        if entry is None:
            return id
        said = (line.says[name] for name in ("acronym", "title") for line in entry.lines if name in line.says)
        title = next(said, entry.own.get("title", id))
        return str(title.get("is", id) if isinstance(title, dict) else title)

    def _answers(self, entry: Entry, line: Line, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        answers = _aside(line, given, "answers") or {}
        if not isinstance(answers, dict):
            self.problem(line.file, line.number, entry.id, "answers", "must map statements to what is done to them")
            return []
        return [{"id": str(id), "kind": self._part(entry, line, Answer, "kind", kind)} for id, kind in answers.items()]

    def _check_agreement(self, entry: Entry, draft: Draft) -> None:
        """A field with one value must not be given two by one source, nor by us and an article.

        A source that only stands beside an article may give more, such as the parts of a sum.
        """
        articles = [s for s in draft.statements if self.reading.kinds.get(s.source) == SourceKind.seed_article]
        fields = {statement.field for statement in articles}
        others = [s for s in draft.statements if s.field not in fields]
        first: dict[tuple[str, str], StatementRow] = {}
        for statement in [*articles, *others]:
            name = statement.field
            if name is None or name in entry.resource.lists or name == "status":
                continue
            before = first.setdefault((statement.source, name), statement)
            same = (before.value, before.object, before.parts) == (statement.value, statement.object, statement.parts)
            line = self.place_of[statement.id]
            if not same:
                self.problem(line.file, line.number, entry.id, name, f"{name} has two values, see also {before.id}")
            elif name in fields and name in draft.own and draft.own[name] != (statement.object or statement.value):
                self.problem(line.file, line.number, entry.id, name, f"{name} has another value above `says`")


@dataclass
class _Made:
    """A statement as a field of a line makes it."""

    name: str
    suffix: str | None
    """What tells it from the field's others."""
    given: dict[str, Any]
    """What its value says of itself."""
    statement: StatementRow


def _aside(line: Line, given: Mapping[str, Any], key: str) -> Any:
    return given.get(key, line.says.get(key))


def _said(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return str(error.args[0]) if error.args else clean(str(error))
