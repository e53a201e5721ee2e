"""How many examples Hypothesis tries: a few, always the same, for a commit; many at night (NIGHTLY=1)."""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = bool(os.environ.get("NIGHTLY"))


def examples(few: int, many: int) -> settings:
    """The number of examples for a commit, and for a night."""
    too_slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(
        max_examples=many if NIGHTLY else few, derandomize=not NIGHTLY, deadline=None, suppress_health_check=too_slow
    )
