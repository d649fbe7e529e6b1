"""What an operator sees: lines of log, metrics, traces, readiness, and what the doctor finds."""

import asyncio
import io
import json
import re
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.api.observing import Broken, Observer, shown
from app.doctor import State, examine
from app.main import create_app, in_front
from app.settings import Settings
from tests.conftest import served
from tests.operating import program, service
from tests.seeds import add_second, article

NOWHERE = "postgresql://u:s3cret-word@127.0.0.1:1/x"


def asked(app, *requests):
    """Answers of an application that starts, is asked and ends in this process."""

    async def all_of_them():
        events, told = asyncio.Queue(), asyncio.Queue()
        life = asyncio.create_task(app({"type": "lifespan", "state": {}}, events.get, told.put))
        await events.put({"type": "lifespan.startup"})
        assert (await told.get())["type"] == "lifespan.startup.complete"
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                return [await client.get(path, headers=headers) for path, headers in requests]
        finally:
            await events.put({"type": "lifespan.shutdown"})
            await life

    return asyncio.run(all_of_them())


def logged(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_line_for_each_request(database, capsys):
    app = create_app(Settings(database_url=database.url))
    paths = [
        "/v1/minerals?limit=3",
        "/v1/minerals?limit=3",
        "/v1/minerals/lithium",
        "/v1/nothing",
        "/v1/minerals?x=1",
        "/healthz",
    ]
    answers = asked(app, *((path, {"X-Request-ID": f"id-{number}"}) for number, path in enumerate(paths)))
    lines = logged(capsys)
    assert (
        [line["request_id"] for line in lines]
        == [answer.headers["x-request-id"] for answer in answers]
        == [f"id-{n}" for n in range(6)]
    )
    assert [line["status"] for line in lines] == [200, 200, 200, 404, 422, 200]
    assert [line["route"] for line in lines] == [
        "/v1/minerals",
        "/v1/minerals",
        "/v1/minerals/{id}",
        "other",
        "/v1/minerals",
        "/healthz",
    ]
    assert [line["rows"] for line in lines] == [3, 3, None, None, None, None]
    assert [line["cache"] for line in lines][:3] == ["miss", "hit", "miss"]
    assert all(
        set(line) == {"at", "request_id", "method", "path", "route", "status", "ms", "rows", "cache"} for line in lines
    )
    assert all(0 < line["ms"] < 10_000 for line in lines)


def test_nothing_a_client_sends_forges_a_line(database, capsys):
    app = create_app(Settings(database_url=database.url))
    evil = "/v1/a%0a%7B%22status%22%3A200%7D%0d%1b%5B2J%c2%9b31m%e2%80%ae%e2%80%a8"
    (answer,) = asked(app, (evil, {"X-Request-ID": "a b\x1b", "Authorization": "Bearer s3cret-word"}))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out[:-1].isprintable()
    assert "s3cret-word" not in out
    line = json.loads(out)
    assert re.fullmatch("[0-9a-f]{24}", line["request_id"])
    assert line["request_id"] == answer.json()["request_id"]
    assert shown("x" * 10_000) == "x" * 500


def test_a_fault_of_ours_is_one_line_with_its_request(database, capsys):
    from fastapi import FastAPI
    from starlette.responses import StreamingResponse

    settings = Settings(database_url=database.url)
    inner = FastAPI()

    @inner.get("/breaks")
    async def breaks():
        raise RuntimeError("postgresql is not to blame\n\x1b[31m")

    @inner.get("/breaks-off")
    async def breaks_off():
        async def pieces():
            yield b"half"
            raise RuntimeError("in the middle")

        return StreamingResponse(pieces())

    from app.core.readers import reader

    app = in_front(inner, reader(database.url, timeout=1, connections=1), settings)
    answers = asked(app, ("/breaks", {"X-Request-ID": "it"}))
    assert (answers[0].status_code, answers[0].headers["x-request-id"]) == (500, "it")
    with pytest.raises(Broken):
        asked(app, ("/breaks-off", {"X-Request-ID": "that"}))
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    assert out.replace("\n", "").isprintable()
    faults = [line for line in lines if line.get("level") == "error"]
    assert [line["request_id"] for line in faults] == ["it", "that"]
    assert all("Traceback" in line["traceback"] and "test_operation.py" in line["traceback"] for line in faults)
    assert [line["status"] for line in lines if "status" in line] == [500, 200]


def test_faults_are_written_where_requests_are_not(capsys):
    scope = {"method": "GET", "path": "/", "state": {"request_id": "x"}}

    async def failing():
        Observer(None).failed(scope, ValueError("it"))

    asyncio.run(failing())
    assert json.loads(capsys.readouterr().err)["error"] == "ValueError: it"


def samples(metrics):
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in metrics.splitlines()
        if not line.startswith("#")
    }


