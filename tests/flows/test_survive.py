"""What a killed run leaves behind, what a machine that runs out of something says, and what the next run makes good."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from pipeline import cli
from pipeline.cli.run import _written_down
from pipeline.config import load_audit
from pipeline.databases.adapter import spilling_duckdb
from pipeline.delivery.folder import draft
from pipeline.errors import ProofError, PublishError, SourceError
from pipeline.flows.run import run_audit
from pipeline.lacks import lack_in, lack_of
from pipeline.progress import Silence
from pipeline.registry.database import open_registry
from pipeline.registry.fires import MANUAL, Fire, Ledger, State
from tests.program import _SERVER, PATIENCE
from tests.small_demo import write_tiny_demo

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_tiny_demo(folder, date(2026, 11, 16))
    return folder


# ------------------------------------------------------------------------------------------------ temporary files


def killed_in_a_workbook(folder: str, output: str, temporary: str) -> None:
    """A run on the demo CRM whose process dies while the first workbook is put together."""
    os.environ["TMPDIR"], tempfile.tempdir = temporary, None
    os.chdir(temporary)
    from openpyxl.worksheet._writer import WorksheetWriter

    def die(*_: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    WorksheetWriter.cleanup = die
    audit = load_audit(Path(folder) / "audit.yaml", output=Path(output))
    run_audit(audit, run_id="r", clock=lambda: NOON, progress=Silence())


def test_a_killed_run_leaves_nothing_where_others_put_temporary_files(
    demo: Path, tmp_path: Path
) -> None:
    output, temporary = tmp_path / "output", tmp_path / "temporary"
    temporary.mkdir()
    process = _SERVER.Process(
        target=killed_in_a_workbook, args=(str(demo), str(output), str(temporary))
    )
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    [partial] = (output / "runs").iterdir()
    left = [path for path in (partial / ".temporary").rglob("*") if path.is_file()]
    assert any(
        path.name.startswith("openpyxl") and path.stat().st_size for path in left
    )  # clients' data
    assert {stat.S_IMODE(path.stat().st_mode) for path in left} == {0o600}
    with draft(output):
        assert not partial.exists()


def test_temporary_files_of_a_draft_lie_in_it_and_are_not_published(tmp_path: Path) -> None:
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    with draft(tmp_path / "output") as begun:
        here = Path(tempfile.gettempdir())
        assert here.parent == begun.folder
        assert stat.S_IMODE(here.stat().st_mode) == 0o700
        assert os.environ["TMPDIR"] == str(here)
        assert spilling_duckdb()["config"]["temp_directory"].startswith(f"{here}/")
        (here / "spilt").write_text("clients", "utf-8")
        final = begun.publish("one", NOON)
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before
    assert [file.name for file in final.iterdir()] == ["SHA256SUMS"]
    with pytest.raises(ProofError), draft(tmp_path / "output"):
        raise ProofError("differs")
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before


@pytest.mark.parametrize("where", ["fingerprints", "files"])
def test_a_duckdb_in_memory_spills_into_the_draft(where: str, tmp_path: Path) -> None:
    from pipeline.presets import load_preset
    from pipeline.proof.fingerprints import stored_texts
    from pipeline.source import open_engine

    question = "SELECT current_setting('temp_directory')"
    with draft(tmp_path / "output") as begun:
        if where == "fingerprints":
            with stored_texts(tmp_path, ()) as texts:
                said = texts.connection.exec_driver_sql(question).scalar()
        else:
            (tmp_path / "deals.csv").write_text("id\n1\n", "utf-8")
            engine = open_engine(
                f"files:///{tmp_path}", tmp_path, load_preset("maven", tmp_path)
            )
            with engine.connect() as connection:
                said = connection.exec_driver_sql(question).scalar()
            engine.dispose()
        assert Path(str(said)).is_relative_to(begun.folder)


# ------------------------------------------------------------------------------------------------ what ran out


def full_duckdb() -> None:
    with duckdb.connect(config={"memory_limit": "10MB", "temp_directory": ""}) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT range, random()::VARCHAR || random() FROM range(1000000)"
        )


def full_sqlite() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE t (v)")
    connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def full_through_sqlalchemy() -> None:
    with create_engine(
        "duckdb://", connect_args={"config": {"memory_limit": "10MB"}}
    ).connect() as connection:
        connection.exec_driver_sql("SET temp_directory = ''")
        connection.exec_driver_sql(
            "CREATE TABLE t AS SELECT range, random()::VARCHAR || random() FROM range(1000000)"
        )


def number(code: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return fail


def wrapped() -> None:
    try:
        raise MemoryError
    except MemoryError as error:
        raise ValueError("a library's own") from error


def arrow() -> None:
    raise pa.ArrowMemoryError("malloc of size 9999999 failed")


@pytest.mark.parametrize(
    ("lack", "word"),
    [
        (full_duckdb, "memory"), (full_through_sqlalchemy, "memory"), (wrapped, "memory"), (arrow, "memory"),
        (number(errno.ENOMEM), "memory"), (full_sqlite, "disk"), (number(errno.ENOSPC), "disk"),
        (number(errno.EDQUOT), "disk"), (number(errno.EMFILE), "ulimit"), (number(errno.ENFILE), "ulimit"),
        (number(errno.EFBIG), "ulimit -f"),
    ],
)  # fmt: skip
def test_a_lack_is_said_as_what_it_is(
    lack: Callable[[], None], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many kinds
        lack()
    said = lack_of(caught.value)
    assert said is not None
    assert word in said
    assert "run again" in said
    assert cli._guarded(lack) == 5
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "other",
    [
        OSError(errno.EACCES, "out of memory"), ValueError("no space left on device"), KeyError("Out of Memory BV"),
        PublishError("too many open files"), duckdb.IOException("No such file"), OSError("out of memory"),
    ],
)  # fmt: skip
def test_what_is_no_lack_is_not_called_one(other: Exception) -> None:
    assert lack_of(other) is None


def test_arrow_takes_its_memory_from_the_system() -> None:
    """Its own allocator crashed in 3 of 60 runs, and once never came back, where memory was limited."""
    asked = (
        "import runpy, sys; sys.argv[1:] = ['--version']\n"
        "try: runpy.run_module('pipeline', run_name='__main__')\n"
        "except SystemExit: import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "system"


def test_a_library_that_memory_has_no_room_for_is_a_lack() -> None:
    """The system's loader tells of it in words alone."""
    said = "libarrow.so.2600: failed to map segment from shared object"
    assert "memory" in str(lack_of(ImportError(said)))
    assert lack_of(ImportError("cannot import name 'lib' from 'pyarrow'")) is None


