"""Spreadsheets and Parquet files, written while the records are still being read: memory stays flat."""

import re
import types
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin
from xml.sax.saxutils import escape

import orjson
from pydantic import BaseModel

from app.api.citing import About
from app.api.writers import FORMULA, Writer, flat
from app.core.declare import Resource

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every file inside an archive: the same records give the same bytes."""


class Pipe:
    """A file to write to, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> int:
        """Keep some bytes."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing stands between."""

    def close(self) -> None:
        """What was written stays there to be taken."""

    def take(self) -> bytes:
        """The bytes written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class Xlsx(Writer):
    """A workbook: a sheet of records, further ones where a sheet is full, and one that says what it is.

    Numbers are numbers, truth values are truth values, lists are joined as in CSV. Text is text and never a
    formula, also after it was edited. The archive is written front to back, so nothing waits for the end.
    """

    MOST_ROWS = 1_048_576
    MOST_BYTES = 1_500_000_000
    """Of one sheet as XML: beyond 2 GB an archive has a form that Excel does not read."""
    MOST_CHARACTERS = 32_767
    CUT = " … (cut: a cell holds no more)"

    def __init__(self, resource: Resource, keys: Sequence[str], about: About | None = None):
        super().__init__(resource, keys, about)
        self._pipe = Pipe()
        self._archive = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED)
        self._columns = [letters(position) for position in range(len(keys))]
        self._sheets: list[str] = []
        self._part: Any = None
        self._row = self._bytes = 0

    def head(self) -> bytes:
        self._begin(self.resource.name)
        return self._pipe.take()

    def some(self, documents: Sequence[str]) -> bytes:
        rows: list[str] = []
        for document in documents:
            if self._row >= self.MOST_ROWS or self._bytes > self.MOST_BYTES:
                self._write(rows)
                rows = []
                self._end()
                self._begin(f"{self.resource.name} {len(self._sheets) + 1}")
            values = orjson.loads(document)
            rows.append(self._line(values[key] for key in self.keys))
        self._write(rows)
        return self._pipe.take()

    def tail(self) -> bytes:
        self._end()
        if self.about is not None:
            self._begin("about", widths=(14, 90), header=False)
            self._write([self._line(row) for row in self.about.rows().items()])
            self._end()
        for name, text in self._parts():
            self._archive.writestr(_member(name), text)
        self._archive.close()
        return self._pipe.take()

    def _begin(self, name: str, *, widths: Sequence[int] = (), header: bool = True) -> None:
        self._sheets.append(name)
        self._part = self._archive.open(_member(f"xl/worksheets/sheet{len(self._sheets)}.xml"), "w")
        self._row = self._bytes = 0
        frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if header else ""
        shown = widths or [38 if key in ("title", "summary") else 18 for key in self.keys]
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(shown, 1)
        )
        selected = ' tabSelected="1"' if len(self._sheets) == 1 else ""
        self._write([
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"{selected}>{frozen}</sheetView></sheetViews>'
            f"<cols>{columns}</cols><sheetData>"
        ])  # fmt: skip
        if header:
            self._write([self._line(self.keys, style=1)])

    def _end(self) -> None:
        self._write(["</sheetData></worksheet>"])
        self._part.close()

    def _write(self, lines: Sequence[str]) -> None:
        data = "".join(lines).encode()
        self._bytes += len(data)
        self._part.write(data)

    def _line(self, values: Iterable[Any], style: int = 0) -> str:
        self._row += 1
        row = self._row
        cells = [
            _cell(f"{column}{row}", value, style)
            for column, value in zip(self._columns or ["A", "B"], values, strict=False)
            if value is not None and value != [] and value != {}
        ]
        return f'<row r="{row}">{"".join(cells)}</row>'

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Everything in the archive besides the sheets."""
        numbers = range(1, len(self._sheets) + 1)
        sheets = "".join(f'<sheet name="{escape(self._sheets[n - 1])}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{_LINKED}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n in numbers
        )
        yield (
            "xl/workbook.xml",
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKED}"><sheets>{sheets}</sheets></workbook>',
        )
        yield "xl/styles.xml", _STYLES
        styles = f'<Relationship Id="rId{len(numbers) + 1}" Type="{_LINKED}/styles" Target="styles.xml"/>'
        yield (
            "xl/_rels/workbook.xml.rels",
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}{styles}</Relationships>',
        )
        workbook = f'<Relationship Id="rId1" Type="{_LINKED}/officeDocument" Target="xl/workbook.xml"/>'
        yield "_rels/.rels", f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{workbook}</Relationships>'
        yield (
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{kinds}</Types>',
        )


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
"""Styles 0 to 2: plain, bold, and text that stays text when it is edited."""


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def letters(position: int) -> str:
    """The letters of a spreadsheet's column, from 0."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(65 + rest) + name
    return name


_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def _cell(place: str, value: Any, style: int) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = flat(value)
    if len(text) > Xlsx.MOST_CHARACTERS:
        text = text[: Xlsx.MOST_CHARACTERS - len(Xlsx.CUT)] + Xlsx.CUT
    chosen = 2 if text.startswith(FORMULA) else style
    kept = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    styled = f' s="{chosen}"' if chosen else ""
    return (
        f'<c r="{place}" t="inlineStr"{styled}><is><t{kept}>{escape(_LOOKS_ESCAPED.sub("_x005F_", text))}</t></is></c>'
    )


class Parquet(Writer):
    """Columns with their types: lists are lists, objects are structures, what may be of any type is JSON text."""

    GROUP = 8_000
    """Rows of one row group, which is what stays in memory."""

    def __init__(self, resource: Resource, keys: Sequence[str], about: About | None = None):
        super().__init__(resource, keys, about)
        import pyarrow
        import pyarrow.parquet

        # Arrow's own allocators keep what they once held, for each thread: 50 MB where this takes 25.
        pyarrow.set_memory_pool(pyarrow.system_memory_pool())
        self._arrow = pyarrow
        self._columns = {key: column(resource, key) for key in self.keys}
        told = dict(about.rows()) if about else {}
        fields = [pyarrow.field(key, _arrow(pyarrow, kind)) for key, kind in self._columns.items()]
        self._schema = pyarrow.schema(fields, metadata=told)
        self._pipe = Pipe()
        self._file = pyarrow.parquet.ParquetWriter(
            pyarrow.PythonFile(self._pipe, mode="w"), self._schema, compression="zstd"
        )
        self._kept: list[Any] = []
        self._rows = 0

    def some(self, documents: Sequence[str]) -> bytes:
        rows = [orjson.loads(document) for document in documents]
        if rows:
            arrays = [
                self._arrow.array([_plain(kind, row[key]) for row in rows], type=field.type)
                for (key, kind), field in zip(self._columns.items(), self._schema, strict=True)
            ]
            self._kept.append(self._arrow.record_batch(arrays, schema=self._schema))
            self._rows += len(rows)
        if self._rows >= self.GROUP:
            self._flush()
        return self._pipe.take()

    def tail(self) -> bytes:
        self._flush()
        self._file.close()
        return self._pipe.take()

    def _flush(self) -> None:
        if self._kept:
            self._file.write_table(self._arrow.Table.from_batches(self._kept, self._schema))
        self._kept, self._rows = [], 0


Column = str | tuple[str, Any]
"""`string`, `integer`, `number`, `boolean`, `json`; or `list` of one, `object` of several by name, `map` of text."""


def column(resource: Resource, key: str) -> Column:
    """What a field holds, read off its declaration."""
    return _column(resource.read.model_fields[key].annotation)


def _column(annotation: Any) -> Column:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _column(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return _column(kinds[0]) if len(kinds) == 1 else "json"
    if origin is list:
        return ("list", _column(get_args(annotation)[0]))
    if origin is dict:
        return ("map", "string")
    if not isinstance(annotation, type):
        return "json"
    if issubclass(annotation, BaseModel):
        return ("object", {name: _column(info.annotation) for name, info in annotation.model_fields.items()})
    for base, kind in ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number")):
        if issubclass(annotation, base):
            return kind
    return "json"


def _arrow(pyarrow: Any, kind: Column) -> Any:
    match kind:
        case ("list", inner):
            return pyarrow.list_(_arrow(pyarrow, inner))
        case ("object", inner):
            return pyarrow.struct([pyarrow.field(name, _arrow(pyarrow, one)) for name, one in inner.items()])
        case ("map", _):
            return pyarrow.map_(pyarrow.string(), pyarrow.string())
        case "integer":
            return pyarrow.int64()
        case "number":
            return pyarrow.float64()
        case "boolean":
            return pyarrow.bool_()
    return pyarrow.string()


def _plain(kind: Column, value: Any) -> Any:
    """A value as Arrow takes it."""
    if value is None or isinstance(kind, str):
        return orjson.dumps(value).decode() if kind == "json" and value is not None else value
    name, inner = kind
    if name == "list":
        return value if isinstance(inner, str) and inner != "json" else [_plain(inner, item) for item in value]
    if name == "map":
        return list(value.items())
    return {key: _plain(one, value[key]) for key, one in inner.items()}
