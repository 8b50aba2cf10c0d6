"""By what figures of two runs differ, and why: each cause alone, and all that add up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.delivery.sums import write_sums
from pipeline.errors import ConfigError, ProofError
from pipeline.flows.compare import compare
from pipeline.language.changes import shown_difference, shown_parts
from pipeline.model import ONE_READING, REMEMBERED
from pipeline.model.comparison import Cause, Change, Comparison
from pipeline.progress import Silence
from tests.histories import AS_OF, Crm, lived
from tests.paths import ROOT


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Crm:
    return Crm.made(tmp_path_factory.mktemp("crm"))


@pytest.fixture(scope="module")
def first(crm: Crm) -> Path:
    return crm.run("first")


def must_add_up(comparison: Comparison) -> None:
    """The parts of each figure add up, exactly and as they are shown."""
    for change in comparison.changes.values():
        figure, differs = change.figure, change.difference
        is_counted_once = figure.basis in (ONE_READING, REMEMBERED, "proof")
        assert change.told != (is_counted_once or figure.metric.startswith("table_")), figure.id
        if not change.told or differs is None:
            assert change.steps == ()
            continue
        assert sum((step.change for step in change.steps), Fraction()) == differs, change.id
        if change.steps:
            assert sum(shown_parts(change)) == shown_difference(change), change.id
        # the same program gives what was published, at both ends
        assert not any(Cause.PROGRAM in step.causes for step in change.steps), change.id


def causes_of(comparison: Comparison) -> set[tuple[Cause, ...]]:
    return {step.causes for change in comparison.changes.values() for step in change.steps}


# --------------------------------------------------------------------------------- one cause alone

A_DEAL = "id = (SELECT min(id) FROM deals WHERE owner_id = 'u02' AND is_deleted = 0)"
A_MEETING = (
    "id = (SELECT min(id) FROM meetings WHERE owner_id = 'u09' AND status = 'held' AND is_deleted = 0"
    " AND starts_at BETWEEN '2026-11-02' AND '2026-11-23' AND result IS NOT NULL AND result <> '')"
)
CLONED = (
    "INSERT INTO clients SELECT 'new' AS id, owner_id, kind, name, first_name, last_name, phone, email, city,"
    " created_at, is_deleted, street, postcode, {rest} FROM clients WHERE owner_id = 'u02' LIMIT 1"
)


def _rest(crm: Crm) -> str:
    names = [str(row[1]) for row in crm.rows("PRAGMA table_info(clients)")]
    return ", ".join(names[names.index("postcode") + 1 :])


def _gone(crm: Crm) -> None:
    crm.does(f"DELETE FROM deals WHERE {A_DEAL}")


def _entered(crm: Crm) -> None:
    crm.does(CLONED.format(rest=_rest(crm)))


def _changed(crm: Crm) -> None:
    crm.does(f"UPDATE meetings SET result = '' WHERE {A_MEETING}")


def _linked(crm: Crm) -> None:
    crm.does("DELETE FROM meeting_contacts")


def _handed_over(crm: Crm) -> None:
    crm.does(f"UPDATE deals SET owner_id = 'u09' WHERE {A_DEAL}")


def _moved(crm: Crm) -> None:
    crm.does(
        "UPDATE users SET team_id = (SELECT team_id FROM users WHERE id = 'u09') WHERE id = 'u02'"
    )


def _planned(crm: Crm) -> None:
    file = crm.folder / "targets.csv"
    file.write_text(
        file.read_text("utf-8").replace("u02,2026-11,deals_won,8", "u02,2026-11,deals_won,9")
    )


def _excused(crm: Crm) -> None:
    line = "\n,meeting,{0},result,exempt,By telephone,Sales board,2027-01-23\n"
    owed = crm.rows(
        "SELECT min(id) FROM meetings WHERE status = 'held' AND owner_id = 'u02' AND is_deleted = 0"
        " AND starts_at BETWEEN '2026-11-02' AND '2026-11-23' AND (result IS NULL OR result = '')"
    )
    file = crm.folder / "exceptions.csv"
    file.write_text(file.read_text("utf-8").rstrip("\n") + line.format(owed[0][0]), "utf-8")


def _ruled(crm: Crm) -> None:
    rules = "{name: name, label: name, columns: [name], why: letters are sent there}"
    (crm.folder / "expectations" / "client.yaml").write_text(
        f"entity: client\nfields:\n  - {rules}\n", "utf-8"
    )


def _settled(crm: Crm) -> None:
    crm.declares(
        "working_week: [mon, tue, wed, thu, fri]", "working_week: [mon, tue, wed, thu]"
    )


def _another_period(crm: Crm) -> None:
    crm.declares("period: month", "period: week")


ALONE: list[tuple[Callable[[Crm], None], Cause, str, int | None]] = [
    (_gone, Cause.LEFT, "deals@company", -1),
    (_entered, Cause.ENTERED, "clients@company", 1),
    (_changed, Cause.VALUES, "field_missing/meeting.result@company", 1),
    (_linked, Cause.VALUES, "field_missing/meeting.contact@company", None),
    (_handed_over, Cause.OWNERS, "deals@manager:u02", -1),
    (_moved, Cause.OWNERS, "deals@team:north", None),
    (_planned, Cause.PLAN, "plan_target/deals_won@company", 1),
    (_excused, Cause.EXCEPTIONS, "field_missing/meeting.result@company", -1),
    (_ruled, Cause.RULES, "score@company", None),
    (_settled, Cause.SETTINGS, "", None),
    (_another_period, Cause.PERIOD, "meetings_held@company", None),
]


@pytest.mark.parametrize(
    ("does", "cause", "figure", "by"), ALONE, ids=lambda v: getattr(v, "__name__", None)
)
def test_one_cause_alone(
    does: Callable[[Crm], None], cause: Cause, figure: str, by: int | None,
    crm: Crm, first: Path, tmp_path: Path,
) -> None:  # fmt: skip
    later = crm.copied(tmp_path / "later")
    does(later)
    comparison = compare(first, later.run("second"), Silence())
    must_add_up(comparison)
    assert causes_of(comparison) == {(cause,)}
    if by is not None:
        [step] = comparison.changes[figure].steps
        assert (step.causes, step.change) == ((cause,), by)


def test_rules_that_ask_for_more_than_was_read(crm: Crm, first: Path, tmp_path: Path) -> None:
    """They come after the rows, as they can be asked of the second run's alone."""
    later = crm.copied(tmp_path / "later")
    _gone(later)
    rules = "{name: city, label: city, columns: [city], why: letters are sent there}"
    (later.folder / "expectations" / "client.yaml").write_text(
        f"entity: client\nfields:\n  - {rules}\n", "utf-8"
    )
    comparison = compare(first, later.run("second"), Silence())
    must_add_up(comparison)
    assert causes_of(comparison) == {(Cause.LEFT,), (Cause.RULES,)}
    [step] = comparison.changes["deals@company"].steps
    assert step.causes == (Cause.LEFT,)