def test_what_an_error_replaced_on_purpose_is_not_looked_at() -> None:
    def replaced() -> None:
        try:
            raise OSError(errno.ENOSPC, "of the server")
        except OSError:
            raise SourceError("the server's disk is full") from None

    with pytest.raises(SourceError) as caught:
        replaced()
    assert lack_of(caught.value) is None


def test_a_library_that_only_tells_a_lack_in_words_is_understood() -> None:
    assert "memory" in str(
        lack_in("Out of Memory Error: could not allocate block of size 256.0 KiB")
    )
    assert "disk" in str(lack_in('IO Error: Could not write file "x": No space left on device'))
    assert "ulimit -f" in str(
        lack_in('Failed to commit: Could not write file "a.duckdb.wal": File too large')
    )
    assert lack_in("Binder Error: no such column") is None


@pytest.mark.parametrize(
    ("code", "word"), [(errno.EMFILE, "ulimit"), (errno.ENOSPC, "No space is left")]
)
def test_a_draft_that_lacks_something_says_what(
    code: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    with pytest.raises(PublishError, match=word), draft(tmp_path):
        fail()
    monkeypatch.setattr(tempfile, "mkdtemp", fail)
    with pytest.raises(PublishError, match=word), draft(tmp_path):
        pytest.fail("a draft was begun")


def test_a_run_that_lacks_memory_says_so(demo: Path, tmp_path: Path) -> None:
    audit = load_audit(demo / "audit.yaml", output=tmp_path)

    class Hungry(Silence):
        def stage(self, title: str, total: int | None = None) -> None:
            raise MemoryError

    with pytest.raises(PublishError, match="ran out of memory"):
        run_audit(audit, run_id="r", clock=lambda: NOON, progress=Hungry())
    assert list((audit.output / "runs").iterdir()) == []


def test_a_lack_is_this_machines_only_where_the_database_is_on_it() -> None:
    from sqlalchemy.engine import make_url

    from pipeline.databases.kinds import kind_of
    from pipeline.source.connect import TransactionLimit, _explained

    error = DBAPIError("SELECT 1", {}, duckdb.OutOfMemoryException("Out of Memory Error: x"))
    here = _explained(
        error, kind_of("duckdb"), make_url("duckdb:///crm.duckdb"), TransactionLimit()
    )
    there = _explained(
        error,
        kind_of("postgresql"),
        make_url("postgresql+psycopg://a@db.example/crm"),
        TransactionLimit(),
    )
    assert "This machine ran out of memory" in str(here)
    assert "This machine" not in str(there)


# ------------------------------------------------------------------------------------------------ runs by hand


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_registry(tmp_path))


