"""A published run's reports are the same when they are made again, anywhere; else it is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pyarrow.parquet as pq
import pytest

from pipeline.delivery.sums import deviations, entries, read_sums, write_sums
from pipeline.errors import ConfigError, ProofError
from pipeline.flows.rerun import rerun
from pipeline.progress import Silence
from pipeline.reports.made_again import Compared, compare_folders
from tests.paths import ROOT
from tests.program import crm_audit
from tests.published import copied_to, managers_of, published_run

ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "11"}


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    """A run sets it for its process."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return copied_to(tmp_path / "copy")


def reports_in(run: Path) -> frozenset[str]:
    return frozenset(path for path in entries(run) if not path.startswith("snapshot/"))


def test_reports_made_again_elsewhere_are_the_same(run: Path, tmp_path: Path) -> None:
    """In a copy of another name, from another place, in another process, zone, locale and home,
    with other hashes of texts.
    """
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pipeline", "rerun", str(run), "--to", "../again/here"],
        cwd=home, env={**environment, **ELSEWHERE}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    reports = reports_in(published_run())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "The reports made again are in ../again/here.",
        f"All {len(reports)} files of run good are equal to those made again, byte for byte.",
    ]
    again = tmp_path / "again" / "here"
    assert set(entries(again)) == reports
    for name in reports:
        assert (again / name).read_bytes() == (published_run() / name).read_bytes(), name
        assert (again / name).stat().st_mode & 0o777 == 0o600
    assert deviations(run, read_sums(run)) == []  # nothing was left in it


def test_what_differs_is_named_with_the_versions_that_do(run: Path) -> None:
    older(run)
    (run / "report.html").write_text("<p>100 %</p>", "utf-8")
    table = run / "findings.parquet"
    pq.write_table(pq.read_table(table), table, compression="gzip")
    write_sums(run)  # a forger who knows the house
    done = crm_audit(run.parent, "rerun", "copy")
    assert done.returncode == 4
    assert done.stdout.splitlines() == [
        f"Another version: duckdb 0.9 then, {version('duckdb')} now.",
        "findings.parquet: equal in what it holds, not in its bytes",
        "report.html: differs",
    ]
    assert f"1 of {len(reports_in(run))} files of run good are not what" in done.stderr
    assert deviations(run, read_sums(run)) == []  # nothing was left in it


def older(run: Path) -> None:
    """Made by an older library, as its manifest says."""
    manifest = run / "snapshot" / "manifest.json"
    text, times = re.subn(r'("duckdb": ?)"[^"]+"', r'\1"0.9"', manifest.read_text("utf-8"))
    assert times == 1
    manifest.write_text(text, "utf-8")


# ------------------------------------------------------------------------------------------------ compared


def differing(run: Path) -> dict[str, tuple[str, ...]]:
    """A copy beside the run: what differs of each file."""
    compared = compare_folders(run, _made_again(run), reports_in(run))
    return {one.file: one.differences for one in compared if one.differences}


def _made_again(run: Path) -> Path:
    again = run.parent / "again"
    if not again.exists():
        shutil.copytree(
            published_run(), again, ignore=shutil.ignore_patterns("snapshot", "SHA*")
        )
    return again


def repacked(book: Path, change: Callable[[str, bytes], bytes], **more: bytes) -> None:
    """The workbook packed anew, without compression, each part changed."""
    with ZipFile(book) as archive:
        parts = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with ZipFile(book, "w", ZIP_STORED) as archive:
        for name, content in {**parts, **more}.items():
            archive.writestr(name, content)


def commented(book: Path) -> None:
    with ZipFile(book, "a") as archive:
        archive.comment = b"more"


def twice(book: Path) -> None:
    """A part that some programs read, and others do not."""
    with ZipFile(book, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/workbook.xml", archive.read("xl/workbook.xml"))


def test_equal_folders(run: Path) -> None:
    compared = compare_folders(run, _made_again(run), reports_in(run))
    assert {one.file for one in compared} == reports_in(published_run())
    assert all(one.same_bytes and not one.differences for one in compared)


def test_a_workbook_is_compared_part_by_part(run: Path) -> None:
    book = run / "report.xlsx"
    repacked(book, lambda _, content: content)
    assert differing(run) == {}
    assert Compared("report.xlsx") in compare_folders(run, _made_again(run), reports_in(run))
    sheet = "xl/worksheets/sheet1.xml"
    repacked(book, lambda name, content: content + b" " * (name == sheet))
    assert differing(run) == {"report.xlsx": (f"{sheet} differs",)}


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda book: repacked(book, lambda _, c: c, **{"xl/new.xml": b""}), "xl/new.xml is not made again"),
        (commented, "it holds more than its parts"),
        (twice, "it holds more than its parts"),
        (lambda book: book.write_bytes(b"PK"), "it cannot be read as a workbook"),
        (lambda book: book.write_bytes(b""), "it cannot be read as a workbook"),
        (lambda book: book.write_bytes(book.read_bytes()[:-9]), "it cannot be read as a workbook"),
    ],
)  # fmt: skip
def test_a_workbook_that_is_spoilt(
    run: Path, spoil: Callable[[Path], None], expected: str
) -> None:
    spoil(run / "report.xlsx")
    assert differing(run) == {"report.xlsx": (expected,)}


def test_findings_are_compared_by_rows(run: Path) -> None:
    file = run / "findings.parquet"
    table = pq.read_table(file)
    pq.write_table(table, file, compression="gzip")
    assert differing(run) == {}
    pq.write_table(table.slice(1), file)
    assert differing(run) == {"findings.parquet": ("differs",)}
    file.write_bytes(b"PAR1")
    assert differing(run) == {"findings.parquet": ("differs",)}


def test_files_that_only_one_side_has(run: Path) -> None:
    (run / "findings.csv").unlink()
    (run / "managers" / "new.html").touch()
    one, other = managers_of(_made_again(run))[:2]
    (run / one.relative_to(run.parent / "again") / "report.html").write_bytes(
        (other / "report.html").read_bytes()
    )
    assert differing(run) == {
        "findings.csv": ("missing in the run's folder",),
        "managers/new.html": ("this run makes no such file",),
        f"managers/{one.name}/report.html": ("differs",),
    }


# ------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    "name", ["manifest.json", "history.json", "witness.json", "witness_failing.parquet", "deal.parquet"]
)  # fmt: skip
@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"{}")])
def test_from_other_data_nothing_is_made(
    run: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    spoil(run / "snapshot" / name)
    with pytest.raises(ProofError, match=rf"snapshot/{name}: (missing|altered)"):
        rerun(run, Silence())


def test_where_it_is_kept_must_be_free(run: Path, tmp_path: Path) -> None:
    for place in (tmp_path, run / "again", tmp_path / "copy"):
        with pytest.raises(ConfigError, match="--to: "):
            rerun(run, Silence(), to=place)
    assert deviations(run, read_sums(run)) == []


def test_the_command_is_kind(run: Path) -> None:
    done = crm_audit(run.parent, "rerun", "yesterday")
    assert done.returncode == 2
    assert "There is no run in" in done.stderr
    (run / "SHA256SUMS").unlink()
    done = crm_audit(run.parent, "rerun", "copy")
    assert (done.returncode, done.stdout) == (2, "")
    assert "an earlier version of this program published it" in done.stderr
