"""The command line as a user meets it: real processes, their last words and their exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import cli
from pipeline.cli.run import _report_of
from pipeline.cli.schedule import scheduler_of
from pipeline.errors import ConfigError
from pipeline.progress import Silence
from pipeline.registry.database import open_registry
from pipeline.registry.fires import Ledger, State
from tests.paths import ROOT
from tests.program import crm_audit as forked
from tests.small_demo import write_small_demo, write_tiny_demo

COMMANDS = (
    "demo",
    "init",
    "grants",
    "expectations",
    "disclose",
    "check",
    "run",
    "schedule",
    "verify",
    "rerun",
    "explain",
    "compare",
    "registry",
)


def crm_audit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The program as from a shell without a terminal: once for each exit status, as it costs
    seconds to start; `forked` does the same from what is imported already.
    """
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_tiny_demo(folder, date(2026, 11, 24))
    return folder


# ------------------------------------------------------------------------------------------------ help


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_an_example_and_loads_little(command: str) -> None:
    asked = [command, "--help"] if command else ["--help"]
    code = f"import sys; from pipeline.cli import cli; cli.main({asked!r}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"crm-audit {command}".strip() in done.stdout
    assert "Example" in done.stdout
    heavy = {
        "pandas",
        "great_expectations",
        "sqlalchemy",
        "pydantic",
        "duckdb",
        "rich",
        "openpyxl",
        "jinja2",
        "phonenumbers",
        "email_validator",
    }
    assert not heavy & set(done.stdout.split())


def test_the_readme_names_every_command_and_exit_status() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(cli.cli.commands) == set(COMMANDS)
    assert all(
        re.search(rf"crm-audit {command}|make {command}", readme) for command in COMMANDS
    )
    said = crm_audit("--help").stdout
    assert all(
        f"| {status} |" in readme and re.search(rf"\b{status}\b", said)
        for status in (0, 2, 3, 4, 5, 70, 130)
    )


# ------------------------------------------------------------------------------------------------ it works


def test_a_run_says_what_it_found_and_where(demo: Path, tmp_path: Path) -> None:
    asked = ("run", "audit.yaml", "--output", str(tmp_path))
    done = forked(demo, *asked, "--as-of", "2026-11-24T09:00+01:00")
    assert done.returncode == 0, done.stderr
    [folder] = (tmp_path / "runs").iterdir()  # an as-of that was given leaves `latest` alone
    assert Path(done.stdout.splitlines()[-1]) == folder / "report.html"
    assert not (tmp_path / "latest").exists()
    assert "Company" in done.stdout
    assert "figures compared with the CRM: all equal" in done.stdout
    stages = done.stderr.splitlines()
    assert stages[0] == "Opening the CRM"
    assert stages[-1] == "Reading every figure back (4)"
    [row] = Ledger(open_registry(tmp_path)).rows()
    assert (row.state, row.fire.schedule) == (State.PUBLISHED, "manual")


def test_the_report_that_is_named_is_the_runs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("led to", "other"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "report.html").touch()
    (tmp_path / "latest").symlink_to(Path("runs") / "led to")
    monkeypatch.chdir(tmp_path)
    audit, runs = SimpleNamespace(output=tmp_path), tmp_path / "runs"
    led_to, other = (SimpleNamespace(folder=runs / name) for name in ("led to", "other"))
    assert _report_of(audit, led_to) == Path("latest/report.html")  # type: ignore[arg-type]
    assert _report_of(audit, other) == Path("runs/other/report.html")  # type: ignore[arg-type]


def test_check_shows_what_would_be_audited_and_publishes_nothing(tmp_path: Path) -> None:
    demo = tmp_path
    write_small_demo(demo, date(2026, 11, 24))
    done = forked(demo, "check", "audit.yaml")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert re.search(r"meetings │ +1,394 │ +1,368 │ +26 │ deleted 26", said)
    assert "once held, its result" in said
    assert "WAL mode" in said
    assert not (demo / "output").exists()


def test_the_demo_can_be_written_and_checked(tmp_path: Path) -> None:
    done = forked(tmp_path, "demo", str(tmp_path / "d"), "--today", "2024-02-29")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "d" / "audit.yaml"))
    assert "fictional" in done.stderr


def test_a_schedule_makes_up_for_the_last_missed_fire_and_stops_at_a_signal(
    demo: Path, tmp_path: Path
) -> None:
    ledger = Ledger(open_registry(tmp_path))
    fortnight_ago = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 15 * 86400))
    with sqlite3.connect(tmp_path / "registry.db") as db:  # two Mondays have passed since
        db.execute("INSERT INTO schedules VALUES ('Demo Sales', 'weekly', '0 7 * * mon Europe/Amsterdam', ?)",
                   (f"{fortnight_ago}T00:00:00.000000Z",))  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "schedule", str(demo / "audit.yaml"), "--output", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and not ledger.rows(state=State.PUBLISHED):
        time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    states = [row.state for row in sorted(ledger.rows(), key=lambda row: row.fire.at)]
    assert states[-1] is State.PUBLISHED
    assert set(states[:-1]) == {State.MISSED}
    assert (tmp_path / "latest" / "report.html").is_file()
    assert "Traceback" not in said


