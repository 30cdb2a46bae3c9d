"""Python text to a syntax tree: Python 2 mended, positions found only where they are asked for."""
