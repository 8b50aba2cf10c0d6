"""CONTRIBUTING's recipes, followed on a copy of the program: what they name is all that it takes."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from tests.paths import ROOT
from tests.program import crm_audit
from tests.small_demo import write_small_demo

AS_OF = "2026-11-24T09:00+00:00"
RECIPES = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

MEASURE = """

def _big(d: FromClause, _: QueryContext) -> Condition:
    return and_(in_state(d, "deal", "open"), d.c.amount >= 1_000_000)


DEALS_BIG: Final = counted(
    "deals_big", "Big open deals", of="deal", needs=("stage", "amount"), where=_big, period=STOCK
)
"""
RULE = """

def _stale(d: FromClause, t: QueryContext) -> Condition:
    return and_(in_state(d, "deal", "open"), d.c.close_day < t.window.today)


DEALS_STALE: Final = counted(
    "deals_stale",
    "Open deals past their closing date",
    of="deal",
    needs=("stage", "close_day"),
    where=_stale,
    period=STOCK,
    finds=Verdict.OVERDUE,
)
"""
WORDS = """    deals.DEALS_STALE.name: (
        marked("open, and its closing date has passed"),
        marked("Move the date, or close the deal."),
    ),
"""
SECTION = """

def _open_deals(company: Subject) -> Table:
    people = by_name(company.result)
    rows = tuple(
        Row(person.name, (company.about(Scope.MANAGER, person.id).find(DEALS_OPEN),))
        for person in people
    )
    return Table("open", company.language.translate("Open deals"), ("Who", "Open deals"), rows)
"""
PRESET = """
about: A CRM of another make
dialects: [sqlite]
money: minor
states:
  deal: {won: ["yes"], open: ["no"]}
entities:
  user: {table: sellers, columns: {id: code, name: called, active: here}}
  deal: {table: orders, columns: {id: nr, owner_id: seller, name: what, stage: sold, amount: cents, close_day: day}}
absent: {client: none, contact: none, lead: none, meeting: none, meeting_contact: none, call: none, co_owner: none}
"""


def copied(folder: Path) -> Path:
    """The program, as a clone has it, with what Python compiled of it: that holds by a file's
    time and size, which are copied.
    """
    shutil.copy(ROOT / "pyproject.toml", folder)
    for part in ("pipeline", "expectations", "report_templates"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(tmp_path)


def changed(file: Path, old: str, new: str) -> None:
    """What stands in a file, changed in one place."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def contributed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a measure, a kind of rule and a section, each as its recipe says, and a run of it."""
    folder = copied(tmp_path_factory.mktemp("contributed"))
    measures, reports = (
        folder / "pipeline" / "measures",
        folder / "pipeline" / "reports" / "content",
    )
    declared = measures / "deals.py"
    declared.write_text(declared.read_text("utf-8") + MEASURE + RULE, "utf-8")
    listed = "deals.DEALS_BIG,\n    deals.DEALS_STALE,\n    deals.DEALS_WON,"
    changed(measures / "registry.py", "deals.DEALS_WON,", listed)
    known = "    deals.DEALS_UNDATED.name: _UNDATED,\n"
    changed(reports / "checks.py", known, known + WORDS)
    module, call = reports / "management.py", "            *_of_people(company),\n"
    changed(module, call, f"{call}            _open_deals(company),\n")
    module.write_text(module.read_text("utf-8") + SECTION, "utf-8")
    audit = write_small_demo(folder / "crm", date(2026, 11, 24)).config
    done = crm_audit(folder, "run", str(audit), "--as-of", AS_OF, program=folder)
    assert done.returncode == 0, done.stderr
    return folder


def figures_in(copy: Path) -> Mapping[str, int]:
    [file] = copy.glob("**/output/runs/*/figures.json")
    document = json.loads(file.read_text("utf-8"))
    return {figure["id"]: figure["numerator"] for figure in document["figures"]}


def section(title: str) -> str:
    """A recipe, from its heading to the next."""
    [found] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", RECIPES, re.MULTILINE | re.DOTALL)
    return str(found)


def test_a_measure_takes_its_declaration_and_a_line_in_the_registry(contributed: Path) -> None:
    for file in ("pipeline/measures/deals.py", "pipeline/measures/registry.py"):
        assert file in section("A measure")
    with sqlite3.connect(contributed / "crm" / "crm.db") as db:
        by_hand = "NOT is_deleted AND stage IN ('new', 'proposal', 'negotiation') AND amount_cents >= 1000000"
        big = dict(
            db.execute(f"SELECT owner_id, count(*) FROM deals WHERE {by_hand} GROUP BY 1")
        )
    figures = figures_in(contributed)
    assert figures["deals_big@company"] == sum(big.values()) > 1
    owners = {
        name.partition("@manager:")[2]: value
        for name, value in figures.items()
        if "deals_big@manager:" in name
    }
    assert {owner: value for owner, value in owners.items() if value}.items() <= big.items()


