"""A SELECT of a preset, and further columns that are read only if something asks for them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, model_validator

from pipeline.presets.columns import Where
from pipeline.presets.formats import Strict
from pipeline.values.addresses import holds_account, holds_secret

_SELECT: Final = re.compile(r"SELECT\s", re.IGNORECASE)
_BOUNDS: Final = (":since", ":until")


def _for_all(link: str) -> str:
    """Refuses an address with an account or a secret, because every report shows it."""
    if holds_account(link) or holds_secret(link):
        raise ValueError(
            "every report shows this address; write it without an account, a password or a token"
        )
    return link


Link = Annotated[str, AfterValidator(_for_all)]


class Part(Strict):
    """A SELECT with one row per row of `table`; `excluded` is why a row is not audited, or NULL.

    If several entities read one table, each names in `excluded` the entity that audits the row
    instead.
    """

    table: str
    select: str | None = None
    columns: dict[str, Where] = {}  # instead of a SELECT: our column -> its source
    # with `columns`: reason -> the column or condition that is then yes
    excluded: dict[str, Where] = {}
    # to the record's edit form; relative to source.crm_url unless it has a scheme
    link: Link | None = None
    # our column -> an expression to add to the SELECT if something asks for that column
    further: dict[str, str] = {}
    # for a log: the condition that counts its rows of the period, without the SELECT
    within: str | None = None
    # for a log of changes: the kinds of records whose owners it tells
    kinds: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_widened(self) -> Part:
        if self.further and not (self.select and _SELECT.match(self.select)):
            raise ValueError("further: goes with a select that begins with SELECT")
        return self

    def with_columns(self, names: Collection[str]) -> Part:
        """This part with some of its further columns added to its SELECT."""
        asked = [f"{sql} AS {name}" for name, sql in self.further.items() if name in names]
        select = self.select
        if select and asked:
            select = f"SELECT {', '.join(asked)}, {_SELECT.sub('', select, count=1)}"
        return self.model_copy(update={"select": select, "further": {}})


Parts = Annotated[
    tuple[Part, ...], BeforeValidator(lambda part: [part] if isinstance(part, dict) else part)
]


class Further(Strict):
    """Further logs and tables that are read only if something asks for them."""

    logs: dict[str, Parts] = {}
    # tables and headers that these and the parts' further columns need
    tables: dict[str, str] = {}
    optional: dict[str, tuple[str, ...]] = {}
    exports: dict[str, dict[str, tuple[str, ...]]] = {}

    @model_validator(mode="after")
    def _is_bounded(self) -> Further:
        """Requires bounds, so a log of ten years is neither streamed nor counted."""
        for log, parts in self.logs.items():
            for part in parts:
                texts = [text for text in (part.select, part.within) if text is not None]
                if not part.select or any(b not in text for text in texts for b in _BOUNDS):
                    raise ValueError(
                        f"further.logs.{log}: give a select, and name :since and :until in it "
                        "and in within"
                    )
        return self
