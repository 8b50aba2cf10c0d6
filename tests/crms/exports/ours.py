"""What the program makes of a folder of exports: set up as init does it, extracted and computed."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import Audit, load_audit
from pipeline.databases.exports.tables import find
from pipeline.flows import run
from pipeline.model import Figure, Kind, RunResult
from pipeline.presets import load_preset
from pipeline.progress import Silence
from pipeline.queries import columns_of
from pipeline.setup.look.recognise import Place
from pipeline.setup.write.exported import CustomExports
from tests.crms.suitecrm.by_hand import BAD, Setting, Value


def write(folder: Path, files: Mapping[str, Sequence[Sequence[str]]], **options: Any) -> None:
    """CSV files in the folder's `exports`, every cell in quotes as the vendors write them."""
    (folder / "exports").mkdir(exist_ok=True)
    for name, rows in files.items():
        with (folder / "exports" / name).open(
            "w", encoding=options.get("encoding", "utf-8"), newline=""
        ) as stream:
            csv.writer(
                stream, quoting=csv.QUOTE_ALL, delimiter=options.get("delimiter", ",")
            ).writerows(rows)


def own_of(folder: Path, preset: str) -> CustomExports:
    """What init would write of that folder."""
    return CustomExports(
        load_preset(preset, folder),
        find(load_preset(preset, folder), Place("files:///exports", folder).headers()),
    )


def prepared(
    folder: Path, preset: str, setting: Setting, accept: Collection[str] = (), **source: Any
) -> Audit:
    """The audit of the folder, with the preset that init writes."""
    (folder / "crm.yaml").write_text(own_of(folder, preset).text(), "utf-8")
    document = {
        "name": "Exports",
        "source": {
            "url": "files:///exports",
            "preset": "crm.yaml",
            "crm_url": "https://crm.example",
            **source,
        },
        "zone": setting.zone,
        "accept": [*accept],
        "currency": setting.currency,
        "period": yaml.safe_load(setting.period),
        "targets": {who: {setting.month: dict(of)} for who, of in setting.targets.items()},
    }
    (folder / "audit.yaml").write_text(yaml.safe_dump(document), "utf-8")
    return load_audit(folder / "audit.yaml")


def edition_of(audit: Audit, setting: Setting) -> RunResult:
    """Every figure, proven against the witness."""
    as_of = datetime.fromisoformat(setting.as_of).replace(tzinfo=UTC)
    data = audit.file.parent / "data"
    data.mkdir(exist_ok=True)
    run.extract(audit, data, clock=lambda: as_of, as_of=as_of, progress=Silence())
    return run.compute(data, run_id="test", progress=Silence())


def values(result: RunResult) -> dict[str, Value]:
    """The figures as the hand writes them: without those about the proof and about spreadsheets' errors."""
    figures = [one for one in result.figures.values() if one.metric != "figures_proven"]
    errors = [one for one in figures if _of_errors(one)]
    assert {one.metric for one in errors} == {"unreadable", *_OF_FIELDS}
    assert not any(one.numerator for one in errors)  # no vendor writes any
    return {one.id: (one.numerator, one.denominator) for one in figures if one not in errors}


_OF_FIELDS = ("field_unreadable", "base_unreadable")


def _of_errors(figure: Figure) -> bool:
    """What cannot be read in texts; in other columns the hand has made some."""
    entity, _, name = figure.dimension.partition(".")
    if figure.metric in _OF_FIELDS:
        return (entity, name) not in BAD
    return figure.metric == "unreadable" and columns_of(entity)[name] is Kind.TEXT