def test_a_schedule_reads_its_files_anew_for_each_run(demo: Path, tmp_path: Path) -> None:
    """A broken file fails the fire with its own words; a target that is added counts at once, for the fire's month."""
    file = (
        Path(shutil.copytree(demo, tmp_path / "demo", ignore=shutil.ignore_patterns("output")))
        / "audit.yaml"
    )
    scheduler, whole = scheduler_of(file, tmp_path / "output"), file.read_text("utf-8")
    due = datetime(2026, 6, 1, 6, tzinfo=UTC)  # in whatever month these tests are run
    file.write_text(whole.replace("zone: ", "zone: Mars #"), "utf-8")
    with pytest.raises(ConfigError, match="'Mars' is no time zone"):
        scheduler.publish("broken", due)
    assert not (tmp_path / "output" / "runs").exists()
    with pytest.raises(ConfigError, match="Mars"):
        scheduler_of(file, tmp_path / "another")
    assert not (tmp_path / "another").exists()
    file.write_text(whole, "utf-8")
    targets = file.with_name("targets.csv")
    lines = targets.read_text("utf-8").splitlines()
    manager, _, metric, target = next(
        line.split(",") for line in lines if ",2026-11,deals_won," in line
    )
    other = next(line for line in lines[1:] if not line.startswith(f"{manager},")).split(",")[0]
    targets.write_text(
        f"{lines[0]}\n{manager},2026-05,{metric},{target}\n{other},2026-05,deals_won,1234\n",
        "utf-8",
    )
    scheduler.publish("whole", due)
    figures = json.loads(
        (tmp_path / "output" / "runs" / "whole" / "figures.json").read_text("utf-8")
    )["figures"]
    planned = {figure["id"]: figure["numerator"] for figure in figures}
    assert planned["plan_target/deals_won@company"] == 1234 + int(target)
    assert planned[f"plan_target/deals_won@manager:{other}"] == 1234


def test_a_schedule_keeps_its_output_until_it_starts_anew(tmp_path: Path) -> None:
    """Its ledger lies there."""
    schedule = {"schedule": "{weekly: 0 7 * * mon}"}
    scheduler = scheduler_of(audit_file(tmp_path, output="first", **schedule), None)
    audit_file(tmp_path, output="second", zone="UTC", **schedule)
    timetable = scheduler.read()
    assert (timetable.output, timetable.zone) == (tmp_path / "first", "UTC")


# ------------------------------------------------------------------------------------------------ it fails kindly


def audit_file(folder: Path, **changes: str) -> Path:
    keys = {
        "name": "T",
        "source": "{url: 'sqlite:///crm.db', preset: demo}",
        "zone": "Europe/Amsterdam",
        "currency": "EUR",
    }
    file = folder / "audit.yaml"
    file.write_text(
        "".join(f"{key}: {value}\n" for key, value in {**keys, **changes}.items()), "utf-8"
    )
    return file


