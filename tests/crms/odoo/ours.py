"""What the program makes of a loaded Odoo: extracted and computed, nothing rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from pipeline.config import Audit, load_audit
from tests.crms.odoo.database import Odoo
from tests.crms.suitecrm.by_hand import Setting, Value
from tests.crms.suitecrm.ours import URL, compute, extract


def prepared(
    setting: Setting, folder: Path, *, results: bool = False, by_time: bool = False,
    field_sets: Mapping[str, str] | None = None,
) -> Audit:  # fmt: skip
    """An audit.yaml of that setting, loaded; `results` maps a field of a meeting's result."""
    document: dict[str, object] = {
        "name": "Odoo",
        "zone": setting.zone,
        "currency": setting.currency,
        "source": {
            "url": f"${{{URL}}}",
            "preset": "odoo",
            "crm_url": "https://odoo.example",
            "end_passed_is_held": by_time,
            "add": {"meeting.result": "calendar_event.x_result"} if results else {},
        },
        "period": yaml.safe_load(setting.period),
        "accept": [
            "deal.amount.unreadable"
        ],  # the rows laid over hold cents, also where the audit is in yen
        "targets": {
            who: {setting.month or "2026-11": dict(of)} for who, of in setting.targets.items()
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


def values(
    odoo: Odoo, setting: Setting, folder: Path, *, results: bool, by_time: bool
) -> dict[str, Value]:
    """What we publish, as the hand writes it: without the figure that is about the proof."""
    audit = prepared(setting, folder, results=results, by_time=by_time)
    extract(odoo, setting, audit)
    return {
        name: (figure.numerator, figure.denominator)
        for name, figure in compute(audit).items()
        if figure.metric != "figures_proven"
    }
