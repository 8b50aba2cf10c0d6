"""Publishing: a run is there as a whole or not at all, and only its owner can read it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.delivery.folder import complete_latest, draft, scratch
from pipeline.errors import ProofError, PublishError
from pipeline.snapshot.manifest import Manifest, save_manifest

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def private() -> Iterator[None]:
    """The mask under which a run writes."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "output"


def runs_of(output: Path) -> set[str]:
    return {entry.name for entry in (output / "runs").iterdir()}


def write(folder: Path, text: str = "done") -> None:
    (folder / "report.html").write_text(text, encoding="utf-8")
    (folder / "managers" / "m1").mkdir(parents=True)
    (folder / "managers" / "m1" / "report.html").write_text(text, encoding="utf-8")


def publish(output: Path, run_id: str, text: str = "done") -> Path:
    with draft(output) as begun:
        write(begun.folder, text)
        return begun.publish(run_id, NOW)


def broken_off(output: Path, failure: BaseException, run_id: str = "") -> None:
    """A run that fails while it is written, or after it was published as `run_id`."""
    with draft(output) as begun:
        write(begun.folder, "half")
        if run_id:
            begun.publish(run_id, NOW)
        raise failure


# ------------------------------------------------------------------------------------------------ seen or not


def test_a_draft_is_not_seen_before_it_is_published(output: Path) -> None:
    with draft(output) as begun:
        write(begun.folder)
        assert begun.folder.parent == output / "runs"
        assert [name for name in runs_of(output) if not name.startswith(".")] == []
        assert not (output / "latest").exists()
        final = begun.publish("one", NOW)
        assert final == output / "runs" / "one"
        assert (final / "managers" / "m1" / "report.html").read_text(encoding="utf-8") == "done"
    assert runs_of(output) == {"one"}
    assert (output / "latest").resolve() == final.resolve()


def test_the_last_run_is_the_latest_and_the_others_stay(output: Path) -> None:
    for name in ("one", "two", "three"):
        publish(output, name, name)
        assert (output / "latest" / "report.html").read_text(encoding="utf-8") == name
    assert runs_of(output) == {"one", "two", "three"}
    assert {entry.name for entry in output.iterdir()} == {"runs", "latest"}


def test_latest_leads_there_from_anywhere(output: Path, tmp_path: Path) -> None:
    publish(output, "one")
    output.parent.rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "output" / "latest" / "report.html").is_file()


def test_a_link_that_a_killed_attempt_left_behind_is_no_hindrance(output: Path) -> None:
    output.mkdir(parents=True)
    (output / ".latest-one").symlink_to(Path("runs") / "one")
    final = publish(output, "one")
    assert (output / "latest").resolve() == final.resolve()
    assert {entry.name for entry in output.iterdir()} == {"runs", "latest"}


def test_latest_is_never_lacking_and_never_half(output: Path) -> None:
    publish(output, "run-0", "0" * 10_000)
    stop, seen, wrong = threading.Event(), set(), []

    def look() -> None:
        while not stop.is_set():
            try:
                text = (output / "latest" / "report.html").read_text(encoding="utf-8")
            except OSError as error:
                wrong.append(str(error))
            else:
                seen.add(text[:2])
                if len(text) != 10_000:
                    wrong.append(text[:10])

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(1, 80):
        publish(output, f"run-{number}", f"{number:02d}" * 5_000)
    stop.set()
    reader.join()
    assert wrong == []
    assert len(seen) > 1


# ------------------------------------------------------------------------------------------------ which is the latest


def publish_as_of(output: Path, run_id: str, as_of: datetime, *, injected: bool = False) -> str:
    """Publishes a run of that instant; the name of the run to which `latest` leads then, '' where it is not there."""
    with draft(output) as begun:
        write(begun.folder, run_id)
        (begun.folder / "snapshot").mkdir()
        save_manifest(begun.folder / "snapshot", Manifest(as_of, injected, "demo", 0.1, (), ()))
        begun.publish(run_id, NOW)
    assert {name for name in runs_of(output) if name.startswith(".")} == set()
    assert [entry.name for entry in output.iterdir() if entry.name.startswith(".")] == []
    latest = output / "latest"
    return latest.resolve().name if latest.exists() else ""


def test_latest_never_goes_back_to_an_older_as_of(output: Path) -> None:
    assert publish_as_of(output, "one", NOW - HOUR) == "one"
    assert publish_as_of(output, "older", NOW - 2 * HOUR) == "one"
    assert publish_as_of(output, "same", NOW - HOUR) == "same"
    assert publish_as_of(output, "newer", NOW) == "newer"
    assert runs_of(output) == {"one", "older", "same", "newer"}


