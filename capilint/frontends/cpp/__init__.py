"""The front end for C++, on top of that for C."""

from capilint.frontends.cpp.module import Headers, lower

__all__ = ["Headers", "lower"]
