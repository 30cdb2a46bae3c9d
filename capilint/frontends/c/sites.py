"""Where a C file's statements stand: what an edit of its text has to know of its syntax.

The whole text is parsed as it stands, macros unexpanded: what does not parse has no sites there,
and nothing is proposed. Offsets count characters from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from tree_sitter import Node

from capilint.frontends.c.parsing.grammar import C, Grammar
from capilint.frontends.c.parsing.syntax import text_of, within

_LISTS = frozenset(
    {"compound_statement", "case_statement", "translation_unit", "preproc_if", "preproc_ifdef"}
    | {"preproc_else", "preproc_elif", "declaration_list", "field_declaration_list"}
)
_OTHERS = frozenset({"declaration", "for_range_loop"})


class Site(NamedTuple):
    """A statement: its type in the grammar and where it stands.

    `listed` is set where other statements can stand beside it, not where it is the one statement
    of an `if` or a loop; `labelled` where a label or `case` stands before it, behind which no
    variable may be declared; `block` is the stretch of the innermost braces around it.
    """

    kind: str
    start: int
    end: int
    listed: bool
    labelled: bool
    block: tuple[int, int]


class Declared(NamedTuple):
    """A local variable: where its name ends in the declaration, its value if it has one, and the
    stretch of text in which it can be named."""

    name_end: int
    value: str | None
    plain: bool
    scope: tuple[int, int]


class Function(NamedTuple):
    """A function's stretch, that of its body with the braces, and the type that it returns, as
    written; empty where that is not plain to see."""

    start: int
    end: int
    body: tuple[int, int]
    returns: str


class Sites:
    """The statements of one text."""

    def __init__(self, text: str, grammar: Grammar = C) -> None:
        self.text = text
        flat = "".join(map(_one_byte, text)) if not text.isascii() else text
        self._root = grammar.parser.parse(flat.encode("ascii")).root_node

    def statement(self, offset: int) -> Site | None:
        """The innermost statement that holds a character."""
        node = self._node(offset)
        while node is not None and not _is_statement(node):
            node = node.parent
        return None if node is None else _site(node)

    def around(self, site: Site) -> Site | None:
        """The statement around a statement; None for a function's body."""
        node = self._node_of(site)
        node = node.parent if node is not None else None
        while node is not None and not _is_statement(node):
            node = None if node.type == "function_definition" else node.parent
        return None if node is None else _site(node)

    def beside(self, site: Site) -> list[Site]:
        """The statements of the list that a statement stands in, itself among them."""
        node = self._node_of(site)
        if node is None or node.parent is None:
            return []
        return [_site(child) for child in node.parent.named_children if _is_statement(child)]

    def header_end(self, site: Site) -> int | None:
        """Where what precedes the one statement of an `if` or a loop ends: `)`, `else`, `do`."""
        node = self._node_of(site)
        before = node.prev_sibling if node is not None else None
        while before is not None and before.type == "comment":
            before = before.prev_sibling
        return before.end_byte if before is not None else None

    def function(self, offset: int) -> Function | None:
        """The innermost function that holds a character."""
        node = self._node(offset)
        while node is not None and node.type != "function_definition":
            node = node.parent
        body = node.child_by_field_name("body") if node is not None else None
        if node is None or body is None or body.type != "compound_statement":
            return None
        stretch = (body.start_byte, body.end_byte)
        return Function(node.start_byte, node.end_byte, stretch, self._returned_type(node))

    def statements(self, function: Function) -> Iterator[Site]:
        """All statements of a function's body, each before those inside it."""
        body = self._root.descendant_for_byte_range(*function.body)
        for node in within(body) if body is not None else ():
            if _is_statement(node) and node.type != "compound_statement":
                yield _site(node)

    def bodies(self) -> Iterator[Function]:
        """All functions of the text."""
        for node in within(self._root):
            if node.type == "function_definition":
                found = self.function(node.end_byte - 1)
                if found is not None:
                    yield found

    @cached_property
    def private_members(self) -> frozenset[str]:
        """The members of C++ classes that other code cannot name, as far as the text shows them."""
        return frozenset(
            name
            for node in within(self._root)
            if node.type in ("class_specifier", "struct_specifier")
            for name in _private_in(node)
        )

    def condition(self, site: Site) -> tuple[int, int] | None:
        """The stretch of an `if`'s condition, without the parentheses."""
        node = self._node_of(site)
        found = node.child_by_field_name("condition") if node is not None else None
        return None if found is None else (found.start_byte + 1, found.end_byte - 1)

    def branches(self, site: Site) -> tuple[Site | None, Site | None]:
        """The statements of an `if` and of its `else`; of a loop the first is its body."""
        node = self._node_of(site)
        if node is None:
            return None, None
        then = node.child_by_field_name("consequence") or node.child_by_field_name("body")
        other = node.child_by_field_name("alternative")
        inner = other.named_children[-1] if other is not None and other.named_children else None
        return (_site(then) if then is not None else None, _site(inner) if inner else None)

    def call(self, start: int, end: int) -> tuple[int, int] | None:
        """The stretch of the callee of the call that stands from `start` to `end`, or None."""
        node = self._root.descendant_for_byte_range(start, max(end - 1, start))
        while node is not None and node.type != "call_expression":
            node = node.parent
        callee = node.child_by_field_name("function") if node is not None else None
        return None if callee is None else (callee.start_byte, callee.end_byte)

    def label(self, function: Function, name: str) -> Site | None:
        """The statement behind a label of a function."""
        for site in self.statements(function):
            if site.kind == "labeled_statement" and self.text.startswith(name, site.start):
                return site
        return None

    def members(self, name: str) -> list[list[Site]]:
        """The data members of each class that declares one of that name, in their order."""
        lists = (node for node in within(self._root) if node.type == "field_declaration_list")
        found = (
            [_site(each) for each in node.named_children if each.type == "field_declaration"]
            for node in lists
        )
        return [each for each in found if any(name in self.declares(site) for site in each)]

    def declares(self, site: Site) -> list[str]:
        """The names of the variables or data members that a declaration declares."""
        node = self._node_of(site)
        names = []
        for declarator in node.children_by_field_name("declarator") if node is not None else ():
            inner: Node | None = declarator
            while inner is not None and inner.type not in ("identifier", "field_identifier"):
                inner = inner.child_by_field_name("declarator")
            if inner is not None:
                names.append(self.text[inner.start_byte : inner.end_byte])
        return names

    def declared(self, name: str, offset: int) -> Declared | None:
        """The local variable that a name means at a character, None for any other."""
        node: Node | None = self._node(offset)
        while node is not None and node.type != "function_definition":
            if node.type in _LISTS or node.type in ("for_statement", "lambda_expression"):
                found = self._declared_in(node, name)
                if found is not None:
                    return found
            node = node.parent
        return None

    def _declared_in(self, block: Node, name: str) -> Declared | None:
        for child in block.named_children:
            if child.type == "declaration":
                for declarator in child.children_by_field_name("declarator"):
                    found = self._declarator(declarator, name, (block.start_byte, block.end_byte))
                    if found is not None:
                        return found
        return None

    def _declarator(self, declarator: Node, name: str, scope: tuple[int, int]) -> Declared | None:
        value, inner = None, declarator
        if declarator.type == "init_declarator":
            given = declarator.child_by_field_name("value")
            value = self.text[given.start_byte : given.end_byte] if given is not None else None
            inner = declarator.child_by_field_name("declarator") or declarator
        outer = inner
        while inner.type not in ("identifier", "field_identifier"):
            found = inner.child_by_field_name("declarator")
            if found is None:
                return None
            inner = found
        if self.text[inner.start_byte : inner.end_byte] != name:
            return None
        return Declared(inner.end_byte, value, outer is inner, scope)

    def _returned_type(self, node: Node) -> str:
        kind = node.child_by_field_name("type")
        declarator = node.child_by_field_name("declarator")
        if kind is None or declarator is None:
            return ""
        stars = ""
        while declarator is not None and declarator.type == "pointer_declarator":
            stars += "*"
            declarator = declarator.child_by_field_name("declarator")
        if declarator is None or declarator.type != "function_declarator":
            return ""
        return f"{self.text[kind.start_byte : kind.end_byte]} {stars}".rstrip()

    def _node(self, offset: int) -> Node | None:
        return self._root.descendant_for_byte_range(offset, offset)

    def _node_of(self, site: Site) -> Node | None:
        node = self._root.descendant_for_byte_range(site.start, max(site.end - 1, site.start))
        while node is not None and (node.end_byte < site.end or node.type != site.kind):
            node = node.parent
        return node