def test_time_alone(crm: Crm, first: Path, tmp_path: Path) -> None:
    later = crm.copied(tmp_path / "later").run("second", AS_OF + timedelta(days=2))
    comparison = compare(first, later, Silence())
    must_add_up(comparison)
    # the rows of logs are read for the period up to now, and so are more of them
    assert (Cause.TIME,) in causes_of(comparison)
    assert causes_of(comparison) <= {(Cause.TIME,), (Cause.OWNERS,), (Cause.ENTERED,)}


def test_nothing_changed(crm: Crm, first: Path, tmp_path: Path) -> None:
    comparison = compare(first, crm.copied(tmp_path / "later").run("second"), Silence())
    must_add_up(comparison)
    assert causes_of(comparison) == set()
    assert len(comparison.changes) > 1_000


def test_the_order_of_the_runs_is_that_of_their_moments(
    crm: Crm, first: Path, tmp_path: Path
) -> None:
    later = crm.copied(tmp_path / "later")
    _gone(later)
    second = later.run("second", AS_OF + timedelta(hours=1))
    for pair in ((first, second), (second, first)):
        comparison = compare(*pair, Silence())
        assert (comparison.before.run_id, comparison.after.run_id) == ("first", "second")


# ------------------------------------------------------------------------------------ several causes


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_add_up(seed: int, crm: Crm, first: Path, tmp_path: Path) -> None:
    later = crm.copied(tmp_path / "later")
    as_of = lived(later, random.Random(seed))
    comparison = compare(first, later.run("second", as_of), Silence())
    must_add_up(comparison)
    assert len(causes_of(comparison)) > 4


