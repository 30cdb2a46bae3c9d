"""The runtime model of CryptoAPI and the monitor that watches it: the linter's second opinion.

It shares nothing with the rest of capilint and never reads `rules/`.
"""

from capilint.model.machine import Machine, UnknownFunction
from capilint.model.monitor import Monitor, Verdict

__all__ = ["Machine", "Monitor", "UnknownFunction", "Verdict"]
