"""What runs on the runtime model: witnesses, all paths of a function, and whole programs."""
