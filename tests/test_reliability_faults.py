"""Faults: the database away, replicas behind and lost, the file gone, the disk full, the process told to end."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.conftest import served
from tests.databases import BACKENDS, Database
from tests.operating import ROOT, children, cluster, program, service
from tests.reliability import CACHED, PATHS, outage, terminated
from tests.seeds import add_second, article

OPTIONS = {"log_requests": "false"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that the user of PostgreSQL may enter, too."""
    made = Path(mkdtemp(prefix="initiatives-faults-"))
    made.chmod(0o755)
    yield made
    rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def primary(place):
    with cluster(place / "server", "max_standby_streaming_delay=100ms") as made:
        yield made


@pytest.fixture(scope="module")
def loaded(primary, article_seed):
    """The article's data on a server that tests may stop."""
    primary.sql("CREATE DATABASE held")
    database = Database("postgresql", primary.url("held"))
    database.prepare(article_seed)
    database.engine.dispose()
    yield database
    database.engine.dispose()


def test_the_database_goes_away_and_comes_back(place, loaded, primary, article_seed):
    with service(place, loaded.url, seed_path=article_seed, **OPTIONS) as running:
        assert running.get(CACHED).status_code == 200
        found = asyncio.run(outage(running, primary, 2))
    assert set(found["healthz"]) == {200}
    assert found["readyz 503 after s"] < 2
    assert set(found["readyz while away"]) == {503}
    assert set(found["kept while away"]) == {(200, True)}
    assert set(found["other while away"]) == {503}
    assert found["other p99 ms"] < 100
    assert found["back after s"] < 1.5
    assert set(found["one second later"]) == {200}
    assert found["stale one second later"] == 0
    assert "s3cret-word" not in running.log.read_text() + running.errors.read_text()


def test_a_service_starts_again_when_its_database_is_there(place, primary, article_seed):
    stopped = program(
        "serve", "--port", "0", database_url="postgresql://postgres:s3cret-word@127.0.0.1:1/x", seed_path=article_seed
    )
    out, err = stopped.communicate(timeout=60)
    assert stopped.returncode == 1
    assert "Connection refused" in err
    assert "Traceback" not in err
    assert "s3cret-word" not in out + err


@pytest.fixture(scope="module")
def standby(place, primary, loaded):
    made = primary.standby(place / "standby" / "data", "max_standby_streaming_delay=100ms").start()
    yield made
    if made.running():
        made.stop()