def test_metrics(database):
    with served(database, pool_size=3) as client:
        for path in ("/v1/minerals", "/v1/minerals", "/v1/minerals/lithium", "/v1/nothing"):
            client.get(path)
        found = samples(client.get("/metrics").text)
    assert found['initiatives_requests_total{cache="hit",route="/v1/minerals",status="200"}'] == 1
    assert found['initiatives_requests_total{cache="miss",route="other",status="404"}'] == 1
    assert found['initiatives_request_seconds_count{route="/v1/minerals"}'] == 2
    assert (found["initiatives_pool_size"], found["initiatives_pool_in_use"]) == (3, 0)
    assert (found["initiatives_cache_hits"], found["initiatives_revision"]) == (1, database.revision)
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["process_open_fds"] > 3


def test_traces_name_routes(database):
    spans, provider = InMemorySpanExporter(), trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    app = create_app(Settings(database_url=database.url, log_requests=False))
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    asked(app, ("/v1/minerals/lithium", parent))
    (span,) = [one for one in spans.get_finished_spans() if one.kind is trace.SpanKind.SERVER]
    assert (span.name, span.attributes["http.route"]) == ("GET /v1/minerals/{id}", "/v1/minerals/{id}")
    assert format(span.context.trace_id, "032x") == "0af7651916cd43dd8448eb211c80319c"


def found(**settings):
    return {(one.check, one.state) for one in examine(Settings(**{"better_sources": False, **settings}))}


def test_the_doctor_finds_nothing_at_fault(database, article_seed):
    results = list(examine(Settings(database_url=database.url, seed_path=article_seed, better_sources=False)))
    assert not [one for one in results if one.state in (State.warning, State.fault)]
    assert {"database", "schema", "seed", "documents", "disk"} <= {
        one.check for one in results if one.state is State.good
    }


@pytest.mark.parametrize(
    ("settings", "check", "state"),
    [
        ({"public_url": "https://data.example.org"}, "ALLOWED_HOSTS", State.warning),
        ({"public_url": "https://data.example.org", "allowed_hosts": "example.org"}, "ALLOWED_HOSTS", State.fault),
        (
            {"public_url": "https://data.example.org", "allowed_hosts": "https://data.example.org/"},
            "ALLOWED_HOSTS",
            State.fault,
        ),
        (
            {"public_url": "https://data.example.org", "allowed_hosts": "data.example.org,localhost"},
            "ALLOWED_HOSTS",
            State.good,
        ),
        ({"public_url": "data.example.org"}, "PUBLIC_URL", State.fault),
        ({"public_url": "http://data.example.org"}, "PUBLIC_URL", State.warning),
        ({"exports_path": Path("/nowhere/at/all")}, "disk", State.fault),
        ({"rate_limit": "many"}, "RATE_LIMIT", State.fault),
        ({"drain_seconds": 0}, "DRAIN_SECONDS", State.warning),
        ({"database_replica_urls": NOWHERE}, "replica", State.warning),
        ({}, "database", State.fault),
        ({"database_url": "mysql://x"}, "database", State.fault),
    ],
)
def test_the_doctor_finds_wrong_settings(settings, check, state):
    assert (check, state) in found(**{"database_url": NOWHERE, **settings})