def test_a_kind_of_rule_takes_its_declaration_its_place_and_its_words(
    contributed: Path,
) -> None:
    for file in ("pipeline/measures/registry.py", "pipeline/reports/content/checks.py"):
        assert file in section("A kind of rule")
    [run] = contributed.glob("crm/output/runs/*")
    by_hand = (
        "NOT is_deleted AND stage IN ('new', 'proposal', 'negotiation') AND closed_on < :today"
    )
    today = json.loads((run / "figures.json").read_text("utf-8"))["as_of"][:10]
    with sqlite3.connect(contributed / "crm" / "crm.db") as db:
        stale = {
            str(key)
            for (key,) in db.execute(f"SELECT id FROM deals WHERE {by_hand}", {"today": today})
        }
    with (run / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["rule"] == "check.deals_stale"]
    assert {row["record_id"] for row in rows} == stale
    assert len(stale) == figures_in(contributed)["deals_stale@company"] > 1
    assert {row["verdict"] for row in rows} == {"overdue"}
    pages = "".join(file.read_text("utf-8") for file in run.glob("managers/*/report.html"))
    assert "open, and its closing date has passed" in pages


def test_a_section_is_a_function_and_a_call(contributed: Path) -> None:
    assert "pipeline/reports/content/management.py" in section("A section of a report")
    [run] = contributed.glob("crm/output/runs/*")
    page = (run / "report.html").read_text("utf-8")
    shown = re.search(r'<section class="sheet" id="open">.*?</section>', page, re.DOTALL)
    assert shown is not None
    assert shown[0].count("data-figure=") == len(list(run.glob("managers/*"))) > 2
    book = openpyxl.load_workbook(run / "report.xlsx")
    assert book["Open deals"]["B4"].value == "Open deals"


def test_words_that_yaml_takes_for_something_else_are_asked_in_quotes(copy: Path) -> None:
    (copy / "other.yaml").write_text(PRESET.replace('"yes"', "yes"), "utf-8")
    (copy / "audit.yaml").write_text(
        "name: Other\nsource: {url: 'sqlite:///crm.db', preset: other.yaml}\nzone: UTC\ncurrency: EUR\n",
        "utf-8",
    )
    done = crm_audit(copy, "check", "audit.yaml", program=copy)
    assert done.returncode == 2
    assert "states.deal.won.0: write the word in quotes" in done.stderr


def test_a_preset_takes_one_file(copy: Path) -> None:
    assert "pipeline/presets/NAME.yaml" in section("A preset")
    (copy / "pipeline" / "presets" / "other.yaml").write_text(PRESET, "utf-8")
    with sqlite3.connect(copy / "crm.db") as db:
        db.execute("CREATE TABLE sellers (code TEXT, called TEXT, here INTEGER)")
        db.execute(
            "CREATE TABLE orders (nr TEXT, seller TEXT, what TEXT, sold TEXT, cents INTEGER, day TEXT)"
        )
        db.executemany("INSERT INTO sellers VALUES (?, ?, 1)", [("s1", "Ada"), ("s2", "Bea")])
        orders = [
            ("o1", "s1", "Cable", "yes", 500, "2026-11-03"),
            ("o2", "s2", None, "yes", 700, "2026-11-04"),
        ]
        db.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", orders)
    (copy / "audit.yaml").write_text(
        "name: Other\nsource: {url: 'sqlite:///crm.db', preset: other}\nzone: UTC\ncurrency: EUR\n",
        "utf-8",
    )
    assert "Ready" in crm_audit(copy, "check", "audit.yaml", program=copy).stdout
    done = crm_audit(copy, "run", "audit.yaml", "--as-of", AS_OF, program=copy)
    assert done.returncode == 0, done.stderr
    found = figures_in(copy)
    assert (found["deals_won@company"], found["deals_won_amount/EUR@manager:s2"]) == (2, 700)
    assert found["base_missing/deal.name@manager:s2"] == 1


@pytest.mark.parametrize(
    "file",
    sorted(set(re.findall(r"`((?:pipeline|tests|docs|expectations)/[\w./]+)`", RECIPES))),
)
def test_every_file_that_a_recipe_names_is_there(file: str) -> None:
    path = ROOT / file
    assert path.exists() or (path.stem == "NAME" and path.parent.is_dir())
