"""What each process of the program begins with in the tests: it is imported once, and the
collector looks at it no more.
"""

from __future__ import annotations

import gc

import pipeline.cli.summary
import pipeline.flows.check
import pipeline.flows.run
import pipeline.reports.write
import pipeline.rules.gx
import pipeline.setup.grants  # noqa: F401
import tests.certificates  # noqa: F401

gc.set_threshold(100_000, 50, 1000)  # as in tests/conftest.py
gc.collect()
gc.freeze()
