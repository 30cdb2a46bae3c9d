"""Path-sensitive typestate analysis of the IR: the fixpoint, the states, the summaries."""

from capilint.engine.analysis import Analysis, analyse
from capilint.engine.outside import Outside
from capilint.engine.recalling import Kept

__all__ = ["Analysis", "Kept", "Outside", "analyse"]
