"""Takes the text in front of a brace apart: is it a function, a class, a namespace?

template <class T> inline BOOL ns::Holder<T>::reset(T h) noexcept : m_h(h)
^templates         ^returns    ^path          ^name ^parameters ^after ^cut
"""

from __future__ import annotations

import re
from typing import NamedTuple

from capilint.frontends.c.parsing.outline import NO_FUNCTION, is_initialiser, signature_of

_LABEL = re.compile(
    r"\b(?:public|private|protected|signals|slots|Q_SIGNALS|Q_SLOTS)(?:\s+\w+)?\s*:(?!:)"
)
_MACRO_USES = re.compile(
    r"\s*+(?:typedef\s++)?(?:[^\W\d]\w*+\s*+\((?:[^()]|\([^()]*+\))*+\)\s*+)++"
    r"(?=(?:template|typedef|class|struct|union|enum)\b)"
)
_NAMESPACE = re.compile(r"\bnamespace\b\s*((?:inline\s+)?[\w:\s]*)\Z")
_EXTERN = re.compile(r"\bextern\s*\Z")
_CLASS = re.compile(r"\s*(?:(?:typedef|static|const|friend)\s+)*(?:class|struct|union)\b")
_ENUM = re.compile(r"\s*(?:(?:typedef|static|const)\s+)*enum\b")
_OPERATOR = re.compile(
    r"\boperator\s*(\(\s*\)|\[\s*\]|new\b\s*(?:\[\s*\])?|delete\b\s*(?:\[\s*\])?"
    r"|\"\"\s*\w+|[^\s\w()]+|[\w:][\w:<>,*&\s]*?)\s*(?=\()"
)
_AFTER = re.compile(
    r"->|\b(?:noexcept|throw|requires|override|final|const|volatile|mutable|try)\b|&"
)
_TEMPLATE = re.compile(r"\btemplate\s*<")
_STORAGE = re.compile(
    r"\b(?:static|inline|virtual|explicit|constexpr|friend|extern|__forceinline|__inline)\b"
    r"|__declspec\s*\([^()]*(?:\([^()]*\))?[^()]*\)|\[\[[^\]]*\]\]|\"[^\"]*\""
)
_SPECIALISED = re.compile(r"<[^<>()]*>(?=\s*\()")
_WORD_END = re.compile(r"[\w>]\Z")


class Namespace(NamedTuple):
    """`namespace a::b`: its parts, none for an unnamed one; `extern "C"` has None."""

    parts: tuple[str, ...] | None


class ClassHead(NamedTuple):
    """`template <class T> class Key final : public Base`"""

    name: str
    template: str
    bases: str


class FunctionHead(NamedTuple):
    """A function's; offsets are in the head. `cut` is where its initialisers or body begin."""

    path: tuple[str, ...]
    name: str
    name_at: int
    templates: tuple[str, ...]
    returns: str
    parameters: str
    right: int
    after: str
    initialisers: tuple[int, int] | None
    function_try: bool
    internal: bool
    static: bool


class OpenInitialiser(NamedTuple):
    """The brace belongs to a member's initialiser: `Key(H h) : m_h{`."""


Head = Namespace | ClassHead | FunctionHead | OpenInitialiser | None


def head_of(text: str) -> Head:
    """What stands in front of a brace; `text` has no comments, strings or directives."""
    text = _LABEL.sub(lambda match: " " * len(match.group()), text)
    macros = _MACRO_USES.match(text)  # without semicolons: `NAMESPACE_BEGIN(ns) class Key {`
    if macros is not None:
        text = " " * macros.end() + text[macros.end() :]
    namespace = _NAMESPACE.search(text)
    if namespace is not None:
        name = namespace.group(1).replace("inline", " ")
        parts = tuple(part.strip() for part in name.split("::") if part.strip())
        return Namespace(parts[:1] + parts[1:] if parts else ())
    if _EXTERN.search(text):
        return Namespace(None)
    start, templates = _templates(text)
    rest = text[start:]
    if _ENUM.match(rest):
        return None
    made = _class_of(rest, templates)
    if made is not None:
        return made
    if templates and not templates[-1]:  # `template <> void close<Key>(Key& key)`
        text = _SPECIALISED.sub(lambda match: " " * len(match.group()), text)
    return _function_of(text, start, templates)


def _templates(text: str) -> tuple[int, tuple[str, ...]]:
    """The offset behind the `template <...>` heads, and their insides."""
    found: list[str] = []
    start = 0
    last = 0
    while (match := _TEMPLATE.search(text, start)) is not None:
        end = _closing_angle(text, match.end() - 1)
        if end is None:
            break
        found.append(" ".join(text[match.end() : end].split()))
        start = last = end + 1
    return last, tuple(found)


def _closing_angle(text: str, opening: int) -> int | None:
    depth = 0
    for match in re.finditer(r"[<>()]|->", text[opening:]):
        token = match.group()
        if token in "<(":
            depth += 1
        elif token in ">)":
            depth -= 1
            if depth == 0:
                return opening + match.start()
    return None


