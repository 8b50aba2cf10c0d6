"""Databases that break, hang, lock and refuse: tried again where that helps, else one paragraph with the remedy."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import yaml
from sqlalchemy.engine import make_url

from pipeline import retry as retrying
from pipeline import source
from pipeline.config import Audit, load_audit
from pipeline.databases import sqlite
from pipeline.databases.kinds import kind_of
from pipeline.errors import ConfigError, SourceError
from pipeline.flows import run
from pipeline.presets import load_preset
from pipeline.progress import Silence
from pipeline.retry import ATTEMPTS, PassingError, retry
from pipeline.source import connect, reader
from pipeline.source.connect import without
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import compute, extract, prepared
from tests.crms.suitecrm.test_transaction import NOW
from tests.paths import ROOT
from tests.program import crm_audit
from tests.small_demo import write_tiny_demo

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0)
    monkeypatch.setattr(retrying, "JITTER", 0)


class Told(Silence):
    """Keeps the stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, title: str, total: int | None = None) -> None:
        self.stages.append(title)


# ------------------------------------------------------------------------------------------------ trying again


def test_a_passing_failure_is_tried_again_with_growing_uneven_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(retrying, "JITTER", 1.0)
    attempts: list[int] = []

    def attempt() -> str:
        attempts.append(1)
        if len(attempts) < ATTEMPTS:
            raise PassingError("gone.")
        return "read"

    told: list[str] = []
    pauses: list[float] = []
    assert retry(attempt, told.append, pauses.append) == "read"
    assert len(told) == len(pauses) == ATTEMPTS - 1
    assert 1 <= pauses[0] <= 2 <= pauses[1] <= 3
    assert not any(pause.is_integer() for pause in pauses)
    assert f"2 of {ATTEMPTS}" in told[0]


def test_it_ends(tmp_path: Path) -> None:
    attempts: list[int] = []

    def attempt() -> None:
        attempts.append(1)
        raise PassingError("gone.")

    with pytest.raises(
        SourceError, match=rf"^gone\. It was tried {ATTEMPTS} times\.$"
    ) as caught:
        retry(attempt, lambda _: None, lambda _: None)
    assert not isinstance(caught.value, PassingError)
    assert len(attempts) == ATTEMPTS == 3


def test_what_does_not_pass_is_tried_once() -> None:
    attempts: list[int] = []

    def attempt() -> None:
        attempts.append(1)
        raise SourceError("Access denied.")

    with pytest.raises(SourceError, match="denied"):
        retry(attempt, lambda _: None)
    assert attempts == [1]


# ------------------------------------------------------------------------------------------------ MariaDB


@pytest.fixture(scope="module")
def database(bare_suitecrm: Database) -> Database:
    return bare_suitecrm


def sessions(database: Database) -> set[int]:
    """Who is connected to this copy."""
    sql = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    return {row["id"] for row in database.rows(sql)}


class Killer(Told):
    """Ends the audit's session from another one, so many times, when it begins to read meetings."""

    def __init__(self, database: Database, times: int, at: str = "Reading meetings") -> None:
        super().__init__()
        self.database, self.times, self.at = database, times, at
        self.others = sessions(database)

    def stage(self, title: str, total: int | None = None) -> None:
        super().stage(title, total)
        if title == self.at and self.times:
            self.times -= 1
            for session in sessions(self.database) - self.others:
                self.database.execute(f"KILL CONNECTION {session}")


@pytest.mark.parametrize("at", ["Reading meetings", "Asking the CRM's own database"])
def test_a_killed_connection_begins_anew_and_is_proven(
    database: Database, tmp_path: Path, at: str
) -> None:
    audit, killer = prepared(NOW, tmp_path), Killer(database, 1, at)
    extract(database, NOW, audit, progress=killer)
    assert compute(audit)["meetings@company"].numerator == 200
    assert killer.stages.count("Opening the CRM") == 2
    assert any("again from the start (2 of 3)" in stage for stage in killer.stages)


def test_one_that_is_killed_each_time_is_given_up(database: Database, tmp_path: Path) -> None:
    audit, killer = prepared(NOW, tmp_path), Killer(database, 99)
    with pytest.raises(
        SourceError, match=r"(?s)The source could not be read: .*It was tried 3 times\.$"
    ):
        extract(database, NOW, audit, progress=killer)
    assert killer.stages.count("Opening the CRM") == ATTEMPTS


