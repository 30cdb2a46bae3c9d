"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# In CI a failing example must be the same in every run; a shared machine has no even pace.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")
