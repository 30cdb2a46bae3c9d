"""Which groups of files a shard has: by their names, so that a change moves few of them."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple


class Shard(NamedTuple):
    """One of so many; `number` counts from 1."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def has(self, group: str) -> bool:
        """Whether the group of that name is in the shard."""
        digest = hashlib.sha256(group.encode(errors="surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.total == self.number - 1


def shard_named(text: str) -> Shard:
    """The shard that a text like `2/8` names. Raises ValueError, which says what is wrong."""
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None:
        raise ValueError(f"`{text}` is no shard: 2/8 is the second of eight")
    number, count = map(int, match.groups())
    if not 1 <= number <= count:
        raise ValueError(f"there is no shard {number} of {count}: they count from 1 to {count}")
    return Shard(number, count)