def _one_byte(character: str) -> str:
    return character if character.isascii() else "u"


def _is_statement(node: Node) -> bool:
    if node.type == "case_statement":
        return False
    return node.type.endswith("_statement") or node.type in _OTHERS


def _site(node: Node) -> Site:
    parent = node.parent
    listed = parent is not None and _is_list(parent)
    block = parent
    while block is not None and block.type not in ("compound_statement", "translation_unit"):
        block = block.parent
    stretch = (block.start_byte, block.end_byte) if block is not None else (0, 0)
    labelled = parent is not None and parent.type in ("case_statement", "labeled_statement")
    return Site(node.type, node.start_byte, node.end_byte, listed, labelled, stretch)


def _is_list(node: Node) -> bool:
    if node.type == "labeled_statement":  # what is put in front takes the label over
        return node.parent is not None and _is_list(node.parent)
    return node.type in _LISTS


def _private_in(declared: Node) -> Iterator[str]:
    """The data members of one class that are not public."""
    public = declared.type == "struct_specifier"
    body = declared.child_by_field_name("body")
    for member in body.named_children if body is not None else ():
        if member.type == "access_specifier":
            public = text_of(member).strip().startswith("public")
        elif member.type == "field_declaration" and not public:
            yield from (text_of(each) for each in within(member) if each.type == "field_identifier")
