"""The records of a figure are those that the CRM itself gives when it is asked by hand; and of every figure
of the demo there are as many as it counts.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from lxml import html as lxml_html
from openpyxl import load_workbook

from pipeline.config import load_audit, secrets_of
from pipeline.delivery.sums import write_sums
from pipeline.errors import ConfigError, ProofError
from pipeline.flows import run
from pipeline.flows.explain import Explainer, open_explainer, published_figures
from pipeline.flows.explain.figures import figures_about, named_figure, scopes_of
from pipeline.model import Figures, Scope
from pipeline.model.explanations import Explanation, Part
from pipeline.progress import Silence
from pipeline.source import open_engine
from tests.explained import explanations, listed_otherwise, unexplained
from tests.program import crm_audit
from tests.published import AS_OF, copied_to, published_run
from tests.small_demo import MANAGERS, write_small_demo
from tests.weeks import Weeks, deal

FIRST, AFTER, TODAY = "2026-11-01", "2026-12-01", "2026-11-24"
MONTH_AT = "starts_at >= '2026-10-31 23:00:00' AND starts_at <= '2026-11-24 08:00:00'"  # Amsterdam, until as-of


@dataclass(frozen=True)
class Demo:
    """A demo with the records of three managers, read and computed; nothing is rendered."""

    folder: Path
    figures: Figures

    @property
    def data(self) -> Path:
        return self.folder / "snapshot"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("explained")
    audit = load_audit(write_small_demo(folder, date(2026, 11, 24)).config)
    (folder / "snapshot").mkdir()
    run.extract(
        audit, folder / "snapshot", clock=lambda: AS_OF, as_of=AS_OF, progress=Silence()
    )
    result = run.compute(folder / "snapshot", run_id="demo", progress=Silence())
    return Demo(folder, result.figures)


@pytest.fixture(scope="module")
def figures(demo: Demo) -> Figures:
    return demo.figures


@pytest.fixture(scope="module")
def explainer(demo: Demo) -> Iterator[Explainer]:
    with open_explainer(demo.data, demo.figures, Silence()) as opened:
        yield opened


@pytest.fixture
def crm(demo: Demo) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(demo.folder / "crm.db")) as connection:
        yield connection


def explained(explainer: Explainer, figures: Figures, name: str) -> Explanation:
    return explainer.explain(figures[name])


def by_id(part: Part) -> dict[str, int]:
    assert len({listed.id for listed in part.listed}) == len(part.listed)
    return {listed.id: listed.value for listed in part.listed}


def asked(crm: sqlite3.Connection, sql: str) -> dict[str, int]:
    return dict(crm.execute(sql).fetchall())


def test_every_figure_has_its_records(demo: Demo) -> None:
    assert len(demo.figures) > 1000
    assert unexplained(explanations(demo.data, demo.figures)) == []


# ------------------------------------------------------------------------------------- by hand


@pytest.mark.parametrize("manager", MANAGERS)
def test_deals_won(
    explainer: Explainer, figures: Figures, crm: sqlite3.Connection, manager: str
) -> None:
    won = (
        f"stage = 'won' AND NOT is_deleted AND owner_id = '{manager}' AND closed_on >= '{FIRST}' "
        f"AND closed_on < '{AFTER}' AND closed_on <= '{TODAY}'"
    )
    [part] = explained(explainer, figures, f"deals_won@manager:{manager}").parts
    assert by_id(part) == asked(crm, f"SELECT id, 1 FROM deals WHERE {won}") != {}
    assert {listed.owner for listed in part.listed} == {manager}
    days = dict(crm.execute(f"SELECT id, closed_on FROM deals WHERE {won}").fetchall())
    assert {listed.id: str(listed.closes) for listed in part.listed} == days
    assert all(
        listed.link == f"https://demo-crm.example/deals/{listed.id}/edit"
        for listed in part.listed
    )
    [money] = explained(explainer, figures, f"deals_won_amount/EUR@manager:{manager}").parts
    euro = f"{won} AND currency = 'EUR' AND amount_cents IS NOT NULL"
    assert by_id(money) == asked(crm, f"SELECT id, amount_cents FROM deals WHERE {euro}")
    assert sum(by_id(money).values()) == money.number


def test_a_ratio_has_two_lists(
    explainer: Explainer, figures: Figures, crm: sqlite3.Connection
) -> None:
    closed = f"NOT is_deleted AND closed_on >= '{FIRST}' AND closed_on < '{AFTER}' AND closed_on <= '{TODAY}'"
    won, of = explained(explainer, figures, "win_rate@company").parts
    for part, stages in ((won, "('won')"), (of, "('won', 'lost')")):
        by_hand = f"SELECT id, 1 FROM deals WHERE {closed} AND stage IN {stages}"
        assert by_id(part) == asked(crm, by_hand)
    assert len(of.listed) > len(won.listed) > 0


def test_a_missing_field_but_for_the_exempt(
    explainer: Explainer, figures: Figures, crm: sqlite3.Connection
) -> None:
    """Exceptions take records off the list, as they take them off the figure."""
    empty = "TRIM(COALESCE(result, ''), ' ' || char(9, 10, 13, 160, 8203, 8239, 12288)) = ''"
    held = "status = 'held' AND NOT is_deleted AND COALESCE(starts_at, '') <= '2026-11-24 08:00:00'"
    by_hand = asked(crm, f"SELECT id, 1 FROM meetings WHERE {held} AND {empty}")
    [missing] = explained(explainer, figures, "base_missing/meeting.result@company").parts
    [exempt] = explained(explainer, figures, "base_exempt/meeting.result@company").parts
    assert len(exempt.listed) == 1
    assert by_id(missing) | by_id(exempt) == by_hand
    assert len(missing.listed) == len(by_hand) - 1
    text = explained(explainer, figures, "field_missing/meeting.result@company").text
    assert "Fill in: result, once held." in text


def test_points_are_what_each_record_keeps(explainer: Explainer, figures: Figures) -> None:
    [kept] = explained(explainer, figures, "points_kept/deal@company").parts
    [due] = explained(explainer, figures, "points_due/deal@company").parts
    demands = 5  # of a point each: name, client, stage, amount, close date
    assert set(by_id(due).values()) <= {4, demands}
    assert all(0 < by_id(kept)[record] <= by_id(due)[record] for record in by_id(kept))
    good, all_due = explained(explainer, figures, "records_complete/deal@company").parts
    complete = {
        record for record, points in by_id(due).items() if by_id(kept).get(record) == points
    }
    assert by_id(good).keys() == complete
    assert by_id(all_due).keys() == by_id(due).keys()


def test_a_plan_leads_to_its_targets_and_deals(
    demo: Demo, explainer: Explainer, figures: Figures
) -> None:
    [left] = explained(explainer, figures, "plan_left/deals_won@company").parts
    assert [figure.id for figure in left.drawn_from] == [
        "plan_target/deals_won@company",
        "plan_done/deals_won@company",
    ]
    target, done = (figure.numerator for figure in left.drawn_from)
    assert left.number == max(0, target - done)
    [targets] = explained(explainer, figures, "plan_target/deals_won@company").parts
    lines = (demo.folder / "targets.csv").read_text("utf-8").splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert by_id(targets) == {
        manager: int(target)
        for manager, month, metric, target in rows
        if (month, metric) == ("2026-11", "deals_won")
    }
    reached, of = explained(explainer, figures, "plan_progress/deals_won@company").parts
    assert {listed.kind for listed in reached.listed} == {"deal"}
    assert by_id(of) == by_id(targets)


def test_working_days_are_named(explainer: Explainer, figures: Figures) -> None:
    [days] = explained(explainer, figures, "working_days_left@company").parts
    assert [listed.day for listed in days.listed] == [
        date(2026, 11, day) for day in (24, 25, 26, 27, 30)
    ]


# ----------------------------------------------------------------------------------------- SQL


@pytest.mark.parametrize(
    "name", ["deals_won@company", "win_rate@company", "base_missing/meeting.result@manager:u02"]
)
def test_its_sql_lists_the_same_records(
    demo: Demo,
    explainer: Explainer,
    figures: Figures,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.chdir(demo.folder)
    statements = explainer.snapshot_sql(figures[name])
    with duckdb.connect() as connection:
        answers = [connection.execute(statement).fetchall() for statement in statements]
    *_, part = explained(explainer, figures, name).parts
    assert {row[0]: row[-1] for row in answers[-1]} == by_id(part) != {}


def test_the_source_lists_the_same_records(demo: Demo) -> None:
    """In a database of many; tests/crms asks those of real CRMs."""
    audit = load_audit(demo.folder / "audit.yaml")
    engine = open_engine(
        secrets_of(audit.settings.source.url), demo.folder, audit.preset, lambda: 60
    )
    with engine.connect() as connection:
        asked = listed_otherwise(
            demo.data, demo.figures, lambda sql: connection.exec_driver_sql(sql).all()
        )
    engine.dispose()
    wrong, number = asked
    assert number > 30

    # one meeting is exempt from its result, of which the CRM knows nothing
    assert wrong == ["points_due/meeting@company", "base_points_due/meeting@company"]


def test_a_run_that_kept_no_sql_of_its_source(demo: Demo, tmp_path: Path) -> None:
    data = tmp_path / "snapshot"
    shutil.copytree(demo.data, data)
    (data / "source.json").unlink()
    with open_explainer(data, demo.figures, Silence()) as explainer:
        assert explainer.explain(demo.figures["deals_won@company"]).parts
        with pytest.raises(ConfigError, match="does not hold the SQL"):
            explainer.source_sql(demo.figures["deals_won@company"])


def test_what_is_no_count_of_records_has_no_sql(explainer: Explainer, figures: Figures) -> None:
    assert explainer.snapshot_sql(figures["working_days_left@company"]) == []


# ------------------------------------------------------------------------------------ the ways in


@pytest.fixture(scope="module")
def published() -> Figures:
    return published_figures(published_run())


def test_an_id_that_is_nearly_right(published: Figures) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'deals_won@company'"):
        named_figure("dealswon@company", published, published_run())
    with pytest.raises(ConfigError, match="Did you mean 'deals_won@manager:u02'"):
        named_figure("deals_won@managr:u02", published, published_run())
    with pytest.raises(ConfigError, match="it lists their figures"):
        figures_about("@nobody", published)


def test_a_number_that_a_page_makes_of_a_figure(published: Figures) -> None:
    named = named_figure("win_rate@company#numerator", published, published_run())
    assert named.figure.id == "win_rate@company"
    assert named.note.startswith("#numerator marks a number on a page")
    assert named_figure("win_rate@company", published, published_run()).note == ""


def test_an_id_that_no_terminal_shows(published: Figures) -> None:
    """It is asked for as pages mark it."""
    odd = replace(published["deals_won@company"], id="deals_won@manager:a\nb", key="a\nb",
                  scope=Scope.MANAGER)  # fmt: skip
    figures = Figures([odd])
    assert named_figure("deals_won@manager:a%{a}b", figures, published_run()).figure == odd
    assert figures_about("@manager:a%{a}b", figures) == [odd]
    assert [about for about, _ in scopes_of(figures, published_run())] == ["@manager:a%{a}b"]
    with pytest.raises(ConfigError, match=r"Did you mean 'deals_won@manager:a%\{a\}b'"):
        named_figure("deals_won@manager:ab", figures, published_run())


def test_every_figure_of_every_report_leads_to_its_records(published: Figures) -> None:
    """By the name that it has on a page, where a tooltip says it, and on the sheet Index."""
    run, names = published_run(), set[str]()
    for page in run.rglob("report.html"):
        tree = lxml_html.document_fromstring(page.read_bytes())
        marked = tree.xpath("//data[@data-figure]")
        assert len(marked) > 20
        if page.parent == run:
            assert all(each.get("title") == each.get("data-figure") for each in marked)
        else:  # a seller has no use for a command
            assert not any(each.get("title") for each in marked)
        names |= {each.get("data-figure") for each in marked}
        index = load_workbook(page.with_suffix(".xlsx"), read_only=True)["Index"]
        names |= {row[0] for row in index.iter_rows(min_row=5, values_only=True) if row[0]}
    figures = {named_figure(name, published, run).figure for name in names}
    assert len(names) > len(figures) > 100  # several numbers of a page are made of one figure
    with open_explainer(run / "snapshot", published, Silence()) as explainer:
        assert all(explainer.explain(figure).parts for figure in figures)


def test_all_whom_figures_are_about(published: Figures) -> None:
    about = dict(scopes_of(published, published_run()))
    assert {f"@manager:{manager}" for manager in MANAGERS} <= about.keys()
    assert about["@manager:u02"]
    assert about["@team:t1"]
    assert "@company" in about
    assert {figure.scope.value for figure in figures_about("@unassigned", published)} == {
        "unassigned"
    }


# ------------------------------------------------------------------------------- from run to run


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    """d1 and d2 had been completed, and d2's amount is gone again."""
    deals = [deal(f"d{number}", amount=None if number < 4 else 9) for number in range(1, 21)]
    worked_on = Weeks(tmp_path_factory.mktemp("weeks"), deals)
    worked_on.run(1)
    worked_on.fill("d1", "d2")
    worked_on.run(2)
    worked_on.change("UPDATE deals SET amount = NULL WHERE id = 'd2'")
    worked_on.run(3)
    return worked_on


