"""Which files a run looks at, and their bytes as text with lines."""
