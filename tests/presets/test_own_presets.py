"""A user's own presets: on top of one of ours, and for a CRM that is wholly his own."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.errors import ConfigError, ImplausibleError, SourceError
from pipeline.flows import run
from pipeline.flows.check import check_audit
from pipeline.language.languages import in_all
from pipeline.model import RunResult
from pipeline.presets import load_preset
from pipeline.progress import Silence
from tests.paths import ROOT

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

DUTCH = """
CREATE TABLE medewerkers (nr INTEGER PRIMARY KEY, naam TEXT, ploeg TEXT, actief INTEGER, mens INTEGER);
CREATE TABLE relaties (nr INTEGER PRIMARY KEY, soort TEXT, naam TEXT, voornaam TEXT, tel TEXT, mail TEXT,
                       bedrijf INTEGER, verkoper INTEGER, sinds TEXT, weg INTEGER);
CREATE TABLE afspraken (nr INTEGER PRIMARY KEY, titel TEXT, "order" TEXT, begin TEXT, klant INTEGER, verkoper INTEGER,
                        stand TEXT, uitkomst TEXT, plaats TEXT, weg INTEGER);
INSERT INTO medewerkers VALUES (1, 'Anna', 'Noord', 1, 1), (2, 'Bert', 'Noord', 1, 1), (3, 'Robot', NULL, 1, 0);
INSERT INTO relaties VALUES
  (10, 'bedrijf', 'Bakker BV', NULL, '020', NULL, NULL, 1, '2026-11-02 09:00:00', 0),
  (11, 'bedrijf', '  ', NULL, NULL, NULL, NULL, 2, '2026-11-03 09:00:00', 0),
  (12, 'bedrijf', 'Weg BV', NULL, NULL, NULL, NULL, 2, '2026-11-03 09:00:00', 1),
  (20, 'persoon', 'Jansen', 'Jan', NULL, 'jan@bakker.example', 10, NULL, '2026-11-02 09:00:00', 0),
  (21, 'persoon', 'Pietersen', '', NULL, NULL, 11, NULL, '2026-11-02 09:00:00', 0),
  (22, 'persoon', 'Weg', '', NULL, NULL, 11, NULL, '2026-11-02 09:00:00', 1),
  (30, 'leverancier', 'Meel NV', NULL, NULL, NULL, NULL, 1, '2026-11-02 09:00:00', 0);
INSERT INTO afspraken VALUES
  (1, 'Kennismaking', 'a', '2026-11-10 09:00:00', 10, 1, 'geweest', 'wil offerte', 'Amsterdam', 0),
  (2, NULL, 'a', '2026-11-11 09:00:00', 10, 1, 'geweest', '', NULL, 0),
  (3, 'Later', 'a', '2026-11-26 09:00:00', 10, 2, 'gepland', NULL, 'Breda', 0),
  (4, 'Wat', 'a', '2026-11-12 09:00:00', 10, 2, 'misschien', NULL, NULL, 0);
"""

OWN = """
about: Ons eigen CRM
dialects: [sqlite]
money: minor
states: {meeting: {held: [geweest], planned: [gepland]}}
entities:
  user:
    table: medewerkers
    columns: {id: nr, name: naam, team_id: ploeg, team: ploeg, active: actief, person: mens}
  client:
    table: relaties
    columns: {id: nr, owner_id: verkoper, name: naam, phone: tel, email: mail, created_at: sinds}
    excluded: {contact: {sql: soort = 'persoon'}, supplier: {sql: soort = 'leverancier'}, deleted: weg}
  contact:
    table: relaties
    columns: {id: nr, owner_id: verkoper, client_id: bedrijf, first_name: voornaam, last_name: naam, phone: tel,
              email: mail, created_at: sinds}
    excluded: {client: {sql: soort = 'bedrijf'}, supplier: {sql: soort = 'leverancier'}, deleted: weg}
  meeting:
    table: afspraken
    columns: {id: nr, owner_id: verkoper, subject: titel, status: stand, start_at: begin, client_id: klant,
              result: uitkomst}
    excluded: {deleted: weg}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "crm.db") as db:
        db.executescript(DUTCH)
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    return tmp_path


def audited(folder: Path, preset: str = "own.yaml", more: str = "") -> RunResult:
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nsource: {{url: 'sqlite:///crm.db', preset: {preset}{more}}}\nzone: Europe/Amsterdam\ncurrency: EUR\n"
        + ("field_sets: sets\n" if (folder / "sets").is_dir() else "")
    )
    audit = load_audit(file)
    data = Path(folder / f"data{len(list(folder.iterdir()))}")
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return run.compute(data, run_id="r", progress=Silence())


def number(result: RunResult, name: str) -> int:
    return result.figures[name].numerator


