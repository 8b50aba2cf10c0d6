"""crm-audit: checks a CRM's data per manager, proves it against the source, publishes it.

For analysts: `from pipeline import open_run, open_registry`; see docs/analysts.md.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_FOR_ANALYSTS = ("open_registry", "open_run")


def __getattr__(name: str) -> Any:
    """What analysts import is loaded when they do: the program needs pandas late or never."""
    if name not in _FOR_ANALYSTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("pipeline.flows.frames"), name)
