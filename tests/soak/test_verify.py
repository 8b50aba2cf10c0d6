"""A hundred corruptions of a published run, each at random: whatever is altered is named, and nothing else."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pipeline.delivery.sums import SUMS, deviations, read_sums, write_sums
from pipeline.errors import ProofError
from pipeline.flows.rerun import rerun
from pipeline.progress import Silence
from pipeline.reports.made_again import compare_folders
from tests.flows.test_rerun import older
from tests.published import copied_to, published_run

Act = Callable[[random.Random, Path, Path], None]
"""Alters a file by chance; the second one is another of the run, with other contents."""


def bit(chance: random.Random, file: Path, _other: Path) -> None:
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def bytes_exchanged(chance: random.Random, file: Path, _other: Path) -> None:
    content = bytearray(file.read_bytes())
    pairs = [place for place in range(1, len(content)) if content[place] != content[place - 1]]
    place = chance.choice(pairs)
    content[place - 1 : place + 1] = content[place - 1 : place + 1][::-1]
    file.write_bytes(content)


def cut(chance: random.Random, file: Path, _other: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def longer(chance: random.Random, file: Path, _other: Path) -> None:
    with file.open("ab") as stream:
        stream.write(chance.randbytes(chance.randrange(1, 5000)))


def piece_lost(chance: random.Random, file: Path, _other: Path) -> None:
    content = file.read_bytes()
    start = chance.randrange(len(content))
    file.write_bytes(content[:start] + content[start + chance.randrange(1, 100) :])


def noise(chance: random.Random, file: Path, _other: Path) -> None:
    file.write_bytes(chance.randbytes(file.stat().st_size))


def emptied(_chance: random.Random, file: Path, _other: Path) -> None:
    file.write_bytes(b"")


def removed(_chance: random.Random, file: Path, _other: Path) -> None:
    file.unlink()


def anothers(_chance: random.Random, file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def link(_chance: random.Random, file: Path, other: Path) -> None:
    file.unlink()
    file.symlink_to(os.path.relpath(other, file.parent))


def folder(_chance: random.Random, file: Path, _other: Path) -> None:
    file.unlink()
    file.mkdir()


ACTS: Final[tuple[Act, ...]] = (
    bit, bit, bytes_exchanged, cut, longer, piece_lost, noise, emptied, removed, anothers, link, folder,
)  # fmt: skip


def chosen(seed: int, run: Path) -> tuple[str, Act, random.Random, Path]:
    """A file, what becomes of it, and another file that does not hold the same."""
    chance = random.Random(seed)
    sums = read_sums(run)
    path = chance.choice(sorted(sums.files))
    others = sorted(name for name, sha256 in sums.files.items() if sha256 != sums.files[path])
    return path, ACTS[seed % len(ACTS)], chance, run / chance.choice(others)


@pytest.mark.parametrize("seed", range(120))
def test_whatever_is_altered_is_named(tmp_path: Path, seed: int) -> None:
    run = copied_to(tmp_path / "copy")
    path, act, chance, other = chosen(seed, run)
    act(chance, run / path, other)
    assert [found.path for found in deviations(run, read_sums(run))] == [path]


@pytest.mark.parametrize("seed", range(120))
def test_reports_made_again_are_not_equal_to_an_altered_one(tmp_path: Path, seed: int) -> None:
    """An archive and a table may be other bytes and hold the same."""
    run = copied_to(tmp_path / "copy")
    path, act, chance, other = chosen(seed, run)
    act(chance, run / path, other)
    found = {one.file: one for one in compare_folders(run, published_run(), frozenset([path]))}
    assert found[path].differences or not found[path].same_bytes
    if not path.endswith((".xlsx", ".parquet")):
        assert found[path].differences
    assert not any(one.differences for name, one in found.items() if name != path)


@pytest.mark.parametrize("seed", range(60))
def test_a_list_that_is_altered_is_refused_or_names_what_it_says_otherwise(
    tmp_path: Path, seed: int
) -> None:
    run = copied_to(tmp_path / "copy")
    chance, act = random.Random(seed), (bit, bytes_exchanged, cut, piece_lost)[seed % 4]
    act(chance, run / SUMS, run / SUMS)
    try:
        found = deviations(run, read_sums(run))
    except ProofError:
        return
    assert found


def test_a_proof_that_fails_again_names_the_versions_that_differ(tmp_path: Path) -> None:
    run = copied_to(tmp_path / "copy")
    older(run)
    witness = run / "snapshot" / "witness.json"
    document = json.loads(witness.read_text("utf-8"))
    document["tallies"][0]["value"] += 1
    witness.write_text(json.dumps(document), "utf-8")
    write_sums(run)
    with pytest.raises(
        ProofError, match=r"Other versions made the run: duckdb 0\.9 then, "
    ) as e:
        rerun(run, Silence())
    assert e.value.differences