def failed(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_an_interrupt_that_falls_into_a_finalizer_still_ends_the_program() -> None:
    code = """
import sys, time
from pipeline import cli
class Finalized:
    def __del__(self):
        raise KeyboardInterrupt
def command(**_):
    Finalized()
    time.sleep(20)
    raise AssertionError("the interrupt was lost")
cli.cli.main = command
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    failed(done, 130, "Interrupted")


def test_usage_and_configuration_are_2(tmp_path: Path) -> None:
    failed(crm_audit("rum"), 2, "No such command")
    failed(forked(tmp_path, "run", "none.yaml"), 2, "none.yaml", "cannot be read")
    audit_file(tmp_path, zone="Mars")
    told = forked(tmp_path, "run", "audit.yaml")
    failed(told, 2, "line 3", "zone", "'Mars' is no time zone")
    audit_file(tmp_path)
    told = forked(tmp_path, "run", "audit.yaml", "--as-of", "2026-11-24")
    failed(told, 2, "--as-of", "with a zone")
    failed(forked(tmp_path, "schedule", "audit.yaml"), 2, "nothing is scheduled")


def test_an_unreadable_source_is_3(tmp_path: Path) -> None:
    failed(crm_audit("run", audit_file(tmp_path)), 3, "there is no database file", "crm.db")
    (tmp_path / "crm.db").write_bytes(
        b"no database at all, but long enough to be read as one" * 9
    )
    failed(forked(tmp_path, "run", "audit.yaml"), 3, "not a database")


def test_a_dead_server_is_3_and_its_password_stays_secret(tmp_path: Path) -> None:
    file = audit_file(
        tmp_path,
        source='{url: "mysql+pymysql://reader:${SECRET}@127.0.0.1:9/crm", preset: suitecrm}',
    )
    done = forked(tmp_path, "run", str(file), SECRET="hunter2")
    failed(done, 3, "127.0.0.1", "run again")
    assert "hunter2" not in done.stderr + done.stdout
    assert b"hunter2" not in b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )
    failed(forked(tmp_path, "run", str(file)), 2, "SECRET is not set")


def test_a_place_that_cannot_be_written_is_5(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed(crm_audit("run", demo / "audit.yaml", "--output", tmp_path / "file" / "out"), 5)


class Tamper(Silence):
    """Alters a report between writing and reading back."""

    def __init__(self, output: Path) -> None:
        self.output = output

    def stage(self, title: str, total: int | None = None) -> None:
        if title.startswith("Reading every figure back"):
            [page] = self.output.glob("runs/.partial-*/report.html")
            altered, times = re.subn(
                r'(data-figure="managers@company"[^>]*>)3<', r"\g<1>4<", page.read_text("utf-8")
            )
            assert times == 1
            page.write_text(altered, "utf-8")


def test_a_failed_proof_is_4_with_a_table(
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def tampering() -> Iterator[Silence]:
        yield Tamper(tmp_path)

    monkeypatch.setattr(cli.run, "shown_progress", tampering)
    arguments = ["run", str(demo / "audit.yaml"), "--output", str(tmp_path)]
    assert cli._guarded(lambda: cli.cli.main(arguments, standalone_mode=False)) == 4
    said = capsys.readouterr().err
    assert "nothing was published" in said
    assert re.search(r"managers@company.*report\.html.*3.*4", said)
    assert list((tmp_path / "runs").iterdir()) == []
    [row] = Ledger(open_registry(tmp_path)).rows()
    assert (row.state, row.exit_status) == (State.OPEN, 4)


def test_a_defect_is_70_and_quotes_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ValueError("Jansen, 06-12345678")

    assert cli._guarded(broken) == 70
    assert "Jansen" not in capsys.readouterr().err


def test_an_interrupt_is_130() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert cli._guarded(interrupted) == 130


@pytest.mark.parametrize("text", ["", " ", "2026-11-24T09:00+01:00\udcff"])
def test_an_instant_that_is_none_is_never_now(demo: Path, text: str) -> None:
    done = forked(demo, "run", "--as-of", text)
    failed(done, 2, "--as-of", "is not an instant")
    assert not (demo / "output" / "runs").exists()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_demo_of_no_time_is_refused(tmp_path: Path, day: str) -> None:
    failed(forked(tmp_path, "demo", "d", "--today", day), 2, "--today")


@pytest.mark.parametrize("arguments", [("--help",), ("grants", "--preset", "suitecrm")])
def test_a_reader_that_goes_away_is_no_defect(arguments: tuple[str, ...]) -> None:
    reader, writing = os.pipe()
    os.close(reader)
    asked = [sys.executable, "-m", "pipeline", *arguments]
    done = subprocess.run(
        asked, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode != 70
    assert "defect" not in done.stderr + done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("address", [
    "mysql+pymysql://u@127.0.0.1:9/d?nonsense=geheim", "mysql+pymysql://u@127.0.0.1:9/d?ssl_ca=/none",
    "postgresql://u@127.0.0.1:9/d?nonsense=geheim", "postgresql://u@127.0.0.1:9/d?connect_timeout=soon",
    "mysql+pymysql://u@127.0.0.1:9/d?port=x", "mysql+pymysql://u@127.0.0.1:9/d?charset=geheim",
])  # fmt: skip
def test_an_option_that_the_driver_does_not_know_is_no_defect(
    tmp_path: Path, address: str
) -> None:
    done = forked(tmp_path, "init", "--yes", "--source", address)
    assert done.returncode in (2, 3), done.stderr
    assert "source" in done.stderr
    assert "geheim" not in done.stderr


def test_names_that_are_no_text_are_said_all_the_same(tmp_path: Path) -> None:
    failed(forked(tmp_path, "check", "a\udcffb.yaml"), 2, "a\\udcffb.yaml")


@pytest.mark.parametrize(
    "program", ["raise RuntimeError from error", "raise SourceError('odd') from None"]
)
def test_an_interrupt_of_which_a_library_makes_an_error_is_one_all_the_same(
    program: str,
) -> None:
    """As an import does, or a function that SQLite calls: no defect, and no fault of the source."""
    script = (
        "import os, signal\n"
        "from pipeline import cli\n"
        "from pipeline.errors import SourceError\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def broken(**_):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        f"    except KeyboardInterrupt as error:\n        {program}\n"
        "cli.cli.main = broken\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (
        130,
        "Interrupted; nothing half-written was published.\n",
    )


@pytest.mark.parametrize("ignored", [False, True])
def test_an_interrupt_while_the_program_is_imported_ends_it_in_silence(ignored: bool) -> None:
    """Or not at all, where whoever started it has interrupts ignored."""
    script = (
        "import os, signal, sys\n"
        f"signal.signal(signal.SIGINT, signal.{'SIG_IGN' if ignored else 'default_int_handler'})\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'pipeline.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = ['crm-audit', '--version']\n"
        "from pipeline.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0 if ignored else -signal.SIGINT, "")


def test_a_second_interrupt_does_not_wait_until_the_first_has_tidied_up() -> None:
    script = (
        "import os, signal, time\n"
        "from pipeline import cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def slow(**_):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    finally:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(60)\n"
        "cli.cli.main = slow\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=50
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
