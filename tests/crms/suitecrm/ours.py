"""What the program makes of a loaded copy: extracted and computed, nothing rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from pipeline.config import Audit, load_audit
from pipeline.flows import run
from pipeline.model import Figure
from pipeline.progress import Progress, Silence
from tests.crms.suitecrm.by_hand import Setting, Value
from tests.crms.suitecrm.database import Database

URL = "CRM_AUDIT_TEST_URL"  # a password may stand in an environment variable only


def prepared(
    setting: Setting, folder: Path, *, results: bool = False, preset: str = "suitecrm",
    add: Mapping[str, str] | None = None, field_sets: Mapping[str, str] | None = None, accept: Sequence[str] = (),
) -> Audit:  # fmt: skip
    """An audit.yaml of that setting, loaded; `results` maps the custom field of a meeting's result."""
    source = {"url": f"${{{URL}}}", "preset": preset, "crm_url": "https://crm.example"}
    added = {"meeting.result": "meetings_cstm.result_c"} if results else {}
    document: dict[str, object] = {
        "name": "SuiteCRM",
        "zone": setting.zone,
        "currency": setting.currency,
        "accept": list(accept),
        "source": {**source, "add": {**added, **(add or {})}},
        "period": yaml.safe_load(setting.period),
        "targets": {
            who: {setting.month or "2027-03": dict(of)} for who, of in setting.targets.items()
        },
    }
    if field_sets:
        document["field_sets"] = "sets"
        (folder / "sets").mkdir()
        for entity, content in field_sets.items():
            (folder / "sets" / f"{entity}.yaml").write_text(content, "utf-8")
    file = folder / "audit.yaml"
    file.write_text(yaml.safe_dump(document), "utf-8")
    (folder / "data").mkdir()
    return load_audit(file)


def extract(
    database: Database, setting: Setting, audit: Audit, *, begin: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> None:  # fmt: skip
    """The two readings, at the setting's moment; `begin` replaces the statements that open the transaction."""
    as_of = datetime.fromisoformat(setting.as_of).replace(tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, database.url.render_as_string(hide_password=False))
        run.extract(
            audit, audit.file.parent / "data", clock=lambda: as_of, as_of=as_of, progress=progress or Silence(),
            begin=begin,
        )  # fmt: skip


def compute(audit: Audit) -> Mapping[str, Figure]:
    """Every figure, proven against the witness."""
    return run.compute(audit.file.parent / "data", run_id="test", progress=Silence()).figures


def values(
    database: Database, setting: Setting, folder: Path, *, results: bool
) -> dict[str, Value]:
    """What we publish, as the hand writes it: without the figure that is about the proof."""
    audit = prepared(setting, folder, results=results)
    extract(database, setting, audit)
    figures = compute(audit)
    return {
        name: (figure.numerator, figure.denominator)
        for name, figure in figures.items()
        if figure.metric != "figures_proven"
    }


def differences(
    hand: Mapping[str, Value], ours: Mapping[str, Value]
) -> dict[str, tuple[Value | None, Value | None]]:
    """Figure -> (by hand, ours), where they are not the same. The hand makes ratios of nothing due to anybody too."""
    hand = _of_something(hand)
    return {
        name: (hand.get(name), ours.get(name))
        for name in sorted(hand.keys() | ours.keys())
        if hand.get(name) != ours.get(name)
    }


def _of_something(hand: Mapping[str, Value]) -> dict[str, Value]:
    """The figures without the ratios that are 0 of 0 in every scope: those are not published."""
    due = {_asked(name) for name, (_, denominator) in hand.items() if denominator}
    return {
        name: value for name, value in hand.items() if value[1] is None or _asked(name) in due
    }


def _asked(figure: str) -> str:
    """'win_rate' of 'win_rate@manager:1'."""
    return figure.partition("@")[0]
