"""What raises an exception, in the source's words.

check(status)       check raises an exception
keys.size()         `keys.size()` raises an exception: `size` alone would be anybody's
"""

from __future__ import annotations

import re
from collections.abc import Callable

from capilint.engine.domain.events import Event
from capilint.finding import Span

_LONGEST = 60


def raiser(event: Event, quoted: Callable[[str, Span], str]) -> str:
    """A function by its name, a method as the source calls it."""
    quote = quoted(event.path, event.span)
    method = re.search(rf"(?:\.|->)\s*{re.escape(event.function)}\s*\(", quote)
    return f"`{quote}`" if method and len(quote) <= _LONGEST else event.function
