"""How much the fuzz tests try: little by default, and with `HYPOTHESIS_PROFILE=deep` very much more.

HYPOTHESIS_PROFILE=deep python -m pytest tests -k fuzz --hypothesis-show-statistics
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("quick", deadline=None)
settings.register_profile(
    "deep", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
