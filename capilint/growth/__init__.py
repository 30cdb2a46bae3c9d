"""How the program of a run grows: which files belong to it, and the rounds that find out."""
