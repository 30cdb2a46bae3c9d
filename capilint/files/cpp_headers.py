"""Whether a `.h` can only be C++: by what it says where a C compiler would read it, too.

#ifdef __cplusplus       the branches for C++ alone do not count:
extern "C" {             a header of C has them
#endif
class Key { ... };       outside of them it is C++
"""

from __future__ import annotations

import re

_QUOTED = re.compile(rb'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_ATTRIBUTE = re.compile(rb"\[\[.{0,200}?\]\]", re.DOTALL)
_DIRECTIVE = re.compile(
    rb"^[ \t]*#[ \t]*(ifdef|ifndef|if|elif|else|endif)\b([^\n\\]*(?:\\\r?\n[^\n\\]*)*)",
    re.MULTILINE,
)
_NAME = rb"[A-Za-z_]\w*"
_CPP = re.compile(
    rb"\bclass\s++[\w\s()]{0,200}?\w\s*+(?:final\s*+)?(?::[^;{}()]{0,400}+)?\{"
    rb"|\benum\s+(?:class|struct)\s"
    rb"|\bnamespace\s+(?:\w+(?:::\w+)*\s*)?\{|\btemplate\s*<|\busing\s+namespace\b"
    rb"|^[ \t]*(?:public|private|protected)\s*:"
    rb"|(?:^|[;{}]|\bvirtual\b)[ \t]*~" + _NAME + rb"\s*\(\s*(?:void\s*)?\)"
    rb'|\bextern\s+""'
    rb"|\b" + _NAME + rb"::[~A-Za-z_]"
    rb"|[;{}]\s*+throw\s++[A-Za-z_]"
    rb"|[(,]\s*+const\s++" + _NAME + rb"\s*+&\s*+" + _NAME + rb"\s*+[,)]",
    re.MULTILINE,
)


def says_cpp(data: bytes) -> bool:
    """Whether a header's bytes, in an encoding that keeps ASCII, are C++ and no C."""
    text = _ATTRIBUTE.sub(b" ", _QUOTED.sub(_without_content, data))
    if b"__cplusplus" in text:
        text = _for_both(text)
    return _CPP.search(text) is not None


def _without_content(found: re.Match[bytes]) -> bytes:
    return b'""' if found[0].startswith(b'"') else b" "


def _for_both(text: bytes) -> bytes:
    """The text without the branches that only a compiler of C++ reads."""
    kept: list[bytes] = []
    branches: list[tuple[bool, bool]] = []  # of each open #if: is this C++'s own, the next?
    begin = left_out = 0  # left_out counts the branches around that are
    for found in _DIRECTIVE.finditer(text):
        if not left_out:
            kept.append(text[begin : found.start()])
        begin, word = found.end(), found[1]
        begun: tuple[bool, bool] | None = None
        if word.startswith(b"if"):
            begun = _branches(word, found[2])
        elif branches:
            ended, following = branches.pop()
            left_out -= ended
            begun = None if word == b"endif" else (following, False)
        if begun is not None:
            branches.append(begun)
            left_out += begun[0]
    if not left_out:
        kept.append(text[begin:])
    return b"\n".join(kept)


def _branches(word: bytes, condition: bytes) -> tuple[bool, bool]:
    """Whether only C++ reads the branch of an #if, and whether it alone reads the #else."""
    if b"__cplusplus" not in condition:
        return False, False
    unset = word == b"ifndef" or re.search(rb"!\s*+(?:defined\s*+\(?\s*+)?__cplusplus", condition)
    return (False, True) if unset else (True, False)
