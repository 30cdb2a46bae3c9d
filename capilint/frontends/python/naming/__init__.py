"""What names mean in a Python file: imports, aliases, classes, what concerns us."""
