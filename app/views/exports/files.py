"""The four files of a whole dataset, written side by side in one reading of the records."""

import hashlib
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from app.api.citing import AUTHOR, LICENSE
from app.api.formats import FORMATS
from app.api.tables import EPOCH, Column, column
from app.api.writers import Writer, flat
from app.core.declare import ANY, Catalog, Resource
from app.core.filters import One, Several


@dataclass(frozen=True)
class Kind:
    """One of the files: its name, and what it is."""

    name: str
    title: str
    words: str
    media_type: str
    library: str | None = None


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "datapackage.zip",
            "Data Package",
            "Every resource as CSV and NDJSON with `datapackage.json`, which says what each column is and how tables hang together.",
            "application/zip",
        ),
        Kind(
            "parquet.zip",
            "Parquet",
            "Every resource as a Parquet file, for pandas, DuckDB, R and the like; lists stay lists.",
            "application/zip",
            "pyarrow",
        ),
        Kind(
            "dataset.sqlite",
            "SQLite",
            "One database: a flat table for each resource and one for each of its lists, with foreign keys; opens in Datasette.",
            "application/vnd.sqlite3",
        ),
        Kind(
            "dataset.jsonld",
            "JSON-LD",
            "Linked data: every record as a node, and the dataset described in the words of schema.org and DCAT.",
            "application/ld+json",
        ),
    )
}