@pytest.mark.parametrize(
    ("metric", "deals"), [("findings_completed", ["d1"]), ("findings_open_again", ["d2"])]
)
def test_what_became_of_findings_has_their_records(
    weeks: Weeks, metric: str, deals: list[str]
) -> None:
    folder = weeks.outcomes[3].folder
    figures = published_figures(folder)
    with open_explainer(folder / "snapshot", figures, Silence()) as explainer:
        for scope in ("company", "manager:a"):
            [part] = explained(explainer, figures, f"{metric}@{scope}").parts
            assert [(each.kind, each.id, each.owner) for each in part.listed] == [
                ("deal", record, "a") for record in deals
            ]
            assert all(each.name.startswith("finding ") for each in part.listed)
        assert unexplained(map(explainer.explain, figures.values())) == []


def test_what_was_leads_to_the_run_before(weeks: Weeks) -> None:
    folder = weeks.outcomes[3].folder
    named = named_figure("base@company#was", published_figures(folder), folder)
    assert named.figure.id == "base@company"
    before = weeks.outcomes[2].folder.name
    assert f"in run {before}: crm-audit explain {before} 'base@company'" in named.note
    ago = named_figure("base@company#ago2", published_figures(folder), folder)
    assert f"in run {weeks.outcomes[1].folder.name}:" in ago.note
    beyond = named_figure("base@company#ago9", published_figures(folder), folder)
    assert "in run" not in beyond.note


