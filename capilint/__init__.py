"""capilint: a linter for the life of CryptoAPI handles in C, C++ and Python."""

__version__ = "0.1.0"
