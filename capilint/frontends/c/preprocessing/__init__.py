"""What C's preprocessor does to a file, as far as it is known: conditions and macros."""
