"""The user's own preset that extends a built-in one with the formats of their texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.model import ENTITIES
from pipeline.presets import Preset, load_preset
from pipeline.setup.look.fit import Fit, fit_of
from pipeline.setup.look.recognise import Place, reading_of
from pipeline.setup.write.audit_file import quoted
from pipeline.setup.write.custom_preset import doubts, format_guesses

_LOOKED_AT: Final = 5_000
"""Rows of each entity on which the formats are tried."""


@dataclass
class Extended:
    """A built-in preset, and the formats that fit texts it cannot read."""

    preset: Preset
    fit: Fit | None = field(default=None, kw_only=True)
    confirmed: bool = field(default=False, kw_only=True)  # by the user, of these formats

    def text(self, *, tried: bool = False) -> str:
        """The preset that extends the built-in one.

        Unconfirmed formats are refused when loaded, unless they are only `tried`.
        """
        return "\n".join(self._lines([] if tried else self.unconfirmed())) + "\n"

    def loaded(self) -> Preset:
        """The preset as it will be read."""
        with tempfile.TemporaryDirectory(prefix="crm-audit-") as folder:
            (Path(folder) / "crm.yaml").write_text(self.text(tried=True), "utf-8")
            return load_preset("crm.yaml", Path(folder))

    def lines(self) -> list[str]:
        """The lines under `formats` that fit."""
        return list(self.fit.lines().values()) if self.fit else []

    def unconfirmed(self) -> list[str]:
        """The guessed formats that nobody confirmed, and what the texts leave open."""
        if self.fit is None:
            return []
        kinds = tuple(f"{line.partition(':')[0]} =" for line in self.lines())
        guesses = [
            line
            for line in format_guesses(self.fit.written)
            if line.partition(".")[2].startswith(kinds)
        ]
        return [*doubts(self.fit.written), *([] if self.confirmed else guesses)]

    def _lines(self, unconfirmed: Sequence[str]) -> Iterator[str]:
        yield f"# {self._about()} Written by `crm-audit init`; it is yours to edit."
        if unconfirmed:
            yield "# Nothing below is used until you confirm this. Compare each line with your CRM's texts, correct"
            yield "# `formats` below where it is wrong, and delete the line here."
            yield "unconfirmed:"
            yield from (f"  - {quoted(line)}" for line in unconfirmed)
            yield ""
        yield f"extends: {self.preset.name}"
        if formats := self.lines():
            yield ""
            yield f"# {self._why()}"
            yield "formats:"
            yield from (f"  {line}" for line in formats)

    def _about(self) -> str:
        return "How our CRM writes. docs/sources.md says more."

    def _why(self) -> str:
        return "Texts in this database are not written as the preset says."


def fit_in(place: Place, preset: Preset) -> Fit:
    """Tries the preset's formats on the CRM's texts."""
    with place.opened(preset) as connection:
        reader = reading_of(connection, preset, preset.add)
        read = [(entity, reader.columns(entity)) for entity in preset.entities]
        heads = {
            entity: (names, reader.head(entity, _LOOKED_AT)) for entity, names in read if names
        }
        return fit_of(reader.spec.reading_rules, ENTITIES, heads)
