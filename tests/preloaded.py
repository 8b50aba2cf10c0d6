"""What each process of the program begins with in the tests: it is imported once, and the
collector looks at it no more.
"""

from __future__ import annotations

import gc

import email_validator  # noqa: F401
import phonenumbers  # noqa: F401

import pipeline.cli.summary
import pipeline.flows.check
import pipeline.flows.run
import pipeline.reports.pair
import pipeline.reports.write
import pipeline.retry
import pipeline.rules.gx
import pipeline.setup.grants
import tests.certificates  # noqa: F401

# nobody who starts the program here looks at how long it waits before it tries again
pipeline.retry.FIRST_PAUSE = pipeline.retry.JITTER = 0.01

gc.set_threshold(100_000, 50, 1000)  # as in tests/conftest.py
gc.collect()
gc.freeze()
