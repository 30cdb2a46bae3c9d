"""Transfer functions: what each instruction does to an abstract state."""