def test_a_link_that_an_attempt_left_behind_leads_to_no_older_run(output: Path) -> None:
    """It was the latest when that attempt was killed, and is no longer."""
    assert publish_as_of(output, "newer", NOW) == "newer"
    (output / ".latest-older").symlink_to(Path("runs") / "older")
    assert publish_as_of(output, "older", NOW - HOUR) == "newer"


def test_a_run_with_an_injected_as_of_leaves_latest_alone(output: Path) -> None:
    assert publish_as_of(output, "first", NOW, injected=True) == ""
    assert publish_as_of(output, "clock", NOW - HOUR) == "clock"
    assert publish_as_of(output, "second", NOW, injected=True) == "clock"


def test_an_as_of_of_a_wrong_clock_holds_nothing_up(output: Path) -> None:
    assert publish_as_of(output, "2035", datetime(2035, 1, 1, tzinfo=UTC)) == "2035"
    assert publish_as_of(output, "now", NOW) == "now"


def test_an_injected_latest_of_an_older_version_holds_nothing_up(output: Path) -> None:
    publish_as_of(output, "old", NOW, injected=True)
    (output / "latest").symlink_to(Path("runs") / "old")
    assert publish_as_of(output, "new", NOW - HOUR) == "new"


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", '{"as_of": "2035-01-01T00:00:00Z", "preset": 1}']
)
def test_a_latest_of_another_version_holds_nothing_up(output: Path, manifest: str) -> None:
    publish_as_of(output, "old", NOW)
    (output / "runs" / "old" / "snapshot" / "manifest.json").write_text(manifest, "utf-8")
    assert publish_as_of(output, "new", NOW - HOUR) == "new"


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from pipeline.delivery.folder import draft

def die(*given):
    os.kill(os.getpid(), 9)

with draft(Path(sys.argv[1])) as begun:
    (begun.folder / "report.html").write_text("done", encoding="utf-8")
    setattr(Path, sys.argv[2], die)
    begun.publish("killed", datetime(2026, 11, 24, 8, tzinfo=UTC))
"""


@pytest.mark.parametrize(("step", "leads"), [("replace", "killed"), ("rename", "good")])
def test_a_kill_between_naming_and_switching_is_made_good(
    output: Path, step: str, leads: str
) -> None:
    publish(output, "good")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, output, step], check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr.decode()
    assert (output / "latest").resolve().name == "good"
    complete_latest(output, NOW)
    assert (output / "latest").resolve().name == leads
    assert {entry.name for entry in output.iterdir()} == {"runs", "latest"}


# ------------------------------------------------------------------------------------------------ twice, or failed


def test_a_run_is_published_once(output: Path) -> None:
    publish(output, "one", "first")
    with pytest.raises(PublishError, match="one could not be published") as error:
        publish(output, "one", "second")
    assert error.value.exit_status == 5
    assert (output / "latest" / "report.html").read_text(encoding="utf-8") == "first"
    assert runs_of(output) == {"one"}


@pytest.mark.parametrize(
    "failure", [ProofError("differs"), ValueError("a defect"), KeyboardInterrupt()]
)
def test_a_failed_run_leaves_nothing_and_the_last_good_one_stays(
    output: Path, failure: BaseException
) -> None:
    publish(output, "good")
    with pytest.raises(type(failure)):
        broken_off(output, failure)
    assert runs_of(output) == {"good"}
    assert (output / "latest" / "report.html").read_text(encoding="utf-8") == "done"


def test_a_draft_that_is_not_published_is_removed(output: Path) -> None:
    with draft(output) as begun:
        write(begun.folder)
    assert runs_of(output) == set()
    assert not (output / "latest").is_symlink()


def test_a_failure_after_publishing_takes_nothing_back(output: Path) -> None:
    with pytest.raises(ValueError, match="later"):
        broken_off(output, ValueError("later"), "one")
    assert runs_of(output) == {"one"}
    assert (output / "latest" / "report.html").is_file()


def test_a_full_disk_is_told_as_such(output: Path) -> None:
    with pytest.raises(PublishError, match="No space left"):
        broken_off(output, OSError(28, os.strerror(28)))
    assert runs_of(output) == set()


# ------------------------------------------------------------------------------------------------ others beside it

CRASH = """
import os, sys
from pathlib import Path
from pipeline.delivery.folder import draft
with draft(Path(sys.argv[1])) as begun:
    (begun.folder / "clients.txt").write_text("half", encoding="utf-8")
    print(begun.folder.name, flush=True)
    if sys.argv[2] == "crash":
        os.kill(os.getpid(), 9)
    sys.stdin.read()
