"""Finds a published figure by the id that a page, a workbook or figures.json has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.errors import ConfigError
from pipeline.model import Figure, Figures
from pipeline.model.figures import who_of
from pipeline.model.history import AGO, WAS, Before
from pipeline.snapshot.history import load_history
from pipeline.snapshot.manifest import load_manifest
from pipeline.values.visible import decoded, encoded, printable


@dataclass(frozen=True, slots=True)
class Named:
    """A figure, and what an id says of it beyond its own: '' where that is nothing."""

    figure: Figure
    note: str = ""


def named_figure(name: str, figures: Figures, run: Path) -> Named:
    """The figure of this id. On pages an id may end in #was, #first and the like: then the note
    says how that number comes from the figure. Raises ConfigError if there is none.
    """
    for known in (name, decoded(name)):
        if known in figures:
            return Named(figures[known])
        own, mark, part = known.rpartition("#")
        if mark and own in figures:
            return Named(figures[own], _note(own, f"#{part}", run))
    raise ConfigError(_unknown(name, figures))


def _note(own: str, part: str, run: Path) -> str:
    before = _earlier_run(part, run)
    if before is not None:
        return (
            f"{part} is what this figure was in run {before.run_id}: crm-audit explain "
            f"{before.run_id} '{own}'. What follows is the figure of this run."
        )
    return f"{part} marks a number on a page that is made of this figure. What follows is the figure."


def _earlier_run(part: str, run: Path) -> Before | None:
    """The run before that published what a page shows as '#was', or '#ago3'."""
    history = load_history(run / "snapshot")
    if history is None or not part.startswith((WAS, AGO)):
        return None
    if part == WAS:
        return history.before
    reports = part.removeprefix(AGO)
    if not reports.isdecimal() or not 0 < int(reports) <= len(history.earlier):
        return None
    return history.earlier[-int(reports)]


def _unknown(name: str, figures: Figures) -> str:
    what, _, who = name.partition("@")
    scopes = {who_of(scope, key): set(numbers) for scope, key, numbers in figures.numbers()}
    near = get_close_matches(who, scopes, 1, cutoff=0.4)
    about = near[0] if near and who not in scopes else who
    if about not in scopes:
        about = "company"
    measures = get_close_matches(what, scopes.get(about, ()), 1, cutoff=0.4)
    hint = f" Did you mean '{encoded(f'{measures[0]}@{about}')}'?" if measures else ""
    return (
        f"No figure of this run is called '{printable(name)}'.{hint} Without a figure, `crm-audit "
        f"explain` lists all whom figures are about; with @ and one of these, as @company, "
        "it lists their figures."
    )


def figures_about(name: str, figures: Figures) -> list[Figure]:
    """The figures of '@manager:u02'. Raises ConfigError if nothing is about it."""
    found = [
        figure
        for figure in figures.values()
        if f"@{who_of(figure.scope, figure.key)}" in (name, decoded(name))
    ]
    if not found:
        raise ConfigError(_unknown(name, figures))
    return found


def scopes_of(figures: Figures, run: Path) -> Iterator[tuple[str, str]]:
    """('@manager:u02', their name) of everybody and everything that figures are about."""
    names = _names(run)
    for scope, key, _ in figures.numbers():
        yield encoded(f"@{who_of(scope, key)}"), names.get((scope.value, key), "")


def _names(run: Path) -> dict[tuple[str, str], str]:
    """The names of users and of teams."""
    data = run / "snapshot"
    names: dict[tuple[str, str], str] = {}
    for entry in load_manifest(data).stored:
        if entry.entity == "user":
            users: Iterable[dict[str, str]] = pq.read_table(
                data / entry.file, columns=["id", "name", "team_id", "team"]
            ).to_pylist()
            for user in users:
                names["manager", user["id"]] = user["name"] or ""
                names["team", user["team_id"] or ""] = user["team"] or ""
            # where people report to each other, a team is called as its leader is
            names |= {
                ("team", user["id"]): user["name"] or ""
                for user in users
                if ("team", user["id"]) not in names
            }
    return names
