"""Defects to findings: the shortest witness of each, without duplicates."""
