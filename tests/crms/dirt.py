"""What people leave in fields, by chance: nearly the right word, blanks, odd characters, the edges of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

NEAR = ("{} ", " {}", "{}\n", "{}\u00a0", "{}\u200b", "{}.", "{}{}")
BLANKS = (None, "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\x1c", "\x1f", " \u3000 ")
STRANGE = (
    "e\u0301",
    "é",
    "É",
    "ＮＬ",
    "\u2800",
    "\u00ad",
    "'",
    "\\",
    "%",
    "#REF!",
    "0",
    "-",
    "{x}",
    "N\x1fL",
    "null",
)
AMOUNTS = (100, 99.99, 100.01, 50000.5, 50000.51, 50001, 1000, 999.99, 1000.005, 0, -100, 1e14, 0.001,
           None)  # fmt: skip


@dataclass(frozen=True)
class Moments:
    """Moments to draw from, as a database writes them."""

    edges: Sequence[str]  # the midnights at which an answer changes
    first: str  # of the days around them
    days: int
    nothing: Sequence[str | None]  # none, and what is entered and cannot be read
    far: Sequence[str]


@dataclass
class Dirt:
    """Values by chance, the same ones for one seed."""

    seed: int
    moments: Moments
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    def text(self, *words: str) -> str | None:
        """Mostly one of the words; else nearly one of them, blank, strange, or any characters."""
        drawn = self.chance.random()
        word = self.chance.choice(words)
        if drawn < 0.55:
            return word
        if drawn < 0.7:
            near = self.chance.choice(NEAR).format(word, word)
            return self.chance.choice((near, word.lower(), word.upper(), word[:-1], word[::-1]))
        if drawn < 0.85:
            return self.chance.choice(BLANKS)
        if drawn < 0.93:
            return self.chance.choice(STRANGE)
        signs = (self.chance.randrange(1, 0xD800) for _ in range(self.chance.randrange(1, 12)))
        return "".join(map(chr, signs))

    def moment(self) -> str | None:
        """Nothing, far away, at an edge or a second beside it, or in the days around."""
        drawn = self.chance.random()
        if drawn < 0.2:
            return self.chance.choice(
                self.moments.nothing if drawn < 0.15 else self.moments.far
            )
        if drawn < 0.4:
            edge = datetime.fromisoformat(self.chance.choice(self.moments.edges))
            return str(edge + timedelta(seconds=self.chance.choice((-1, 0, 1))))
        minutes = 30 * self.chance.randrange(self.moments.days * 48)
        return str(datetime.fromisoformat(self.moments.first) + timedelta(minutes=minutes))

    def day(self) -> str | None:
        """The day of such a moment."""
        moment = self.moment()
        return moment and moment[:10]

    def amount(self) -> float | None:
        """One at a bound, or any."""
        return self.chance.choice((*AMOUNTS, self.chance.randrange(10**7) / 100))
