"""Settings that all tests share."""

from __future__ import annotations

import os
import signal
from itertools import count

import pytest
from hypothesis import settings

# In CI a failing example must be the same in every run; a shared machine has no even pace.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# A shell's background job ignores Ctrl-C, and so would the programs that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_numbers = count()


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the caches of the tests are made."""
    return str(tmp_path_factory.mktemp("caches"))


@pytest.fixture(autouse=True)
def own_cache(caches: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own: none sees what another found, or the user's."""
    monkeypatch.setenv("CAPILINT_CACHE_DIR", f"{caches}/{next(_numbers)}")
