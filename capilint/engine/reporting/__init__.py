"""Defects to findings: the shortest witness of each, told once."""
