"""What the user asks for: configuration files, and the settings of a file that come of them."""