def test_causes_between_which_a_figure_has_no_value_share_a_step() -> None:
    from pipeline.flows.compare import _steps

    path = [
        (Cause.PROGRAM, Fraction(1, 2)), (Cause.RULES, Fraction(1, 2)), (Cause.LEFT, None),
        (Cause.ENTERED, Fraction(1, 4)), (Cause.TIME, Fraction(3, 4)), (Cause.PROGRAM, Fraction(7, 8)),
    ]  # fmt: skip
    steps = _steps(Fraction(1, 4), path)
    assert [(step.causes, step.change) for step in steps] == [
        ((Cause.PROGRAM,), Fraction(1, 4) + Fraction(1, 8)),  # both ends together
        ((Cause.LEFT, Cause.ENTERED), Fraction(-1, 4)),
        ((Cause.TIME,), Fraction(1, 2)),
    ]


def test_another_mapping_cannot_be_told_from_the_rows_that_it_reads(
    crm: Crm, first: Path, tmp_path: Path
) -> None:
    """Which records a preset reads, and their values, are its own."""
    later = crm.copied(tmp_path / "later")

    preset = (ROOT / "pipeline" / "presets" / "demo.yaml").read_text("utf-8")
    (later.folder / "mine.yaml").write_text(
        preset.replace("last_name, phone,", "last_name, city AS phone,", 1), "utf-8"
    )
    later.declares("preset: demo", "preset: mine.yaml")
    comparison = compare(first, later.run("second"), Silence())
    must_add_up(comparison)
    joint = (Cause.SETTINGS, Cause.LEFT, Cause.ENTERED, Cause.VALUES, Cause.OWNERS)
    assert causes_of(comparison) == {joint}


def test_another_program_is_a_cause(crm: Crm, first: Path, tmp_path: Path) -> None:
    """What was published differs from what this program makes of the same data."""
    second = crm.copied(tmp_path / "later").run("second")
    file = second / "figures.json"
    document = json.loads(file.read_text("utf-8"))
    [figure] = [f for f in document["figures"] if f["id"] == "deals@company"]
    old = json.dumps(figure, ensure_ascii=False)
    figure["numerator"] += 5
    file.write_text(
        file.read_text("utf-8").replace(old, json.dumps(figure, ensure_ascii=False)), "utf-8"
    )
    write_sums(second)
    change = compare(first, second, Silence()).changes["deals@company"]
    assert [(step.causes, step.change) for step in change.steps] == [((Cause.PROGRAM,), 5)]


# ------------------------------------------------------------------------------------------- refusals


def test_runs_of_different_audits(crm: Crm, first: Path, tmp_path: Path) -> None:
    other = crm.copied(tmp_path / "other").declares("id: demo", "id: another").run("second")
    with pytest.raises(
        ConfigError, match=r"first and second are runs of different audits, demo and another"
    ):
        compare(first, other, Silence())


@pytest.mark.parametrize("file", ["figures.json", "snapshot/manifest.json"])
def test_an_altered_run(file: str, crm: Crm, first: Path, tmp_path: Path) -> None:
    second = crm.copied(tmp_path / "later").run("second")
    (second / file).write_text((second / file).read_text("utf-8") + " ", "utf-8")
    with pytest.raises(ProofError, match=f"cannot be compared, .*{file}: altered"):
        compare(first, second, Silence())


def test_a_run_without_its_data_is_compared_without_causes(
    crm: Crm, first: Path, tmp_path: Path
) -> None:
    later = crm.copied(tmp_path / "later")
    _gone(later)
    second = later.run("second")
    (second / "snapshot" / "deal.parquet").unlink()
    comparison = compare(first, second, Silence())
    change: Change = comparison.changes["deals@company"]
    assert (comparison.told, change.told, change.difference, change.steps) == (
        False,
        False,
        -1,
        (),
    )
