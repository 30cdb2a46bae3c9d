"""C text to syntax trees without a preprocessor: functions cut out, mended and parsed apart."""