def test_the_doctor_finds_what_is_wrong_with_the_data(own_database, article_seed, tmp_path):
    url = own_database.url
    with own_database.engine.begin() as connection:
        connection.execute(text("UPDATE record SET document = replace(document, 'Li', 'Xx') WHERE id = 'lithium'"))
    one = found(database_url=url, seed_path=add_second(article(tmp_path / "changed")))
    assert {("documents", State.fault), ("seed", State.warning)} <= one
    with own_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert ("schema", State.fault) in found(database_url=url, seed_path=article_seed)


def test_the_doctor_on_databases_that_are_not_there(fresh_database):
    if fresh_database.backend == "postgresql":
        assert ("schema", State.fault) in found(database_url=fresh_database.url)
    else:
        assert ("database", State.fault) in found(database_url=fresh_database.url)
        assert not Path(str(make_url(fresh_database.url).database)).exists()


def test_the_doctor_by_command(database, article_seed):
    good = program("doctor", database_url=database.url, seed_path=article_seed)
    bad = program("doctor", database_url=NOWHERE, allowed_hosts="a/b")
    said, errors = good.communicate(timeout=60)
    assert (good.returncode, errors) == (0, "")
    assert said.splitlines()[-1] == "0 at fault, 0 to watch"
    said, errors = bad.communicate(timeout=60)
    assert (bad.returncode, errors) == (1, "")
    assert "s3cret-word" not in said
    assert "Connection refused" in said
    assert "      -> " in said


def test_a_wrong_setting_is_told_in_words(seeded, article_seed):
    wrong = program(
        "serve",
        "--port",
        "0",
        database_url=seeded("sqlite").url,
        seed_path=article_seed,
        database_replica_urls="postgresql://a/b",
    )
    _, errors = wrong.communicate(timeout=60)
    assert wrong.returncode == 1
    assert errors == "DATABASE_REPLICA_URLS goes with PostgreSQL alone, for the database and for every replica\n"


def test_the_served_program_logs_lines_of_json(seeded, article_seed, tmp_path):
    with service(tmp_path, seeded("sqlite").url, seed_path=article_seed) as running:
        assert running.get("/v1/minerals/lithium").status_code == 200
    said = running.log.read_text()
    lines = [line for line in said.splitlines() if line.startswith("{")]
    assert lines, (running.process.returncode, said)
    assert [json.loads(line)["route"] for line in lines] == ["/healthz", "/v1/minerals/{id}"]
    assert running.errors.read_text() == ""


def test_output_that_cannot_be_written_stops_nobody():
    observer = Observer(io.StringIO())
    observer.lines.close()
    scope = {"method": "GET", "path": "/", "state": {"request_id": "x"}}

    async def seen():
        observer.seen(scope, 200, 0.1)

    asyncio.run(seen())
    assert sum(observer.requests.values()) == 1


def test_clients_behind_a_proxy_are_limited_one_by_one(seeded, tmp_path):
    with service(tmp_path, seeded("sqlite").url, rate_limit="2/minute") as running:
        clients = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 1, 1, 2)]
        statuses = [running.get("/v1/minerals/gallium", headers=client).status_code for client in clients]
        assert statuses == [200, 200, 429, 200]


def test_examples_name_where_the_program_listens(seeded, tmp_path):
    with service(tmp_path, seeded("sqlite").url) as running:
        named = set(re.findall(r"https?://[0-9.]+[^/'\"]*", running.get("/openapi.json").text))
        page = running.get("/commitments", headers={"Accept": "text/html"}).text
    assert named == {running.url}
    assert set(re.findall(r"http://[0-9.]+:[0-9]+", page)) == {running.url}


def test_examples_name_the_public_address_where_it_is_known(seeded, tmp_path):
    with service(tmp_path, seeded("sqlite").url, public_url="https://data.example.org/") as running:
        document = running.get("/openapi.json").text
    assert "https://data.example.org/v1/commitments" in document
    assert not re.search(r"https?://[0-9.]+:", document)