def _class_of(rest: str, templates: tuple[str, ...]) -> ClassHead | None:
    keyword = _CLASS.match(rest)
    if keyword is None:
        return None
    before, bases = _split_at_colon(rest[keyword.end() :])
    plain = before.rstrip()
    if "=" in plain or plain.endswith(")"):
        return None
    plain = re.sub(r"\bfinal\Z", "", plain).rstrip()
    if plain.endswith(">"):
        opening = _opening_angle(plain, len(plain) - 1)
        arguments = "" if opening is None else "".join(plain[opening:].split())
        plain = plain[: opening or 0].rstrip()
    else:
        arguments = ""
    name = re.search(r"[^\W\d]\w*\Z", plain)
    return ClassHead(
        (name.group() if name else "") + arguments, templates[-1] if templates else "", bases
    )


def _opening_angle(text: str, closing: int) -> int | None:
    depth = 0
    for index in range(closing, -1, -1):
        if text[index] == ">":
            depth += 1
        elif text[index] == "<":
            depth -= 1
            if depth == 0:
                return index
    return None


def _split_at_colon(text: str) -> tuple[str, str]:
    """The text before and behind the first single colon outside of brackets."""
    at = _single_colon(text, 0)
    return (text, "") if at is None else (text[:at], text[at + 1 :])


def _single_colon(text: str, start: int) -> int | None:
    depth = 0
    for match in re.finditer(r"::|[():\[\]{}?]", text[start:]):
        token = match.group()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        elif token == "?":
            return None
        elif token == ":" and depth == 0:
            return start + match.start()
    return None


def _function_of(text: str, start: int, templates: tuple[str, ...]) -> Head:
    located = _located(text, start)
    if located is None:
        return None
    name, path, name_at, path_at, left, right = located
    if name.rpartition(" ")[2] in NO_FUNCTION:
        return None
    behind = text[right + 1 :]
    colon = _single_colon(text, right + 1)
    function_try = (
        re.search(r"\btry\b", behind[: None if colon is None else colon - right - 1]) is not None
    )
    after = text[right + 1 : colon] if colon is not None else behind
    if colon is not None and _WORD_END.search(text[colon:].rstrip()):
        return OpenInitialiser()
    if colon is None and "=" in re.sub(r"\([^()]*\)", "", behind):
        return None
    initialisers = None if colon is None else (colon + 1, len(text.rstrip()))
    before = text[start:path_at]
    if name[:8] != "operator" and is_initialiser(text[: right + 1], (name, name_at, left, right)):
        return None
    returns = " ".join(_STORAGE.sub(" ", before).split())
    storage = set(re.findall(r"\b(?:static|inline)\b", before))
    return FunctionHead(
        path,
        name,
        name_at,
        templates,
        returns,
        text[left + 1 : right],
        right,
        after.strip(),
        initialisers,
        function_try,
        False,
        "static" in storage,
    )


def _located(text: str, start: int) -> tuple[str, tuple[str, ...], int, int, int, int] | None:
    """The name, its qualification, where both begin, and the parentheses of the parameters."""
    operator = _OPERATOR.search(text, start)
    if operator is not None:
        left = operator.end()
        kind = (
            "".join(operator.group(1).split())
            if not operator.group(1)[:1].isalnum()
            else (" ".join(operator.group(1).split()))
        )
        spaced = " " if kind[:1].isalnum() or kind[:1] == "_" else ""
        name, name_at = f"operator{spaced}{kind}", operator.start()
    else:
        cut = _first_after(text, start)
        signature = signature_of(" " * start + text[start:cut])
        if signature is None:
            return None
        written, at, left, _ = signature
        tail = re.search(r"~?\s*[^\W\d]\w*\s*\Z", text[at:left])
        if tail is None:
            return None
        name, name_at = "".join(tail.group().split()), at + tail.start()
        name_at += len(tail.group()) - len(tail.group().lstrip())
        del written
        if name_at and text[:name_at].rstrip().endswith("~"):
            name_at = text.rindex("~", 0, name_at)
            name = "~" + name
    right = _closing(text, left)
    if right is None:
        return None
    path, path_at = _path_before(text, name_at, start)
    return name, path, name_at, path_at, left, right


def _closing(text: str, left: int) -> int | None:
    depth = 0
    for match in re.finditer(r"[()]", text[left:]):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return left + match.start()
    return None


def _first_after(text: str, start: int) -> int:
    """Where what follows the parameters begins: the first `)` with such a word behind it."""
    depth = 0
    closed = False
    for match in re.finditer(r"::|[():]|->|\b[a-z]+\b|&", text[start:]):
        token = match.group()
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            closed = depth == 0
        elif depth == 0 and closed and (token == ":" or _AFTER.fullmatch(token)):
            return start + match.start()
    return len(text)


def _path_before(text: str, name_at: int, start: int) -> tuple[tuple[str, ...], int]:
    """`ns::Holder<T>::` in front of a name."""
    parts: list[str] = []
    at = name_at
    while (colons := re.search(r"::\s*\Z", text[start:at])) is not None:
        end = start + colons.start()
        plain = text[start:end].rstrip()
        arguments = ""
        if plain.endswith(">"):
            opening = _opening_angle(plain, len(plain) - 1)
            if opening is None:
                break
            arguments = "".join(plain[opening:].split())
            plain = plain[:opening].rstrip()
        word = re.search(r"[^\W\d]\w*\Z", plain)
        if word is None:
            at = end
            break
        parts.append(word.group() + arguments)
        at = start + word.start()
    return tuple(reversed(parts)), at
