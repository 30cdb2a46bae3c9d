"""The front end for C++, on top of that for C."""

from capilint.frontends.cpp.module import lower
from capilint.frontends.cpp.reading import Headers

__all__ = ["Headers", "lower"]
