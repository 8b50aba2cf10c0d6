"""`audience: own`, from a real database to the published folder."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.config import load_audit
from pipeline.demo import write_demo
from pipeline.flows.check import check_audit
from pipeline.flows.compute import _undecodable, _without_plan, open_run
from pipeline.model import Agreement, Person, Scope, Target
from pipeline.progress import Silence
from pipeline.snapshot.manifest import load_manifest
from tests.program import crm_audit

AGREED = "agreement: {with: OR, date: 2026-01-31, until: 2026-03-31}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the demo, whose two teams are of six each, with an agreement that has ended."""
    folder = tmp_path_factory.mktemp("audience")
    write_demo(folder, date(2026, 11, 24))
    file = folder / "audit.yaml"
    file.write_text(f"{file.read_text('utf-8')}\naudience: own\n{AGREED}\n", "utf-8")
    done = crm_audit(folder, "run", "audit.yaml", "--as-of", "2026-11-24T08:00+01:00")
    assert done.returncode == 0, done.stderr
    (folder / "said").write_text(done.stdout, "utf-8")
    return folder


@pytest.fixture(scope="module")
def published(folder: Path) -> Path:
    (run,) = (folder / "output" / "runs").iterdir()
    return run


@pytest.fixture(scope="module")
def users(folder: Path) -> dict[str, str]:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        names = db.execute("SELECT id, first_name || ' ' || last_name FROM users")
        return {str(key): name for key, name in names if name}


def test_nobody_is_named_to_management(
    folder: Path, published: Path, users: dict[str, str]
) -> None:
    cells = [
        f"{cell.value} {cell.comment.text if cell.comment else ''}"
        for sheet in load_workbook(published / "report.xlsx")
        for row in sheet.iter_rows()
        for cell in row
    ]
    page = (published / "report.html").read_text("utf-8")
    said = (folder / "said").read_text("utf-8")
    assert len(users) > 5
    for key, name in users.items():
        for text in (page, "\n".join(cells), said):
            assert name not in text
            assert not re.search(rf"@(manager|team|group):{re.escape(key)}\b", text)


def test_everybody_has_a_page_and_analysts_have_all(
    published: Path, users: dict[str, str]
) -> None:
    figures = json.loads((published / "figures.json").read_text("utf-8"))["figures"]
    managers = {one["key"] for one in figures if one["scope"] == "manager"}
    assert len(list((published / "managers").iterdir())) == len(managers) > 5
    assert any(one["scope"] == "group" for one in figures)
    for key in managers:
        pages = (published / "managers").glob("*/report.html")
        assert any(users[key] in page.read_text("utf-8") for page in pages)


def test_every_file_is_for_the_account_alone(published: Path) -> None:
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in published.rglob("*") if path.is_file()
    }
    folders = {
        stat.S_IMODE(path.stat().st_mode) for path in published.rglob("*") if path.is_dir()
    }
    assert (modes, folders) == ({0o600}, {0o700})


def test_the_run_can_be_computed_again_for_the_same_audience(published: Path) -> None:
    result = open_run(published, Silence())
    assert result.audience == "own"
    assert result.agreement == Agreement("OR", date(2026, 1, 31), date(2026, 3, 31))
    figures = json.loads((published / "figures.json").read_text("utf-8"))["figures"]
    assert [one["id"] for one in figures] == list(result.figures)


def test_an_agreement_that_ended_is_said_by_report_and_check(
    folder: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "with OR of 31 Jan 2026 ended on 31 Mar 2026" in (
        published / "report.html"
    ).read_text("utf-8")
    check_audit(load_audit(folder / "audit.yaml"), datetime(2026, 4, 1, 8, tzinfo=UTC))
    said = " ".join(capsys.readouterr().out.split())
    assert "Warning: the agreement with OR of 2026-01-31 ended on 2026-03-31" in said
    check_audit(load_audit(folder / "audit.yaml"), datetime(2026, 3, 31, 8, tzinfo=UTC))
    assert "Warning: the agreement" not in capsys.readouterr().out


def test_what_management_reads_of_users_has_no_names_with_own() -> None:
    users = [Person("old-1", "Oud Vertrokken", "", "", Scope.INACTIVE)]
    targets = [Target(key, "2026-11", "deals_won", 7) for key in ("old-1", "stranger-9")]
    (named,) = _without_plan(targets, users, "2026-11", "named")
    (own,) = _without_plan(targets, users, "2026-11", "own")
    assert "Oud Vertrokken" in named.en
    assert "stranger-9" in named.nl
    for text in (own.en, own.nl):
        assert "2" in text
        assert not {"Oud", "old-1", "stranger-9", "7"} & set(re.findall(r"[\w-]+", text))
    assert not list(_without_plan(targets, users, "2026-10", "own"))


def test_a_users_text_that_cannot_be_read_is_not_told_by_its_id(published: Path) -> None:
    stored = load_manifest(published / "snapshot").stored
    odd = [
        replace(entry, undecodable=(("name", f"{entry.entity}-77"),))
        for entry in stored
        if entry.entity in ("user", "client")
    ]
    (named,), (own,) = (list(_undecodable(odd, audience)) for audience in ("named", "own"))
    assert "user-77" in named.en
    assert "client-77" in own.en
    assert "user-77" not in own.en
