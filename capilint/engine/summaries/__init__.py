"""What a function does to handles, as its callers need it."""