def by_hand(ledger: Ledger, at: datetime, run_id: str) -> Fire:
    """A run by hand whose process died."""
    fire = Fire("acme", MANUAL, at)
    ledger.opened(fire, run_id, at)
    return fire


def test_the_next_run_closes_those_that_nobody_runs_any_more(
    ledger: Ledger, tmp_path: Path
) -> None:
    by_hand(ledger, NOON, "killed")
    by_hand(ledger, NOON + HOUR, "published")
    ledger.failed(by_hand(ledger, NOON + 2 * HOUR, "failed"), 4, "they differ", NOON + 3 * HOUR)
    ledger.opened(Fire("acme", "weekly", NOON), "scheduled", NOON)
    ledger.opened(Fire("other", MANUAL, NOON), "another audit's", NOON)
    (tmp_path / "runs" / "published").mkdir(parents=True)
    later = NOON + 5 * HOUR
    with ledger.by_hand("acme", tmp_path, later):
        rows = {
            run.run_id: (run.state, run.ended_at, run.exit_status, run.message)
            for run in ledger.rows()
        }
    assert rows == {
        "killed": (State.MISSED, later, None, "broken off"),
        "published": (
            State.PUBLISHED,
            later,
            0,
            "was published before it could be written down",
        ),
        "failed": (State.MISSED, NOON + 3 * HOUR, 4, "they differ"),
        "scheduled": (State.OPEN, None, None, ""),
        "another audit's": (State.OPEN, None, None, ""),
    }
    assert stat.S_IMODE((tmp_path / ".manual.lock").stat().st_mode) == 0o600


def test_a_run_by_hand_that_lives_is_not_closed(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.by_hand("acme", tmp_path, NOON):
        by_hand(ledger, NOON, "alive")
        with Ledger(open_registry(tmp_path)).by_hand("acme", tmp_path, NOON + HOUR):
            by_hand(ledger, NOON + HOUR, "beside it")
        with ledger.by_hand("acme", tmp_path, NOON + 2 * HOUR):
            pass
        assert {run.state for run in ledger.rows()} == {State.OPEN}
    with ledger.by_hand("acme", tmp_path, NOON + 3 * HOUR):
        assert {run.state for run in ledger.rows()} == {State.MISSED}


def test_while_a_run_by_hand_begins_another_one_can(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.by_hand("acme", tmp_path, NOON):
        held = os.open(tmp_path / ".manual.lock", os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.close(held)


def test_a_report_that_is_published_while_the_ledger_is_locked_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.registry.database._BUSY_SECONDS", 0.05)
    ledger = Ledger(open_registry(tmp_path))
    fire = by_hand(ledger, NOON, "r")
    holder = sqlite3.connect(tmp_path / "registry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    [warning] = _written_down(ledger, fire)
    assert "the report is published" in warning
    assert "locked" in warning
    holder.close()
    assert _written_down(ledger, fire) == ()
    assert ledger.rows()[0].state is State.PUBLISHED


@pytest.mark.parametrize("year", ["0001", "1969", "3000", "9999"])
def test_an_as_of_of_no_sensible_year_is_refused(
    year: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "none.yaml", "--as-of", f"{year}-12-31T23:00+00:00"]
    assert cli._guarded(lambda: cli.cli.main(arguments, standalone_mode=False)) == 2
    assert "in no year from 1970 to 2999" in capsys.readouterr().err


def test_a_process_without_room_for_another_file_says_so(demo: Path, tmp_path: Path) -> None:
    """By the operating system's own limit, set on a run under way."""
    process = _SERVER.Process(
        target=_starved, args=(str(demo), str(tmp_path / "output"), str(tmp_path / "said"))
    )
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 5, (tmp_path / "said").read_text("utf-8")
    assert "ulimit" in (tmp_path / "said").read_text("utf-8")


def _starved(folder: str, output: str, said: str) -> None:
    import resource
    import sys

    sys.stderr = Path(said).open("w", encoding="utf-8")  # noqa: SIM115 - for the life of the process

    class Starving(Silence):
        def stage(self, title: str, total: int | None = None) -> None:
            if title == "Measuring":
                resource.setrlimit(resource.RLIMIT_NOFILE, (os.open("/", os.O_RDONLY), 4096))

    def run() -> None:
        audit = load_audit(Path(folder) / "audit.yaml", output=Path(output))
        run_audit(audit, run_id="r", clock=lambda: NOON, progress=Starving())

    sys.exit(cli._guarded(run))
