"""What earlier runs found out: a folder of entries, and the form that they have there."""