@dataclass(frozen=True)
class Made:
    """A file that is there."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """What the files are of."""

    revision: int
    at: str
    counts: Mapping[str, int]
    base: str
    """Public address of the server; empty where it is not known."""

    title = "Initiatives API: who promised what to whom, and which source says so"
    words = "International policy initiatives with their commitments, minerals, technologies and parties, every value with its source."


class Bundle:
    """Writes all files into a folder: records are given in pieces, resource by resource."""

    def __init__(self, catalog: Catalog, folder: Path):
        self.catalog, self.folder = catalog, folder
        self.parts = Path(tempfile.mkdtemp(dir=folder))
        self.counts: dict[str, int] = {resource.name: 0 for resource in catalog}
        tables = [name for name in ("csv", "ndjson", "parquet") if not FORMATS[name].missing]
        self._tables = {name: [_Table(self.parts, name, resource) for resource in catalog] for name in tables}
        self._database = _Database(folder / "dataset.sqlite", catalog)
        self._linked = _Linked(self.parts / "records.jsonl", catalog)

    def some(self, position: int, documents: Sequence[str]) -> None:
        """Some records of the resource at a position of the catalog."""
        resource = self.catalog.resources[position]
        for tables in self._tables.values():
            tables[position].some(documents)
        values = [orjson.loads(document) for document in documents]
        self._database.some(resource, values)
        self._linked.some(resource, values)
        self.counts[resource.name] += len(documents)

    def finish(self, revision: int, at: str, base: str) -> list[Made]:
        """Complete the files, and say how large each is and what its checksum is."""
        dataset = Dataset(revision, at, self.counts, base)
        for tables in self._tables.values():
            for table in tables:
                table.close()
        package = self.folder / "datapackage.zip"
        described = _package(self.catalog, dataset, {name: self._tables[name] for name in ("csv", "ndjson")})
        with zipfile.ZipFile(package, "w") as archive:
            _store(archive, "datapackage.json", orjson.dumps(described, option=orjson.OPT_INDENT_2))
            _store(archive, "README.txt", _readme(dataset).encode())
            for name in ("csv", "ndjson"):
                for table in self._tables[name]:
                    _copy(archive, f"{name}/{table.path.name}", table.path, zipfile.ZIP_DEFLATED)
        if "parquet" in self._tables:
            with zipfile.ZipFile(self.folder / "parquet.zip", "w") as archive:
                _store(archive, "README.txt", _readme(dataset).encode())
                for table in self._tables["parquet"]:
                    _copy(archive, table.path.name, table.path, zipfile.ZIP_STORED)
        self._database.close(dataset)
        made = [_made(self.folder / name) for name in KINDS if (self.folder / name).exists()]
        self._linked.close(self.folder / "dataset.jsonld", dataset, made)
        shutil.rmtree(self.parts)
        return [*made, _made(self.folder / "dataset.jsonld")]

    def abandon(self) -> None:
        """Let go of everything that is open."""
        for tables in self._tables.values():
            for table in tables:
                table.file.close()
        self._database.connection.close()
        self._linked.file.close()


def _made(path: Path) -> Made:
    with path.open("rb") as file:
        return Made(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _member(name: str, method: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = method
    member.external_attr = 0o644 << 16
    return member


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_member(name, zipfile.ZIP_DEFLATED), content)


def _copy(archive: zipfile.ZipFile, name: str, path: Path, method: int) -> None:
    with (
        path.open("rb") as source,
        archive.open(_member(name, method), "w", force_zip64=path.stat().st_size > 2**31 - 2**20) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)


def _readme(dataset: Dataset) -> str:
    return (
        f"{dataset.title}\n\n{dataset.words}\n\nRevision {dataset.revision} of {dataset.at[:10]}.\n"
        f"License of our wording: {LICENSE['name']}, {LICENSE['url']}. Attribution: {AUTHOR}.\n"
        "Which source says what stands in the table of statements.\n"
    )


class _Table:
    """One file of one resource."""

    def __init__(self, folder: Path, name: str, resource: Resource):
        write = FORMATS[name].write
        assert write is not None
        self.resource = resource
        self.path = folder / f"{resource.name}.{FORMATS[name].extension}"
        self.file: IO[bytes] = self.path.open("wb")
        self._writer: Writer = write(resource, resource.keys)
        self.file.write(self._writer.head())

    def some(self, documents: Sequence[str]) -> None:
        """Some records."""
        self.file.write(self._writer.some(documents))

    def close(self) -> None:
        """Complete the file."""
        self.file.write(self._writer.tail())
        self.file.close()


def _package(catalog: Catalog, dataset: Dataset, tables: Mapping[str, Sequence[_Table]]) -> dict[str, Any]:
    """The description of a Data Package."""
    described = []
    for table in tables["csv"]:
        made, resource = _made(table.path), table.resource
        schema: dict[str, Any] = {
            "fields": [_field(resource, key) for key in resource.keys],
            "primaryKey": ["id"],
            "missingValues": [""],
        }
        if keys := list(_foreign_keys(catalog, resource)):
            schema["foreignKeys"] = keys
        described.append(
            {
                "name": resource.name,
                "title": resource.name.capitalize(),
                "description": resource.description,
                "path": f"csv/{table.path.name}",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": made.bytes,
                "hash": f"sha256:{made.sha256}",
                "dialect": {"delimiter": ",", "lineTerminator": "\r\n"},
                "schema": schema,
            }
        )
    for table in tables["ndjson"]:
        made = _made(table.path)
        described.append(
            {
                "name": f"{table.resource.name}-ndjson",
                "title": f"{table.resource.name.capitalize()}, one JSON document a line",
                "path": f"ndjson/{table.path.name}",
                "type": "file",
                "format": "ndjson",
                "mediatype": "application/x-ndjson",
                "encoding": "utf-8",
                "bytes": made.bytes,
                "hash": f"sha256:{made.sha256}",
            }
        )
    return {
        "profile": "data-package",
        "name": "initiatives",
        "title": dataset.title,
        "description": dataset.words,
        "version": str(dataset.revision),
        "created": dataset.at,
        "licenses": [{"name": "CC-BY-4.0", "title": LICENSE["name"], "path": LICENSE["url"]}],
        "contributors": [{"title": AUTHOR, "role": "publisher"}],
        "resources": described,
    }


def _field(resource: Resource, key: str) -> dict[str, Any]:
    kind = column(resource, key)
    info = resource.read.model_fields[key]
    described: dict[str, Any] = {"name": key, "type": kind if kind in ("integer", "number", "boolean") else "string"}
    words = info.description or ""
    if isinstance(kind, tuple):
        words += (
            " Several are joined by `;`, the parts of one by `:`."
            if kind[0] == "list"
            else " Values are joined by `:`."
        )
    if words:
        described["description"] = words.strip()
    if key == "id":
        described["constraints"] = {"required": True, "unique": True}
    return described


def _foreign_keys(catalog: Catalog, resource: Resource) -> Iterable[dict[str, Any]]:
    for link in catalog.links(resource):
        if isinstance(link, One) and link.ids is not None and link.ids[0] != ANY:
            target = catalog.by_table[link.ids[0]].name
            other = "" if target == resource.name else target
            yield {"fields": [link.name], "reference": {"resource": other, "fields": ["id"]}}


_SQL = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}


class _Database:
    """Flat tables that a person can query: of each resource, and of each of its lists."""

    def __init__(self, path: Path, catalog: Catalog):
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.catalog = catalog
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("BEGIN")
        for resource in catalog:
            self._create(resource)

    def _create(self, resource: Resource) -> None:
        references = {
            key["fields"][0]: key["reference"]["resource"] or resource.name
            for key in _foreign_keys(self.catalog, resource)
        }
        columns = []
        for key in resource.keys:
            kind = column(resource, key)
            words = (
                "PRIMARY KEY" if key == "id" else f'REFERENCES "{references[key]}" (id)' if key in references else ""
            )
            columns.append(f'"{key}" {_SQL.get(kind, "TEXT") if isinstance(kind, str) else "TEXT"} {words}'.strip())
        self.connection.execute(f'CREATE TABLE "{resource.name}" ({", ".join(columns)})')
        for name, listed in resource.lists.items():
            parts = _parts(listed, column(resource, name))
            target = self._target(listed)
            made = [f'"record" TEXT NOT NULL REFERENCES "{resource.name}" (id)', '"position" INTEGER NOT NULL']
            for part, kind in parts.items():
                points = f' REFERENCES "{target}" (id)' if target and part in ("id", "value") else ""
                made.append(f'"{part}" {_SQL.get(kind, "TEXT") if isinstance(kind, str) else "TEXT"}{points}')
            keys = ", PRIMARY KEY (record, position)"
            self.connection.execute(f'CREATE TABLE "{resource.name}_{name}" ({", ".join(made)}{keys}) WITHOUT ROWID')

    def _target(self, listed: Several) -> str | None:
        if listed.ids is None or listed.ids[0] == ANY:
            return None
        return self.catalog.by_table[listed.ids[0]].name

    def some(self, resource: Resource, records: Sequence[Mapping[str, Any]]) -> None:
        """Some records of a resource."""
        slots = ", ".join("?" * len(resource.keys))
        kinds = {key: column(resource, key) for key in resource.keys}
        self.connection.executemany(
            f'INSERT INTO "{resource.name}" VALUES ({slots})',  # noqa: S608 - names are declared
            [tuple(_scalar(kinds[key], values[key]) for key in resource.keys) for values in records],
        )
        for name, listed in resource.lists.items():
            parts = _parts(listed, kinds[name])
            rows = [
                (
                    values["id"],
                    place,
                    *(_scalar(kind, item[part] if isinstance(item, dict) else item) for part, kind in parts.items()),
                )
                for values in records
                for place, item in enumerate(values[name])
            ]
            if rows:
                slots = ", ".join("?" * (len(parts) + 2))
                self.connection.executemany(f'INSERT INTO "{resource.name}_{name}" VALUES ({slots})', rows)  # noqa: S608

    def close(self, dataset: Dataset) -> None:
        """Say what the database is, index it and complete it."""
        self.connection.execute('CREATE TABLE "about" (name TEXT PRIMARY KEY, value TEXT)')
        rows = {
            "title": dataset.title,
            "revision": str(dataset.revision),
            "date": dataset.at,
            "license": LICENSE["url"],
        }
        self.connection.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
        for resource in self.catalog:
            for key in _foreign_keys(self.catalog, resource):
                (name,) = key["fields"]
                self.connection.execute(f'CREATE INDEX "{resource.name}_by_{name}" ON "{resource.name}" ("{name}")')
        self.connection.execute("COMMIT")
        self.connection.close()


def _parts(listed: Several, kind: Column) -> dict[str, Column]:
    """The columns of a list's table."""
    inner = kind[1] if isinstance(kind, tuple) else "string"
    return dict(inner[1]) if isinstance(inner, tuple) and inner[0] == "object" else {"value": inner}


