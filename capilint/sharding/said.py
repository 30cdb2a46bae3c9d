"""What the text of a file says that others may refer to, and what it refers to itself.

Nothing is parsed: words in comments count. Two files that look linked and are not cost the shards
some of their balance; two that are linked and do not look so would cost findings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Set
from typing import NamedTuple

from capilint.files.words import c_function_texts, words

_UNITS = (".c", ".cc", ".cpp", ".cxx", ".c++")  # no other file includes one
_TYPE = re.compile(
    rb"\b(?:class|struct|union|enum)\s++(?:\w++\s++){0,4}?(\w++)\s*+(?:final\s*+)?[:{]"
)
_ALIAS = re.compile(rb"\busing\s+(\w+)\s*=|^\}[ \t]*+([\w*][\w \t,*]*+);", re.MULTILINE)
_STATEMENT = re.compile(rb"[^;{}]++")
_TYPEDEF = re.compile(rb"\b(\w++)\s*+(?:[\[)]|\Z)")  # of what stands between the word and the `;`
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n\\]|\\\r?\n|\\.)*)", re.MULTILINE)
_FILLED = re.compile(rb"\b(\w+)\s*=(?!=)")
_GIVEN = re.compile(rb"&\s*+\(*+\s*+(\w++(?:\s*+(?:\.|->|::|\[[^\]\n]{0,80}\])\s*+\w*+)*+)")
_MEMBER = re.compile(rb"(?:\.|->)\s*(\w+)")
_CLASS = re.compile(rb"\bclass\s+\w|::")  # whose members are named without their object
_CALL = re.compile(rb"\b\w+\s*\(")
_POINTER = re.compile(rb"\(\s*(?:\w+\s+)*\*\s*(\w+)\s*\)\s*\(")
_CALLED = re.compile(rb"\b(\w++)\s*+(?:\)\s*+)?\(")
_COMMENT = re.compile(rb"""("(?:[^"\\\n]|\\.)*")|/\*.*?(?:\*/|\Z)|//[^\n]*""", re.DOTALL)
_OWNER = re.compile(  # of a method that is defined in the first column
    rb"^(?=[A-Za-z_])[^\n;{}#=()]{0,200}?\b(\w{1,200}+)(?:<[^<>;{}()\n]{0,200}+>)?::~?\w{1,200}+\s*\(",
    re.MULTILINE,
)
_OF_MODULES = re.compile(
    rb"^(?:async\s+)?(?:def|class)\s+(\w+)|\bas\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)",
    re.MULTILINE,
)
_OF_OBJECTS = re.compile(
    rb"^[ \t]+(?:async\s+)?def\s+(\w+)|\.(\w++)\s*+(?::[^=\n]{1,80})?=(?!=)", re.MULTILINE
)

Concerned = Callable[[bytes], bool]
"""Whether bytes name a function of the API."""


class Said(NamedTuple):
    """What a file says.

    `shown` are words that other files mean something of this one by, unless they define them
    themselves as their `own`; `types` are words that mean the same in both. A word that is `filled`
    here may be a pointer that is `called` elsewhere, or one of the `members` that others look at:
    what becomes of a handle in a member is asked by the member's name.
    """

    words: Set[bytes]
    shown: Set[bytes] = frozenset()
    own: Set[bytes] = frozenset()
    types: Set[bytes] = frozenset()
    filled: Set[bytes] = frozenset()
    called: Set[bytes] = frozenset()
    members: Set[bytes] = frozenset()


def said_in_c(path: str, data: bytes, members_count: bool = True) -> Said:
    """What a file of C or C++ says; of members and pointers nothing unless they count."""
    data = _COMMENT.sub(lambda match: match.group(1) or b" ", data)
    functions = [function for function, _ in c_function_texts(data)]
    shown = {each.name.encode() for each in functions if not (each.internal and is_unit(path))}
    own = {each.name.encode() for each in functions}
    types = types_in(data) | _found(_OWNER, data)
    said = Said(frozenset(words(data)), shown, own, types)
    if not members_count:
        return said
    members = said.words if _CLASS.search(data) else _found(_MEMBER, data)
    filled = _filled_in(data) | pointer_members(data)
    return said._replace(filled=filled, called=_found(_CALLED, data) - own, members=members)


def said_in_python(data: bytes) -> Said:
    """What a module of Python says: what is `shown` is so to those who name the module, too.
    Attributes and methods are `types`: they count, of whatever object."""
    attributes = {each for each in _found(_OF_OBJECTS, data) if not each.startswith(b"__")}
    return Said(frozenset(words(data)), _found(_OF_MODULES, data), types=attributes)


def types_in(data: bytes) -> set[bytes]:
    """The types that a file of C or C++ defines."""
    aliases = {word for each in _found(_ALIAS, data) for word in words(each)}
    return _found(_TYPE, data) | aliases | set(_typedefs_in(data))


def _typedefs_in(data: bytes) -> Iterator[bytes]:
    for statement in _STATEMENT.findall(data):
        _, typedef, declared = statement.rpartition(b"typedef")
        found = _TYPEDEF.search(declared) if typedef else None
        if found is not None:
            yield found.group(1)


def macros_in(data: bytes) -> dict[bytes, set[bytes]]:
    """The macros of a header, with the words that they stand for."""
    return {match.group(1): set(words(match.group(2))) for match in _MACRO.finditer(data)}


class Acting:
    """What in a file of C or C++ leads to the API by its text, and to what others show."""

    def __init__(self, path: str, data: bytes, names_api: Concerned) -> None:
        texts = list(c_function_texts(data))
        named = [(each.name.encode(), set(words(text))) for each, text in texts]
        macros = {} if is_unit(path) else macros_in(data)
        self._named = [*named, *macros.items()]
        internal = {each.name.encode() for each, _ in texts if each.internal}
        self._internal = internal if is_unit(path) else set()
        self._known = {each.name.encode() for each, text in texts if names_api(text)}
        self._known |= {name for name, each in macros.items() if names_api(b" ".join(each))}

    def with_(self, shown: Set[bytes]) -> Set[bytes]:
        """The functions that other files can call, and the macros, where `shown` lead there."""
        known = self._known
        size = -1
        while size < len(known):
            size = len(known)
            for name, named in self._named:
                if name not in known and not (shown.isdisjoint(named) and known.isdisjoint(named)):
                    known.add(name)
        return known - self._internal


def pointers_in(data: bytes, names_api: Concerned) -> set[bytes]:
    """The variables and members that a file may make pointers to functions of the API."""
    found: set[bytes] = set()
    for line in data.splitlines():
        if names_api(_CALL.sub(b"(", line)):
            place = _filled_in(line)
            found |= place
            if not place:  # a row of a table
                found |= pointer_members(data)
    return found


def pointer_members(data: bytes) -> set[bytes]:
    """The pointers to functions that a file declares."""
    return _found(_POINTER, data)


def _filled_in(data: bytes) -> set[bytes]:
    """The variables and members that a file writes to, or shows to others."""
    given = {word for each in _GIVEN.findall(data) for word in words(each)}
    return _found(_FILLED, data) | given


def is_unit(path: str) -> bool:
    """Whether a file of C or C++ is one that no other includes."""
    return os.path.splitext(path)[1].lower() in _UNITS  # noqa: PTH122


def _found(pattern: re.Pattern[bytes], data: bytes) -> set[bytes]:
    """What the groups of a pattern match."""
    return {each for match in pattern.finditer(data) for each in match.groups() if each}