# --------------------------------------------------------------------------------- never another list


def test_a_figure_that_the_data_do_not_give_is_refused(
    explainer: Explainer, figures: Figures
) -> None:
    won = figures["deals_won@company"]
    with pytest.raises(ProofError, match=r"was published as \d+, and this version"):
        explainer.explain(replace(won, numerator=won.numerator + 1))


def test_altered_data_explain_nothing(tmp_path: Path) -> None:
    copy = copied_to(tmp_path / "copy")
    text = (copy / "figures.json").read_text("utf-8")
    (copy / "figures.json").write_text(text.replace('"numerator": 1,', '"numerator": 2,', 1))
    with pytest.raises(ProofError, match=r"figures\.json: altered"):
        published_figures(copy)
    write_sums(copy)
    assert published_figures(copy)


# ------------------------------------------------------------------------------------- the command


def test_the_command_prints_lists_and_writes(tmp_path: Path) -> None:
    run = published_run()
    scopes = crm_audit(tmp_path, "explain", str(run))
    assert scopes.returncode == 0, scopes.stderr
    assert "@manager:u02" in scopes.stdout
    about = crm_audit(tmp_path, "explain", str(run), "@manager:u02")
    assert "deals_open@manager:u02" in about.stdout
    table = crm_audit(tmp_path, "explain", str(run), "deals_open@manager:u02")
    assert table.returncode == 0, table.stderr
    number = published_figures(run)["deals_open@manager:u02"].numerator
    assert f"number: {number}, of {number} deals" in table.stdout
    assert table.stdout.count("https://demo-crm.example/deals/") == number > 1
    for name in ("a.csv", "a.xlsx"):
        asked = ("explain", str(run), "deals_open@manager:u02", "--to", name)
        written = crm_audit(tmp_path, *asked)
        assert (written.returncode, written.stdout) == (0, f"{name}\n"), written.stderr
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "a.csv").read_text("utf-8").splitlines()) == number + 1


def test_the_command_tells_what_is_wrong(tmp_path: Path) -> None:
    run = published_run()
    unknown = crm_audit(tmp_path, "explain", str(run), "deals_opn@company")
    assert unknown.returncode == 2
    assert "Did you mean 'deals_open@company'?" in unknown.stderr
    nowhere = crm_audit(tmp_path, "explain", "nowhere", "deals_open@company")
    assert nowhere.returncode == 2
    assert "There is no run in" in nowhere.stderr
    no_sql = crm_audit(
        tmp_path, "explain", str(run), "working_days_left@company", "--sql", "snapshot"
    )
    assert no_sql.returncode == 2
    assert "is no count of records" in no_sql.stderr
