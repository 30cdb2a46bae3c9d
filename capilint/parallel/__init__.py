"""The work of one run done by several processes."""
