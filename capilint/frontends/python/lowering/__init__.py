"""Statements and expressions of a Python function to its control-flow graph."""
