"""A preset's declared formats of days, instants and amounts."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from pipeline.values.zone_names import zone_names


class Strict(BaseModel):
    """Refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_DAY_PARTS: Final = frozenset({"Y", "y", "m", "-m", "b", "B", "d", "-d"})
_TIME_PARTS: Final = frozenset({"H", "-H", "I", "-I", "M", "S", "f", "g", "p", "z"})


def _moments() -> AfterValidator:
    """Checks strptime formats: each needs a complete day, and may hold no quotes."""

    def checked(formats: tuple[str, ...]) -> tuple[str, ...]:
        for written in formats:
            parts = re.findall("%(-?.?)", written)
            bare = [part.removeprefix("-") for part in parts]
            allowed = _DAY_PARTS | _TIME_PARTS
            if strange := [part for part in parts if part not in allowed]:
                raise ValueError(
                    f"'{written}': %{strange[0]} is none of %{', %'.join(sorted(allowed))}"
                )
            whole = [sum(part in wanted for part in bare) for wanted in ("yY", "mbB", "d")] == [
                1,
                1,
                1,
            ]
            if (
                not whole
                or len(set(bare)) < len(bare)
                or ("p" in bare) != ("I" in bare)
                or {"H", "I"} <= set(bare)
            ):
                raise ValueError(
                    f"'{written}': needs one %Y (or %y), one %m (%b, %B), one %d, and %p where the hour is %I"
                )
            if "z" in bare and (not written.endswith("%z") or not {"H", "I"} & set(bare)):
                raise ValueError(
                    f"'{written}': %z, the offset from UTC, goes at the end, after a time of day"
                )
            if (
                re.search(r"['\"\\]|%-?[A-Za-z][0-9]|%-[A-Za-z]%", written)
                or not written.isprintable()
            ):
                raise ValueError(f"'{written}': no quotes, and no digits right after a part")
        return formats

    return AfterValidator(checked)


class Amount(Strict):
    """The format of an amount: '1.234,50' has the decimal mark ',' and the thousands mark '.'."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", "'", " "] = ""  # ' ' includes no-break spaces
    signs: tuple[str, ...] = ()  # currency signs before or after an amount: € or EUR

    @model_validator(mode="after")
    def _told_apart(self) -> Amount:
        if self.decimal == self.thousands:
            raise ValueError("the decimal mark and the mark between thousands must differ")
        for sign in self.signs:
            if not sign or re.search(r"[0-9\s-]", sign):
                raise ValueError(f"signs: '{sign}': no digit, no minus, no white space")
        return self


def must_be_a_zone(key: str, zone: str) -> None:
    if zone != "audit" and zone not in zone_names():
        raise ValueError(
            f"{key}: '{zone}' is no time zone; write one like Europe/Amsterdam, UTC or audit"
        )


class Formats(Strict):
    """The formats of days, instants and amounts in text; the first that fits counts."""

    day: Annotated[tuple[str, ...], _moments()] = ("%Y-%m-%d",)
    instant: Annotated[tuple[str, ...], _moments()] = ("%Y-%m-%d %H:%M:%S",)
    zone: str | None = None  # of these texts, if it differs from the preset's `datetimes`
    amount: Annotated[
        tuple[Amount, ...],
        BeforeValidator(lambda amount: [amount] if isinstance(amount, dict) else amount),
    ] = (Amount(),)

    @model_validator(mode="after")
    def _in_a_zone(self) -> Formats:
        if self.zone is not None:
            must_be_a_zone("zone", self.zone)
            self.must_be_in(self.zone)
        return self

    def must_be_in(self, zone: str) -> None:
        """Raises ValueError if a format means UTC and the zone is another."""
        if zone != "UTC" and any(re.search("(?<!%)Z$", written) for written in self.instant):
            raise ValueError("zone: a format that ends in Z says UTC")
