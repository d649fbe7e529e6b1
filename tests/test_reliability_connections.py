"""Connections as the server that the program starts treats them: slow, half-open, huge, malformed, many, and ordinary."""

import asyncio
import json
import socket
import time

import pytest

from tests.databases import Database
from tests.operating import answer, ask, service
from tests.reliability import CACHED, crowd, mixed, slow_clients, unread_answers

QUICK = "import app.serving as s; s.HEAD_SECONDS, s.BODY_SECONDS, s.SEND_SECONDS = 1, 1.5, 1"
"""The limits of the server, shortened for a test."""


@pytest.fixture(scope="module")
def quick(seeded, article_seed, tmp_path_factory):
    """A serving process whose limits are short."""
    with service(
        tmp_path_factory.mktemp("quick"),
        seeded("sqlite").url,
        patch=QUICK,
        seed_path=article_seed,
        log_requests="false",
    ) as made:
        yield made


def sent(port, data):
    """All that comes back for some bytes until the server closes, and the seconds until then."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received, time.monotonic() - began


def test_slow_clients_are_closed_in_time(quick):
    found = asyncio.run(slow_clients(quick.port, 1, 1.5))
    longest = {"a body that drips": 1.5, "idle after an answer": 5, "a body that never comes": 1.5}
    for kind, (seconds, received) in found.items():
        assert seconds < longest.get(kind, 1) + 0.8, kind
        heads = [int(part.split(b" ")[0]) for part in received.split(b"HTTP/1.1 ")[1:]]
        expected = (
            [200]
            if kind in longest
            else [200, 408]
            if kind.startswith("second")
            else [408]
            if "half" in kind or "drips" in kind
            else []
        )
        assert heads == expected, kind


def test_clients_that_do_not_read_are_let_go(quick):
    assert asyncio.run(unread_answers(quick, 5, 10)) == {"held": 5, "held after a while": 0}


def test_keeping_alive_and_pipelining(quick):
    async def ordinary():
        reader, writer = await asyncio.open_connection("127.0.0.1", quick.port)
        assert [(await ask(reader, writer, "/healthz"))[0] for _ in range(5)] == [200] * 5
        paths = [path for _ in range(150) for path in ("/healthz", "/v1/minerals/lithium", "/v1/nothing", CACHED)]
        many = "".join(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: r{number}\r\nX-Pad: {'p' * 100}\r\n\r\n"
            for number, path in enumerate(paths)
        )
        assert len(many) > 65536
        writer.write(many.encode())
        for number, path in enumerate(paths):
            status, headers, body = await answer(reader)
            assert (headers["x-request-id"], status) == (f"r{number}", 404 if path == "/v1/nothing" else 200)
            assert json.loads(body)
        writer.close()
        await writer.wait_closed()

    asyncio.run(ordinary())


HEAD = b"GET /healthz HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(
            HEAD + b"Host: a\r\nX: " + b"x" * 70_000 + b"\r\nConnection: close\r\n\r\n", 431, id="one header of 70 KB"
        ),
        pytest.param(HEAD + b"Host: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", 431, id="one header of 1 MB"),
        pytest.param(HEAD + b"Host: a\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431, id="20,000 headers"),
        pytest.param(HEAD + b"Host: a\r\nX: " + b"x" * 20_000 + b"\r\nConnection: close\r\n\r\n", 431, id="20 KB"),
        pytest.param(
            b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 414, id="URL of 20 KB"
        ),
        pytest.param(HEAD + b"Host: a\r\nContent-Length: 70000\r\nConnection: close\r\n\r\n", 413, id="body of 70 KB"),
        pytest.param(HEAD + b"Connection: close\r\n\r\n", 400, id="no Host"),
        pytest.param(HEAD + b"Host: a\r\nHost: a\r\nConnection: close\r\n\r\n", 400, id="two Hosts"),
        pytest.param(
            HEAD + b"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="two lengths of a kind",
        ),
        pytest.param(HEAD + b"Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400, id="two lengths"),
        pytest.param(HEAD + b"Host: a\r\nContent-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(HEAD + b"Host: a\r\nX : y\r\n\r\n", 400, id="blank before a colon"),
        pytest.param(HEAD + b"Host: a\r\nX: \x00\r\n\r\n", 400, id="NUL"),
        pytest.param("GET /ä HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400, id="raw letters in the path"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
        pytest.param(b"hello\r\n\r\n", 400, id="no HTTP"),
    ],
)
def test_malformed_and_outsized_requests_are_told_so(quick, data, status):
    received, _ = sent(quick.port, data)
    head, _, body = received.partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) == status
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    assert (told["status"], set(told)) == (
        status,
        {"type", "title", "status", "detail", "instance", "request_id", "errors"},
    )
    assert told["request_id"]


def test_an_upgrade_is_answered_as_an_ordinary_request(quick):
    received, _ = sent(
        quick.port,
        HEAD + b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    )
    assert received.startswith(b"HTTP/1.1 200")


def test_others_are_served_beside_many_connections_that_do_nothing(quick):
    found = asyncio.run(crowd(quick, 150, 150, 1))
    assert found["held"] == 300
    assert found["half-open closed"] == 150
    assert found["longest half-open s"] < 3
    assert set(found["statuses"]) == {200}
    assert found["memory MB"] < 250


def test_none_of_that_was_a_fault_of_ours(quick):
    assert quick.errors.read_text() == ""


def held(database):
    """A connection that keeps everyone else from reading."""
    connection = database.engine.connect()
    if database.backend == "postgresql":
        connection.exec_driver_sql("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
    else:
        connection.commit()
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        raw.execute("BEGIN EXCLUSIVE")
    return connection


def release(database, connection):
    raw = connection.connection.dbapi_connection
    if database.backend == "sqlite":
        raw.execute("ROLLBACK")
        raw.execute("PRAGMA locking_mode = NORMAL")
        raw.execute("SELECT count(*) FROM dataset").fetchall()
    else:
        raw.rollback()
    connection.close()


def test_a_pool_that_is_used_up_says_so_at_once(own_database: Database):
    from concurrent.futures import ThreadPoolExecutor

    from tests.conftest import served

    with served(own_database, pool_size=2, statement_timeout_ms=2500) as client, ThreadPoolExecutor(8) as threads:
        assert client.get(CACHED).status_code == 200
        holding = held(own_database)
        try:
            slow = [threads.submit(client.get, f"/v1/minerals?title__contains=x{number}") for number in range(2)]
            time.sleep(0.5)
            began = time.monotonic()
            answer = client.get("/v1/minerals?title__contains=y")
            taken = time.monotonic() - began
            late = [one.result() for one in slow]
        finally:
            release(own_database, holding)
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["type"]) == (
            503,
            "1",
            "/problems/unavailable",
        )
        assert "taken" in answer.json()["detail"]
        assert taken < 0.6
        kinds = {"postgresql": "/problems/too-slow", "sqlite": "/problems/unavailable"}
        assert {(one.status_code, one.json()["type"]) for one in late} == {(503, kinds[own_database.backend])}
        assert all("retry-after" in one.headers for one in late)
        again = [threads.submit(client.get, f"/v1/minerals?title__contains=z{number}") for number in range(8)]
        assert {one.result().status_code for one in again} == {200}


LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n"


def test_a_statement_ends_at_its_time_limit_and_the_connection_is_good(database):
    from sqlalchemy import text

    from app.core.db import Query, TooSlow
    from app.core.readers import reader

    async def tried():
        source = reader(database.url, timeout=0.3, connections=1)
        await source.open()
        try:
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(TooSlow):
                    await source.fetch(Query(text(LONG), source.dialect), {})
                assert 0.25 < time.monotonic() - began < 1
                assert [
                    tuple(row)
                    for row in await source.fetch(Query(text("SELECT revision FROM dataset"), source.dialect), {})
                ] == [(1,)]
                assert source.gauges()["pool_in_use"][1] == 0
        finally:
            await source.close()

    asyncio.run(tried())


def test_a_client_that_goes_away_leaves_its_connection_in_order(database):
    from sqlalchemy import text

    from app.core.db import Query
    from app.core.readers import reader

    async def tried():
        source = reader(database.url, timeout=0.5, connections=1)
        await source.open()
        try:
            task = asyncio.create_task(source.fetch(Query(text(LONG), source.dialect), {}))
            await asyncio.sleep(0.15)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.6)
            query = Query(text("SELECT revision FROM dataset"), source.dialect)
            query.heavy = True
            assert len(await source.fetch(query, {})) == 1
        finally:
            await source.close()

    asyncio.run(tried())


def test_nothing_is_left_behind_by_what_was_asked(backend, seeded, article_seed, tmp_path):
    few = "from app.api.answers import Answers; Answers.SUMMARIES = 200"
    options = {"seed_path": article_seed, "log_requests": "false", "cache_bytes": 100_000}
    with service(tmp_path, seeded(backend).url, patch=few, **options) as served:
        found = asyncio.run(mixed(served, 3, different=2000))
    assert found["kept answers that made room before"] > 0
    assert set(found["statuses"]) == {200, 404, 422}
    assert found["drift %"] <= 5
    for before, after in (found["descriptors"], found["threads"]):
        assert after <= before + 5