def test_a_crm_of_ones_own(folder: Path) -> None:
    (folder / "own.yaml").write_text(
        OWN + "links: {meeting: 'https://crm.example/#/a/{id}'}\n", "utf-8"
    )
    result = audited(folder)
    assert "https://crm.example/#/a/2" in {item.link for item in result.fix_list}
    assert {p.name: p.team for p in result.people} == {"Anna": "Noord", "Bert": "Noord"}
    assert number(result, "clients@company") == 2
    assert number(result, "contacts@manager:1") == 1  # Jan is Bakker's, and Bakker is Anna's
    assert number(result, "meetings_held@manager:1") == 2
    assert number(result, "meetings_planned_7d@manager:2") == 1
    assert number(result, "meetings_unknown@manager:2") == 1
    assert number(result, "field_missing/meeting.subject@company") == 1
    assert number(result, "field_missing/meeting.result@company") == 1
    assert number(result, "field_missing/client.name@company") == 1
    assert number(result, "field_missing/contact.first_name@company") == 1


def test_one_table_read_twice_is_accounted_once(folder: Path) -> None:
    result = audited(folder)
    assert number(result, "table_rows/relaties@company") == 7
    assert number(result, "table_audited/relaties@company") == 4
    assert number(result, "table_excluded/relaties/supplier@company") == 1
    assert number(result, "table_excluded/relaties/deleted@company") == 2


def test_what_is_not_mapped_makes_no_figure(folder: Path) -> None:
    result = audited(folder)
    assert not [
        name
        for name in result.figures
        if name.startswith(("deals", "calls", "leads", "score/deal", "win"))
    ]
    assert str(result.not_checked["deal.amount"]) == "not mapped"


def test_a_row_that_comes_out_twice_or_never_is_refused(folder: Path) -> None:
    (folder / "own.yaml").write_text(
        OWN.replace("contact: {sql: soort = 'persoon'}, ", ""), "utf-8"
    )
    with pytest.raises(SourceError, match="table relaties: it has 7 rows"):
        audited(folder)


def test_a_column_of_ones_own_can_be_demanded(folder: Path) -> None:
    sets = folder / "sets"
    sets.mkdir()
    (sets / "meeting.yaml").write_text(
        "entity: meeting\nfields: [{name: place, columns: [place]}]\n", "utf-8"
    )
    result = audited(folder, more=", add: {meeting.place: afspraken.plaats}")
    assert number(result, "field_missing/meeting.place@manager:1") == 1
    assert number(result, "points_due/meeting@company") == 2


def test_a_column_that_nobody_demands_is_likely_misspelt(folder: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"source\.add\.meeting\.reslt: no such field of ours, and neither a field set",
    ):
        audited(folder, more=", add: {meeting.reslt: afspraken.uitkomst}")


def test_on_top_of_another(folder: Path) -> None:
    """A newer preset of ours never touches the user's file: it holds his changes only."""
    (folder / "mine.yaml").write_text(
        "extends: demo\n"
        "states: {meeting: {held: [held, done]}}\n"
        "absent: {lead: we keep no leads}\n"
        "links: {deal: 'https://crm.example/#/deals/edit/{id}'}\n"
        "entities:\n  lead:\n  meeting:\n    table: talks\n"
        "    columns: {id: id, owner_id: who, subject: what, status: how, start_at: at}\n"
    )
    mine, ours = load_preset("mine.yaml", folder), load_preset("demo", folder)
    assert mine.entities["deal"] == ours.entities["deal"]
    assert mine.entities["meeting"][0].table == "talks"
    assert mine.states["meeting"]["held"] == ("held", "done")
    assert mine.states["meeting"]["planned"] == ours.states["meeting"]["planned"]
    assert "lead" not in mine.entities
    assert mine.links["deal"] != ours.entities["deal"][0].link


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: own.yaml", "there is no preset 'own.yaml'"),
        ("- a", "needs keys"),
        ("about: a\ndialects: [sqlite]\nmoney: minor\nentities: [a]\n", "entities"),
        (
            "about: a\ndialects: [sqlite]\nmoney: minor\nentities: {client: {table: t, columns: }}\n",
            "columns",
        ),
        ("about: a\ndialects: [sqlite]\nmoney: minor\nentities:\nabsent: [b]\n", "absent"),
        ("about: [", "not valid YAML"),
        (OWN.replace("    table: afspraken\n", ""), "entities.meeting.0.table"),
        (OWN + "    select: SELECT 1\n", "either a select or columns"),
        (OWN.replace("  meeting:\n", "  meetings:\n"), "no such entity"),
        (
            OWN.replace(
                "    table: afspraken\n",
                "    table: afspraken\n    link: 'https://u:geheim@crm/{id}'\n",
            ),
            "every report",
        ),
        (OWN + "links: {deal: 'https://crm/{id}?token=geheim'}\n", "every report"),
        (OWN + "about: twice\n", "occurs twice"),
        (OWN.replace("geweest", "geweest").replace("held:", "hold:"), "no such state"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, said: str) -> None:
    (folder / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"own\.yaml") as caught:
        audited(folder)
    assert said in str(caught.value)


