"""What a user can mend, as opposed to a mistake of capilint's own."""

from __future__ import annotations


class Mistake(Exception):
    """Something that capilint was given is wrong; the text says where, and what would be right."""
