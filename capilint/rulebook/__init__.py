"""What API functions do to handles and what the codes mean, loaded from `rules/`."""