"""


def test_what_a_crash_left_behind_is_swept(output: Path) -> None:
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, str(output), "crash"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert crashed.returncode == -9
    assert runs_of(output) == {crashed.stdout.strip()}  # clients' data, left behind
    publish(output, "one")
    assert runs_of(output) == {"one"}


def test_a_living_run_is_left_alone(output: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(output), "live"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as living:
        assert living.stdin
        assert living.stdout
        name = living.stdout.readline().strip()
        publish(output, "one")
        assert runs_of(output) == {"one", name}
        assert (output / "runs" / name / "clients.txt").read_text(encoding="utf-8") == "half"
        living.stdin.close()
        assert living.wait(30) == 0
    assert runs_of(output) == {"one"}


SCRATCH = """
import os, sys
from pipeline.delivery.folder import scratch
with scratch() as folder:
    (folder / "clients.txt").write_text("half", encoding="utf-8")
    print(folder, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_check_left_among_the_temporary_files_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRATCH],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    left = Path(done.stdout.strip())
    assert (left / "clients.txt").is_file()
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    theirs = tmp_path / ".crm-audit-scratch-link"
    theirs.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch() as outer, scratch() as inner:
        assert not left.exists()
        assert outer.is_dir()
        assert inner.is_dir()
    assert {entry.name for entry in tmp_path.iterdir()} == {theirs.name, "elsewhere"}


def test_two_drafts_of_one_process(output: Path) -> None:
    with draft(output) as first, draft(output) as second:
        write(first.folder, "first")
        write(second.folder, "second")
        assert first.folder != second.folder
        second.publish("second", NOW)
        first.publish("first", NOW)
    assert runs_of(output) == {"first", "second"}
    assert (output / "latest" / "report.html").read_text(encoding="utf-8") == "first"


def test_sweeping_takes_no_run(output: Path) -> None:
    publish(output, "one")
    (output / "runs" / "notes.txt").write_text("mine", encoding="utf-8")
    publish(output, "two")
    assert runs_of(output) == {"one", "two", "notes.txt"}


# ------------------------------------------------------------------------------------------------ rights and places


def test_folders_are_0700_and_files_0600(output: Path) -> None:
    publish(output, "one")
    modes = {
        path: stat.S_IMODE(path.lstat().st_mode)
        for path in [output, *output.rglob("*")]
        if not path.is_symlink()
    }
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert len(modes) == 8


def test_in_a_folder_that_is_open_to_others_the_runs_are_not(output: Path) -> None:
    """The user's own folder keeps its mode (it may be his home); what we write in it is closed."""
    output.mkdir(parents=True)
    output.chmod(0o755)
    with draft(output):
        assert stat.S_IMODE(output.stat().st_mode) == 0o755
        assert stat.S_IMODE((output / "runs").stat().st_mode) == 0o700


def test_an_output_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "output"):
        with pytest.raises(PublishError, match="cannot be written") as error, draft(place):
            pytest.fail("a draft was begun")
        assert error.value.exit_status == 5


def test_runs_that_cannot_be_a_folder(output: Path) -> None:
    output.mkdir(parents=True)
    (output / "runs").write_text("", encoding="utf-8")
    with pytest.raises(PublishError, match="cannot be written"), draft(output):
        pytest.fail("a draft was begun")


def test_an_output_where_nobody_can_write() -> None:
    with pytest.raises(PublishError, match="cannot be written"), draft(Path("/proc/output")):
        pytest.fail("a draft was begun")


def test_latest_that_is_a_folder_of_somebody(output: Path) -> None:
    (output / "latest").mkdir(parents=True)
    (output / "latest" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match="could not be published"):
        publish(output, "one")
    assert (output / "latest" / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert {entry.name for entry in output.iterdir()} == {"runs", "latest"}
    assert runs_of(output) == set()
    (output / "latest" / "mine.txt").unlink()
    (output / "latest").rmdir()
    publish(output, "one")  # the same run can be tried again
    assert (output / "latest" / "report.html").is_file()


@pytest.mark.parametrize("mask", [0, 0o022])
def test_the_folders_are_private_under_any_mask(output: Path, mask: int) -> None:
    os.umask(mask)
    with draft(output) as begun:
        for folder in (output, output / "runs", begun.folder):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_folder_that_was_there_keeps_its_mode(output: Path) -> None:
    output.mkdir(parents=True, mode=0o750)
    output.chmod(0o750)
    with draft(output):
        assert stat.S_IMODE(output.stat().st_mode) == 0o750
