"""The folders shipped with the program: field sets and report templates."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent


def _shared(name: str) -> Path:
    """A folder beside the package in a checkout, inside it in an installed wheel."""
    beside = _HERE.parent / name
    return (
        beside
        if beside.is_dir() and (_HERE.parent / "pyproject.toml").is_file()
        else _HERE / "_shared" / name
    )


EXPECTATIONS: Final = _shared("expectations")
REPORT_TEMPLATES: Final = _shared("report_templates")