def caught_up(standby, revision):
    deadline = time.monotonic() + 20
    while standby.sql("SELECT revision FROM dataset", "held") != [(revision,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_replicas_are_read_from_and_replaced_by_the_primary(primary, standby, loaded, tmp_path):
    caught_up(standby, loaded.revision)
    before = loaded.revision
    replica = standby.url("held")
    fresh = lambda number: f"/v1/minerals?title__contains=q{number}"  # noqa: E731
    with (
        served(loaded, database_replica_urls=replica, replica_lag_seconds=600) as patient,
        served(
            loaded, database_replica_urls=f"postgresql://postgres@127.0.0.1:1/held,{replica}", replica_lag_seconds=1
        ) as strict,
    ):
        standby.sql("SELECT pg_wal_replay_pause()")
        try:
            loaded.prepare(add_second(article(tmp_path / "seed")))
            after = loaded.revision
            assert after == before + 1
            for client in (patient, strict):
                assert client.get(CACHED).headers["dataset-revision"] == str(before), (
                    "read from the replica, which is behind"
                )
                for path in (CACHED, fresh(1)):
                    newer = client.get(path, headers={"Dataset-Revision": str(after)})
                    assert (newer.status_code, newer.headers["dataset-revision"]) == (200, str(after))
                    assert client.get(path, headers={"Dataset-Revision": str(after + 1)}).status_code == 412
                    assert client.get(path, headers={"Dataset-Revision": str(before)}).headers["dataset-revision"] in (
                        str(before),
                        str(after),
                    )
            time.sleep(2.2)
            assert patient.get(fresh(2)).headers["dataset-revision"] == str(before)
            assert strict.get(CACHED).headers["dataset-revision"] == str(after), "too far behind"
            assert strict.get(fresh(2)).headers["dataset-revision"] == str(after)
            metrics = patient.get("/metrics").text
            lag = next(line for line in metrics.splitlines() if line.startswith("initiatives_replica_lag_seconds{"))
            assert f'server="127.0.0.1:{standby.port}"' in lag
            assert 1 < float(lag.split()[-1]) < 60
        finally:
            standby.sql("SELECT pg_wal_replay_resume()")
        caught_up(standby, after)
        time.sleep(0.7)
        assert {
            client.get(path).headers["dataset-revision"] for client in (patient, strict) for path in (CACHED, fresh(3))
        } == {str(after)}
        # The replica is lost under requests, none of which notices.
        standby.stop()
        for number in range(20):
            for client in (patient, strict):
                answer = client.get(fresh(f"lost{number}"))
                assert (answer.status_code, answer.headers["dataset-revision"]) == (200, str(after))
        assert f'initiatives_replica_up{{server="127.0.0.1:{standby.port}"}} 0.0' in patient.get("/metrics").text
        standby.start()
        time.sleep(1.5)
        assert patient.get(fresh("back")).status_code == 200
        assert f'initiatives_replica_up{{server="127.0.0.1:{standby.port}"}} 1.0' in patient.get("/metrics").text
        # The primary is lost: replicas go on answering.
        primary.stop()
        try:
            for number in range(10):
                assert {client.get(fresh(f"alone{number}")).status_code for client in (patient, strict)} == {200}
        finally:
            primary.start()


def test_a_query_that_a_replica_cancels_is_asked_of_the_primary(primary, standby, loaded):
    from app.core.db import Query
    from app.core.readers import reader

    caught_up(standby, loaded.revision)

    async def tried():
        source = reader(loaded.url, timeout=10, connections=2, replicas=[standby.url("held")], lag=60)
        await source.open()
        try:
            query = Query(text("SELECT count(*) FROM record, (SELECT pg_sleep(5)) AS slept"), source.dialect)
            asked = asyncio.create_task(source.fetch(query, {}))
            await asyncio.sleep(0.4)
            # What the primary locks, the replica has to lock too.
            await asyncio.to_thread(primary.sql, "BEGIN; LOCK TABLE record IN ACCESS EXCLUSIVE MODE; COMMIT", "held")
            assert (await asked)[0][0] > 400
            assert source.fallbacks == 1
        finally:
            await source.close()

    asyncio.run(tried())


@pytest.mark.parametrize("kind", BACKENDS)
def test_the_end_is_announced_and_breaks_nothing_off(kind, seeded, article_seed, tmp_path):
    with service(tmp_path, seeded(kind).url, seed_path=article_seed, drain_seconds=0.8, **OPTIONS) as running:
        for path in PATHS[:6]:
            assert running.get(path).status_code == 200
        found = asyncio.run(terminated(running))
    assert set(found["statuses"]) == {200}
    assert found["readiness first"]
    assert found["readyz 503 after ms"] < 500
    assert found["answered after the signal"] > 10
    assert found["refused from s"] > 0.7
    assert found["exit code"] in (0, -signal.SIGTERM)
    assert running.errors.read_text() == ""


def test_several_processes_end_in_order_too(seeded, article_seed, tmp_path):
    with service(
        tmp_path, seeded("sqlite").url, "--workers", "2", seed_path=article_seed, drain_seconds=0.5, **OPTIONS
    ) as running:
        running.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while running.process.poll() is None and running.get("/readyz").status_code == 200:
            assert time.monotonic() < deadline
        assert running.process.wait(15) in (0, -signal.SIGTERM)


def test_processes_that_are_replaced_leave_the_others_their_listener(seeded, article_seed, tmp_path):
    with service(
        tmp_path, seeded("sqlite").url, "--workers", "2", seed_path=article_seed, drain_seconds=0.2, **OPTIONS
    ) as running:
        before = set(children(running.process.pid))
        running.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 40
        while len(set(children(running.process.pid)) & before) > 1:  # what tracks the processes' resources stays
            assert running.get("/healthz").status_code == 200
            assert time.monotonic() < deadline
        assert {running.get("/healthz").status_code for _ in range(20)} == {200}


def test_the_file_is_taken_away_and_another_one_put_in_its_place(tmp_path, template):
    file = tmp_path / "some folder?" / "a%20b.db"
    file.parent.mkdir()
    first = make_url(template("sqlite").url).database
    copyfile(first, file)
    url = make_url("sqlite://").set(database=str(file)).render_as_string()
    with served(Database("sqlite", url)) as client:
        assert client.get(CACHED).status_code == 200
        file.rename(file.with_suffix(".old"))
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/minerals").status_code == 503
        kept = client.get(CACHED)
        assert (kept.status_code, kept.headers["warning"]) == (200, '110 - "Response is Stale"')
        other = Database("sqlite", url)
        other.prepare(add_second(article(tmp_path / "seed")))
        other.engine.dispose()
        assert client.get("/readyz").status_code == 200
        fresh = client.get("/v1/initiatives")
        assert fresh.status_code == 200
        assert fresh.json()["meta"]["total"] == client.get("/v1/initiatives?sort=title").json()["meta"]["total"] > 3
        assert "warning" not in client.get(CACHED).headers


LIMITED = """
import resource, sys
from app.cli import app
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop()),) * 2)
app()
"""


@pytest.mark.parametrize("share", [0.5, 1.02])
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_full_disk_ends_seeding_and_nothing_else(own_database, tmp_path, share):
    before, file = own_database.contents(), make_url(own_database.url).database
    own_database.engine.dispose()
    size = Path(file).stat().st_size
    seeds = add_second(article(tmp_path / "seed"))
    with served(own_database) as client:
        command = [sys.executable, "-W", "ignore", "-c", LIMITED, "seed", str(int(size * share))]
        environment = {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": own_database.url,
            "SEED_PATH": str(seeds),
            "PATH": "/usr/bin",
        }
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        assert "disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        assert client.get(CACHED).headers["dataset-revision"] == "1"
        assert client.get("/v1/statements?limit=3").status_code == 200
        assert own_database.contents() == before
        assert own_database.prepare(seeds).revision == 2
        assert client.get(CACHED).headers["dataset-revision"] == "2"


def test_an_older_program_leaves_a_newer_schema_alone(own_database, article_seed):
    with own_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = own_database.contents()
    process = program("serve", "--port", "0", database_url=own_database.url, seed_path=article_seed)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("The database is at migration 9999, this program knows up to")
    assert len(said.splitlines()) == 1
    assert own_database.contents() == before