def changed(audit: Audit, **keys: object) -> Audit:
    """The audit with other keys under `source:`."""
    document = yaml.safe_load(audit.file.read_text())
    document["source"] |= keys
    audit.file.write_text(yaml.safe_dump(document))
    return load_audit(audit.file)


class Slow(Silence):
    """A disk that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0

    def advance(self, steps: int) -> None:
        self.calls += 1
        time.sleep(self.seconds)


def test_a_transaction_that_is_held_too_long_is_given_up(
    database: Database, tmp_path: Path
) -> None:
    audit, others = changed(prepared(NOW, tmp_path), max_hold="2 s"), sessions(database)
    began = time.monotonic()
    with pytest.raises(
        SourceError, match=r"more than 2 seconds \(source\.max_hold\).*replica.*columns"
    ):
        extract(database, NOW, audit, progress=Slow(2.1))
    assert time.monotonic() - began < 20
    time.sleep(0.2)
    assert sessions(database) == others


def test_a_statement_is_stopped_by_the_server_itself(
    database: Database, tmp_path: Path
) -> None:
    """A join that would run for hours."""
    engine = source.open_engine(
        database.url.render_as_string(hide_password=False), tmp_path, suite()
    )
    endless = "SELECT count(*) FROM contacts a, contacts b, contacts c, contacts d WHERE a.id < b.id AND c.id < d.id"
    began, others = time.monotonic(), sessions(database)
    with (
        pytest.raises(SourceError, match=r"source\.max_hold"),
        source.consistent(engine, limit=source.TransactionLimit(1)) as held,
    ):
        held.exec_driver_sql(endless)
    engine.dispose()
    assert time.monotonic() - began < 10
    time.sleep(0.2)
    assert sessions(database) == others


def suite():  # type: ignore[no-untyped-def]
    return load_preset("suitecrm", ROOT)


def test_the_hold_is_in_the_manifest(database: Database, tmp_path: Path) -> None:
    audit = prepared(NOW, tmp_path)
    extract(database, NOW, audit)
    assert (
        0
        < json.loads((tmp_path / "data" / "manifest.json").read_text())["transaction_seconds"]
        < 300
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"username": "nobody_here", "password": "hunter2"},
            r"Access denied.*password.*crm-audit grants",
        ),
        ({"database": "no_such_crm"}, r"Unknown database.*database's name in source\.url"),
        ({"host": "no-such-host.invalid"}, r"Can't connect.*host and port"),
    ],
)
def test_what_stays_wrong_is_said_at_once(
    database: Database, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    audit, told = prepared(NOW, tmp_path), Told()
    with pytest.raises(SourceError, match=said) as caught:
        extract(Database(database.url.set(**changes)), NOW, audit, progress=told)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert told.stages == ["Opening the CRM"]


def test_a_closed_port_may_open_again(database: Database, tmp_path: Path) -> None:
    audit, told = prepared(NOW, tmp_path), Told()
    with pytest.raises(SourceError, match=r"Can't connect.*host and port.*tried 3 times"):
        extract(Database(database.url.set(port=9)), NOW, audit, progress=told)
    assert told.stages.count("Opening the CRM") == ATTEMPTS


def test_a_missing_table_or_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "c").mkdir()
    with suitecrm() as broken:
        broken.execute("ALTER TABLE meetings RENAME COLUMN date_end TO ends")
        with pytest.raises(
            SourceError, match=r"Unknown column 'm\.date_end'.*preset's SELECT names a column"
        ):
            extract(broken, NOW, prepared(NOW, tmp_path / "c"))
        broken.execute("DROP TABLE calls")
        with pytest.raises(SourceError, match=r"no table calls.*source\.url names"):
            extract(broken, NOW, prepared(NOW, tmp_path / "t"))


def test_a_missing_column_of_ones_own_is_named(database: Database, tmp_path: Path) -> None:
    audit = changed(prepared(NOW, tmp_path), add={"meeting.result": "meetings.resutl"})
    with pytest.raises(
        ConfigError, match=r"add\.meeting\.result: table meetings has no column resutl"
    ):
        extract(database, NOW, audit)


# ------------------------------------------------------------------------------------------------ SQLite


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unreliable")
    write_tiny_demo(folder, date(2026, 11, 24))
    with sqlite3.connect(folder / "crm.db") as db:
        db.execute("PRAGMA journal_mode = DELETE")
    return folder


_HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA locking_mode = EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def locked(demo: Path) -> Iterator[subprocess.Popen[str]]:
    """The CRM's file, held by another process."""
    command = [sys.executable, "-c", _HOLDER, str(demo / "crm.db"), "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def test_a_locked_file_is_waited_for_and_then_named(
    demo: Path, locked: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LOCK_SECONDS", 0.2)
    audit, told = load_audit(demo / "audit.yaml", output=tmp_path), Told()
    with pytest.raises(
        SourceError, match=r"database is locked.*Another program holds.*tried 3 times"
    ):
        run.extract(audit, tmp_path, clock=lambda: AS_OF, as_of=None, progress=told)
    assert told.stages.count("Opening the CRM") == ATTEMPTS


def test_a_lock_that_is_let_go_does_no_harm(
    demo: Path, locked: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LOCK_SECONDS", 0.2)

    class LetGo(Told):
        def stage(self, title: str, total: int | None = None) -> None:
            super().stage(title, total)
            if "2 of 3" in title:
                locked.kill()
                locked.wait()

    audit, told = load_audit(demo / "audit.yaml", output=tmp_path), LetGo()
    run.run_audit(audit, run_id="r", clock=lambda: AS_OF, progress=told)
    assert (tmp_path / "latest" / "report.html").is_file()
    assert told.stages.count("Opening the CRM") == 2


def test_sqlite_stops_a_statement_too(demo: Path, tmp_path: Path) -> None:
    engine = source.open_engine("sqlite:///crm.db", demo, load_preset("demo", ROOT))
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    began = time.monotonic()
    with (
        pytest.raises(SourceError, match=r"source\.max_hold"),
        source.consistent(engine, limit=source.TransactionLimit(0.5)) as held,
    ):
        held.exec_driver_sql(endless)
    engine.dispose()
    assert time.monotonic() - began < 5


def test_a_slow_disk_lets_sqlite_go_too(demo: Path, tmp_path: Path) -> None:
    audit = changed(load_audit(demo / "audit.yaml"), max_hold=1)
    with pytest.raises(SourceError, match=r"more than 1 second \(source"):
        run.run_audit(audit, run_id="r", clock=lambda: AS_OF, progress=Slow(1.1))
    changed(audit, max_hold="5 min")


def test_rows_that_stream_slowly_are_given_up_before_their_last(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BATCH", 10)
    audit = changed(load_audit(demo / "audit.yaml"), max_hold=1)
    slow = Slow(0.3)
    with pytest.raises(SourceError, match=r"more than 1 second \(source"):
        run.run_audit(audit, run_id="r", clock=lambda: AS_OF, progress=slow)
    assert slow.calls <= 4  # after which the second has passed
    changed(audit, max_hold="5 min")


def test_a_statement_gets_what_is_left_of_the_hold(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    noting = replace(kind_of("sqlite"), bound=lambda _, seconds: given.append(seconds))
    monkeypatch.setattr(connect, "kind_of", lambda _: noting)
    engine = source.open_engine("sqlite:///crm.db", demo, load_preset("demo", ROOT))
    with source.consistent(engine, limit=source.TransactionLimit(60)) as held:
        time.sleep(0.2)
        held.exec_driver_sql("SELECT 1")
    engine.dispose()
    assert 0 < given[-1] <= 59.8


# ------------------------------------------------------------------------------------------------ passwords


def _in_an_address(password: str) -> str:
    """As SQLAlchemy writes it."""
    url = (
        make_url("mysql+pymysql://u@h/d")
        .set(password=password)
        .render_as_string(hide_password=False)
    )
    return url.partition("u:")[2].rpartition("@")[0]


@pytest.mark.parametrize(
    "password", ["hunter2", "p@ss/w:rd 100%", "a+b c", "\u00e9 \u65e5%20", "x"]
)
@pytest.mark.parametrize(
    "written",
    [str, lambda password: quote(password, safe=""), quote, quote_plus, _in_an_address],
)
def test_no_password_in_what_is_said(password: str, written: Callable[[str], str]) -> None:
    url = make_url("mysql+pymysql://u@h/d").set(password=password)
    said = without(f"1045 Access denied ({written(password)}) for user 'max'@'h'", url)
    assert said == "1045 Access denied (…) for user 'max'@'h'"


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ("mysql+pymysql://u:hunter2@127.0.0.1:9/crm", ["hunter2"]),
        ("mysql+pymysql://u:hun%40ter2%2Fx@127.0.0.1:9/crm", ["hun%40ter2", "hun@ter2"]),
        ("mysql+pymysql://u:hun@ter2@127.0.0.1:9/crm", ["hun@", "ter2"]),
        ("mysql+pymysql://u:hunter2@host:ter3@127.0.0.1/crm", ["hunter2", "ter3"]),
        ("nosuchdb://u:hunter2@127.0.0.1/crm", ["hunter2"]),
    ],
)
def test_no_password_anywhere_after_a_failed_run(
    tmp_path: Path, given: str, secrets: list[str]
) -> None:
    """The whole address stands in the environment: in no message, ledger or other file is its password."""
    file = tmp_path / "audit.yaml"
    file.write_text(
        "name: T\nsource: {url: '${CRM_URL}', preset: suitecrm}\nzone: UTC\ncurrency: EUR\n"
    )
    for command in ("check", "run"):
        done = crm_audit(ROOT, command, str(file), CRM_URL=given)
        assert done.returncode in (2, 3), done.stderr
        said = done.stdout + done.stderr
        written = b"".join(
            path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
        ).decode("utf-8", "replace")
        assert not [secret for secret in secrets if secret in said + written]
        assert "Traceback" not in said
        assert re.search(r"crm-audit: .{40,}", said)


def test_a_password_of_a_good_run_is_nowhere(database: Database, tmp_path: Path) -> None:
    """Nor in the log of the library that opens the connection."""
    secret = "pw@hunter2/%"
    database.execute(f"CREATE USER 'pw_reader'@'%' IDENTIFIED BY '{secret}'",
                     f"GRANT SELECT ON `{database.url.database}`.* TO 'pw_reader'@'%'")  # fmt: skip
    file = tmp_path / "audit.yaml"
    url = f"mysql+pymysql://pw_reader:${{PW}}@{database.url.host}:{database.url.port}/{database.url.database}"
    file.write_text(
        f"name: T\nsource: {{url: '{url}', preset: suitecrm}}\nzone: UTC\ncurrency: EUR\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import logging; logging.basicConfig(level=10); from pipeline.cli import *; main()",
             "run", str(file)],
            cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PW": secret},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        assert re.search(
            r"The CRM was held for [\d.]+ seconds?; at most 5 minutes are allowed", done.stdout
        )
        everything = [done.stdout.encode(), done.stderr.encode()]
        everything += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert not [text for text in everything if b"hunter2" in text]
    finally:
        database.execute("DROP USER 'pw_reader'@'%'")


# ------------------------------------------------------------------------------------------------ max_hold


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5 min", 300), ("'90'", 90), ("90 s", 90), ("1.5 hours", 5400), ("2m", 120), ("30", 30)],
)
def test_max_hold_is_read(demo: Path, tmp_path: Path, text: str, seconds: float) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(
        f"name: T\nsource: {{url: 'sqlite:///x', preset: demo, max_hold: {text}}}\nzone: UTC\ncurrency: EUR\n"
    )
    assert load_audit(file).settings.source.max_hold == seconds


@pytest.mark.parametrize(
    "text", ["soon", "0", "-5", "25 hours", "5 minutes or so", "[5]", "true"]
)
def test_a_max_hold_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(
        f"name: T\nsource: {{url: 'sqlite:///x', preset: demo, max_hold: {text}}}\nzone: UTC\ncurrency: EUR\n"
    )
    with pytest.raises(
        ConfigError, match=r"source\.max_hold: write a duration up to a day, like '5 min'"
    ):
        load_audit(file)
