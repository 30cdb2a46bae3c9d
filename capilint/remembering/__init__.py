"""What earlier runs found out that is right again: whole programs, and the IR of single files."""
