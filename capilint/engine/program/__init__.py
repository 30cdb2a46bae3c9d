"""What the program's text says before any state is known: names, calls, classes, liveness."""