def test_the_preset_of_the_documentation_works_and_is_short(folder: Path) -> None:
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    own, _further, on_top = re.findall(r"```yaml\n(.*?)```", text, re.S)
    assert own.count("\n") < 60
    # the documentation leaves the suppliers out; here they have a reason
    own = own.replace(
        "excluded: {contact:", "excluded: {supplier: {sql: soort = 'leverancier'}, contact:"
    )
    own = own.replace(
        "excluded: {client:", "excluded: {supplier: {sql: soort = 'leverancier'}, client:"
    )
    (folder / "own.yaml").write_text(own, "utf-8")
    result = audited(folder)
    assert number(result, "meetings_held@manager:1") == 2
    assert "https://crm.example.com/afspraken/2" in {item.link for item in result.fix_list}
    (folder / "mine.yaml").write_text(on_top, "utf-8")
    assert load_preset("mine.yaml", folder).states["deal"]["won"] == ("Closed Won", "Signed")


def test_where_nothing_says_whom_a_meeting_was_with_nobody_owes_it(folder: Path) -> None:
    result = audited(folder)
    assert str(result.not_checked["meeting.contact"]) == "nothing says with whom a meeting was"
    lacking = {
        figure.dimension
        for figure in result.figures.values()
        if figure.metric == "meetings_lacking"
    }
    assert lacking == {"date", "subject", "result"}
    assert result.figures["complete_meetings@manager:1"].numerator == 1
    persons = "columns: {id: nr, private_person: mens_of_niet, owner_id"
    (folder / "own.yaml").write_text(
        OWN.replace("columns: {id: nr, owner_id", persons, 1), "utf-8"
    )
    with sqlite3.connect(folder / "crm.db") as db:
        db.execute("ALTER TABLE relaties ADD COLUMN mens_of_niet INTEGER DEFAULT 0")
    assert number(audited(folder), "field_missing/meeting.contact@company") == 2


def test_what_no_select_gives_is_not_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A result that nobody reads is not owed; the snapshot alone says so too."""
    start = OWN.index("    columns: {id: nr, owner_id: verkoper, subject")
    given = "nr AS id, verkoper AS owner_id, titel AS subject, stand AS status, begin AS start_at, klant AS client_id"
    select = f"    select: SELECT {given}, NULL AS excluded FROM afspraken\n"
    (folder / "own.yaml").write_text(OWN[:start] + select, "utf-8")
    result = audited(folder)
    why = in_all("not given by the SELECT of {tables}", tables="afspraken")
    assert (
        result.not_checked["meeting.result"] == result.not_checked["meeting.parent_id"] == why
    )
    assert "subject" in {one.name for one in result.field_sets["meeting"].demands}
    assert not [
        name for name in result.figures if name.startswith("field_missing/meeting.result")
    ]
    assert number(result, "field_missing/meeting.subject@company") == 1
    with contextlib.suppress(ImplausibleError):  # a state that nobody knows
        check_audit(load_audit(folder / "audit.yaml"), AS_OF)
    told = " ".join(capsys.readouterr().out.split())
    assert f"Not checked: result ({why})." in told
    assert f"Not checked: meeting.parent_id ({why})." in told
    (folder / "own.yaml").write_text(OWN[:start] + select.replace("nr AS id, ", ""), "utf-8")
    with pytest.raises(ConfigError, match="gives no id"):
        audited(folder)


def test_an_entity_of_two_parts_of_one_table_is_accounted_by_both(folder: Path) -> None:
    """As a CRM's open and closed deals may come from one table by two SELECTs."""
    part = """
    - table: afspraken
      columns: {id: nr, owner_id: verkoper, subject: titel, status: stand, start_at: begin, client_id: klant,
                result: uitkomst}
      excluded: {EXCLUDED}"""
    both = part.replace("EXCLUDED", "meeting: {sql: verkoper = 2}") + part.replace(
        "EXCLUDED", "meeting: {sql: verkoper <> 2}"
    )
    start = OWN.index("\n    table: afspraken")
    (folder / "own.yaml").write_text(OWN[:start] + both + "\n", "utf-8")
    result = audited(folder)
    assert (
        number(result, "table_rows/afspraken@company")
        == number(result, "table_audited/afspraken@company")
        == 4
    )
    assert number(result, "meetings@company") == 4
    (folder / "own.yaml").write_text(
        OWN[:start] + both.replace("verkoper <> 2", "verkoper < 0") + "\n", "utf-8"
    )
    with pytest.raises(SourceError, match="table afspraken: it has 4 rows"):
        audited(folder)