def _scalar(kind: Column, value: Any) -> Any:
    if value is None or (isinstance(kind, str) and kind != "json"):
        return value
    if kind == "json":
        return value if isinstance(value, int | float | str) else orjson.dumps(value).decode()
    return flat(value) or None


class _Linked:
    """Every record as a node of JSON-LD, and the dataset itself in the words of schema.org and DCAT."""

    def __init__(self, path: Path, catalog: Catalog):
        self.path = path
        self.file: IO[bytes] = path.open("wb")
        self.links = {
            resource.name: {link.listed.field if link.listed else link.name: link for link in catalog.links(resource)}
            for resource in catalog
        }

    def some(self, resource: Resource, records: Sequence[Mapping[str, Any]]) -> None:
        """Some records of a resource."""
        links = self.links[resource.name]
        for values in records:
            node = {"@id": _iri(values["id"]), "@type": resource.singular.title()}
            for key in resource.keys:
                if key in ("id", "resource") or values[key] in (None, [], {}):
                    continue
                node[key] = _linked(values[key], linked=key in links)
            self.file.write(orjson.dumps(node) + b",\n")

    def close(self, path: Path, dataset: Dataset, files: Sequence[Made]) -> None:
        """Put the nodes and the description together."""
        self.file.close()
        head = orjson.dumps(_context(dataset.base), option=orjson.OPT_INDENT_2).decode()
        described = orjson.dumps(_described(dataset, files), option=orjson.OPT_INDENT_2)
        with path.open("wb") as target, self.path.open("rb") as source:
            target.write(f'{{"@context": {head},\n"@graph": [\n'.encode())
            shutil.copyfileobj(source, target, 1 << 20)
            target.write(described + b"\n]}\n")


