"""Which of a run's findings begin a life: each of a record once, and no hint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.config import load_audit
from pipeline.flows.extract import window_of
from pipeline.flows.lives import Failing, changes
from pipeline.model import FixItem, Rule, Span, Verdict
from tests.weeks import FIRST, Weeks, deal


def test_a_hint_begins_no_life_and_neither_does_another_owners_row(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, [deal("d1")])
    audit = load_audit(weeks.file)
    rules = Rule("deal", "amount", Verdict.MISSING), Rule("deal", "name", Verdict.HINT)
    item = FixItem("deal", "d1", "a", "A deal", (), (), "", Span.SCORE, rules=rules)
    listed = item, replace(item, owner="b", is_repeat=True)
    window = window_of(audit, FIRST, injected=False)
    with weeks.registry().transaction() as connection:
        failing = Failing(audit.resolved(), window, tmp_path, listed, ())
        lives = [life for life, _ in changes(connection, failing)]
    assert [(life.key.rule, life.person) for life in lives] == [("amount", "a")]
