"""Path-sensitive typestate analysis of the IR: the fixpoint, the states, the summaries."""

from capilint.engine.analysis import analyse

__all__ = ["analyse"]
