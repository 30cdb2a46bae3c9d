"""The abstract domain: values, facts, handles in their typestates, and how states merge."""
