"""What is done with findings before they are shown: suppression and selection."""
