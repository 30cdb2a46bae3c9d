"""Statements and expressions of a C function to its control-flow graph."""