def _iri(id: str) -> str:
    return f"/v1/records/{id}"


def _linked(value: Any, *, linked: bool) -> Any:
    if isinstance(value, list):
        return [_linked(item, linked=linked) for item in value]
    if isinstance(value, dict):
        made = {key: item for key, item in value.items() if item not in (None, [], {}) and key != "id"}
        return {**made, **({"record": {"@id": _iri(value["id"])}} if "id" in value else {})}
    return {"@id": _iri(value)} if linked else value


def _context(base: str) -> dict[str, Any]:
    """What the keys mean: ours have names of ours, shared ones those of schema.org, DCAT and Dublin Core."""
    return {
        **({"@base": f"{base}/"} if base else {}),
        "@vocab": "urn:initiatives-api:",
        "schema": "https://schema.org/",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "spdx": "http://spdx.org/rdf/terms#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "title": "schema:name",
        "summary": "schema:description",
        "aliases": "schema:alternateName",
        "url": {"@id": "schema:url", "@type": "@id"},
        "web_url": {"@id": "schema:mainEntityOfPage", "@type": "@id"},
    }


def _described(dataset: Dataset, files: Sequence[Made]) -> dict[str, Any]:
    """The dataset and its files."""
    license = {"@id": LICENSE["url"]}
    date = {"@value": dataset.at[:10], "@type": "xsd:date"}
    return {
        "@id": "/v1/exports",
        "@type": ["schema:Dataset", "dcat:Dataset"],
        "schema:name": dataset.title,
        "dct:title": dataset.title,
        "schema:description": dataset.words,
        "dct:description": dataset.words,
        "schema:url": {"@id": "/v1/exports"},
        "dcat:landingPage": {"@id": "/docs"},
        "schema:license": license,
        "dct:license": license,
        "schema:creator": {"@type": "schema:Organization", "schema:name": AUTHOR},
        "dct:publisher": {"@type": "schema:Organization", "schema:name": AUTHOR},
        "schema:version": str(dataset.revision),
        "dcat:version": str(dataset.revision),
        "schema:dateModified": date,
        "dct:modified": date,
        "schema:isAccessibleForFree": True,
        "dcat:keyword": ["critical minerals", "technology", "defense", "policy commitments"],
        "schema:keywords": ["critical minerals", "technology", "defense", "policy commitments"],
        "schema:size": f"{sum(dataset.counts.values())} records",
        "schema:distribution": [{"@id": f"/v1/exports/{file.name}"} for file in files],
        "dcat:distribution": [_distribution(file, license) for file in files],
    }


def _distribution(file: Made, license: Mapping[str, str]) -> dict[str, Any]:
    kind, where = KINDS[file.name], {"@id": f"/v1/exports/{file.name}"}
    return {
        **where,
        "@type": ["schema:DataDownload", "dcat:Distribution"],
        "schema:name": kind.title,
        "dct:title": kind.title,
        "schema:contentUrl": where,
        "dcat:downloadURL": where,
        "schema:encodingFormat": kind.media_type,
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{kind.media_type}"},
        "schema:contentSize": str(file.bytes),
        "dcat:byteSize": file.bytes,
        "schema:sha256": file.sha256,
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": file.sha256,
        },
        "dct:license": license,
    }


def listed(made: Sequence[Made]) -> bytes:
    """The files as they are remembered beside them."""
    return orjson.dumps([asdict(one) for one in made])
