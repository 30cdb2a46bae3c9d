"""Gathers what a C++ file, or a header, declares outside of its function bodies.

    namespace ns { class Key : Base { ~Key() ; HCRYPTKEY m; }; void Key::close() ; }
                   ^ a region of its own, read before the rest of the one around it

Nothing is lost to what is not understood but the declaration that it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from capilint.frontends.cpp.facts.declarators import Declarator, DeclaratorReader
from capilint.frontends.cpp.facts.merge import Definition, add_function, with_definitions
from capilint.frontends.cpp.facts.model import (
    UNNAMED,
    Alias,
    Class,
    Declarations,
    Field,
    Parameter,
    Scope,
    Signature,
    TemplateParameter,
)
from capilint.frontends.cpp.facts.specifiers import ClassHead, Specifiers
from capilint.frontends.cpp.facts.tokens import Tokens, is_word, spaced

_ACCESS = frozenset({"public", "private", "protected", "signals", "Q_SIGNALS", "__published"})
_SLOTS = frozenset({"slots", "Q_SLOTS"})
_ACCESS_WORDS = frozenset({"public", "private", "protected", "virtual"})
_VALUES = frozenset({"this", "nullptr", "NULL", "true", "false", "sizeof", "new", "TRUE", "FALSE"})

Template = tuple[TemplateParameter, ...]


@dataclass(slots=True)
class _Builder:
    """A class that is being read."""

    head: ClassHead
    scope: Scope
    name: str
    template: Template
    bases: tuple[str, ...]
    fields: dict[str, Field] = field(default_factory=dict)
    methods: list[Signature] = field(default_factory=list)
    access: str = ""
    has_friends: bool = False

    def __post_init__(self) -> None:
        self.access = "private" if self.head.key == "class" else "public"

    @property
    def is_private(self) -> bool:
        """Whether what is declared now is."""
        return self.access == "private"

    def inside(self) -> Scope:
        return self.built().inside

    def built(self) -> Class:
        """The class as far as it has been read."""
        head = self.head
        return Class(
            self.name,
            self.scope,
            self.bases,
            tuple(self.fields.values()),
            tuple(self.methods),
            self.template,
            head.arguments,
            head.final,
            head.key == "union",
            self.has_friends,
        )


@dataclass(frozen=True, slots=True)
class _Region:
    """Tokens between two braces: `namespace` is the one around, `builder` the class it is of."""

    start: int
    end: int
    scope: Scope
    namespace: Scope
    builder: _Builder | None = None

    @property
    def class_name(self) -> str:
        return self.builder.name if self.builder is not None else ""


def declared_in(root: Node, scope: Scope = ()) -> Declarations:
    """What the text below a node declares. Any text will do."""
    text = root.text or b""
    return declared_in_text(text.decode("utf-8", "replace"), scope)


def declared_in_text(text: str, scope: Scope = ()) -> Declarations:
    """What a text declares in which function bodies are replaced by `;` (or are still there).

    `scope` is where the text stands. O(n) for what people write.
    """
    return _Gatherer(Tokens(text)).gathered(scope)


class _Gatherer:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._declarators = DeclaratorReader(tokens)
        self._found = Declarations()
        self._builders: list[_Builder] = []
        self._definitions: list[Definition] = []
        self._regions: list[_Region] = []

    def gathered(self, scope: Scope) -> Declarations:
        """Read everything, region by region."""
        self._regions.append(_Region(0, len(self._tokens), scope, scope))
        while self._regions:
            region = self._regions.pop()
            index, waiting = region.start, len(self._regions)
            while index < region.end and len(self._regions) == waiting:
                index = max(self._one(index, region), index + 1)
            if index < region.end:  # what was met inside comes first
                self._regions.insert(waiting, replace(region, start=index))
        for builder in self._builders:
            if builder.name:
                declared = builder.built()
                self._found.classes.setdefault(declared.whole_name, []).append(declared)
        return with_definitions(self._found, self._definitions)

    # ------------------------------------------------------------ one declaration

    def _one(self, index: int, region: _Region) -> int:
        """Read what begins at an index; the index behind it."""
        tokens, end = self._tokens, region.end
        text = tokens.texts[index]
        template: Template = ()
        is_template = False
        if text == "template":
            is_template = True
            index, template = self._template(index, end)
            text = tokens.at(index, end)
        if text in ("{", "["):
            return tokens.after(index, end)
        if not (is_word(text) or text in ("~", "::")):
            return index + 1
        if text in _ACCESS and (after := self._access(index, end)):
            if region.builder is not None:
                region.builder.access = text
            return after
        match text:
            case "namespace":
                return self._namespace(index, region)
            case "inline" if tokens.at(index + 1, end) == "namespace":
                return self._namespace(index + 1, region, is_inline=True)
            case "using":
                return self._using(index, region, template)
            case "extern" if tokens.at(index + 1, end)[:1] == '"':
                return index + (3 if tokens.at(index + 2, end) == "{" else 2)
            case "static_assert" | "concept" | "asm" | "__asm":
                return self._past(index, end)
            case "class" | "struct" | "union" if is_template and tokens.texts[index - 1] == (
                "template"
            ):
                return self._past(index, end)  # an explicit instantiation
        return self._declaration(index, region, template)

    def _access(self, index: int, end: int) -> int:
        """Behind `public:` or `private slots:`; 0 where there is no such."""
        if self._tokens.at(index + 1, end) in _SLOTS:
            index += 1
        return index + 2 if self._tokens.at(index + 1, end) == ":" else 0

    def _past(self, index: int, end: int) -> int:
        """Behind the next semicolon or block."""
        tokens = self._tokens
        found = tokens.find(index, end, ";{")
        return end if found is None else tokens.after(found, end)

    def _template(self, index: int, end: int) -> tuple[int, Template]:
        """Behind `template <..>`s, with the parameters of the last one that has any."""
        tokens = self._tokens
        parameters: Template = ()
        while tokens.at(index, end) == "template":
            closing = tokens.angle_end(index + 1, end) if tokens.at(index + 1, end) == "<" else None
            if closing is None:
                return index + 1, parameters
            pieces = list(tokens.split(index + 2, closing))
            parameters = tuple(self._template_parameter(*piece) for piece in pieces) or parameters
            index = closing + 1
            if tokens.at(index, end) == "requires":
                index = self._declarators.specifiers.past_requirement(index + 1, end)
        return index, parameters

    def _template_parameter(self, start: int, end: int) -> TemplateParameter:
        tokens = self._tokens
        equals = tokens.find(start, end, "=")
        stop = end if equals is None else equals
        default = "" if equals is None else spaced(tokens.texts[equals + 1 : end])
        words = tokens.texts[start:stop]
        is_pack = "..." in words
        if words and words[0] in ("class", "typename", "template"):
            name = words[-1] if is_word(words[-1]) and len(words) > 1 + is_pack else ""
            return TemplateParameter(name, default, True, is_pack)
        specifiers = self._declarators.specifiers.read(start, stop)
        declarator = self._declarators.read(specifiers.end, stop, specifiers.text())
        return TemplateParameter(declarator.name, default, False, is_pack)

    # ------------------------------------------------------------ namespaces, usings

    def _namespace(self, index: int, region: _Region, is_inline: bool = False) -> int:
        tokens, end = self._tokens, region.end
        index += 1
        while tokens.at(index, end) == "[":
            index = tokens.after(index, end)
        after = self._declarators.specifiers.name_end(index, end)
        name = "".join(tokens.texts[index:after])
        if tokens.at(after, end) == "=":
            stop = tokens.find(after, end, ";") or end
            whole = "::".join((*region.scope, name))
            self._found.names[whole] = "".join(tokens.texts[after + 1 : stop])
            return stop + 1
        body = tokens.find(after, end, "{;")
        if body is None or tokens.texts[body] == ";":
            return after + 1
        scope = region.scope
        for part in name.split("::") if name else [UNNAMED]:
            outer, scope = scope, (*scope, part)
            self._found.namespaces.add("::".join(scope))
            if is_inline or part == UNNAMED:
                self._found.usings.setdefault(outer, set()).add("::".join(scope))
        closing = tokens.closing.get(body, end)
        self._regions.append(_Region(body + 1, min(closing, end), scope, scope))
        return closing + 1

    def _using(self, index: int, region: _Region, template: Template) -> int:
        tokens, end = self._tokens, region.end
        stop = tokens.find(index, end, ";")
        stop = end if stop is None else stop
        if tokens.at(index + 1, end) == "namespace":
            opened = "".join(tokens.texts[index + 2 : stop]).removeprefix("::")
            self._found.usings.setdefault(region.scope, set()).add(opened)
        elif (equals := tokens.find(index, stop, "=")) is not None:
            name = tokens.texts[index + 1]
            meaning = self._declarators.type_in(equals + 1, stop)
            self._alias(name, region.scope, meaning, template)
        elif tokens.at(index + 1, end) != "enum":
            for start, last in tokens.split(index + 1, stop):
                name = tokens.texts[last - 1]
                words = [each for each in tokens.texts[start:last] if each != "typename"]
                whole = "::".join((*region.scope, name))
                self._found.names[whole] = spaced(words).removeprefix("::")
        return stop + 1

    def _alias(self, name: str, scope: Scope, meaning: str, template: Template = ()) -> None:
        if meaning and meaning != name:
            alias = Alias(name, scope, meaning, template)
            self._found.aliases.setdefault("::".join((*scope, name)), alias)

    # ------------------------------------------------------------ classes, variables, functions

    def _declaration(self, index: int, region: _Region, template: Template) -> int:
        tokens, end = self._tokens, region.end
        specifiers = self._declarators.specifiers.read(index, end, region.class_name)
        builder = self._class(specifiers, region, template)
        if region.builder is not None and "friend" in specifiers.words:
            region.builder.has_friends = True
        if specifiers.is_enum and is_word(specifiers.type_name):
            self._found.enumerations.add("::".join((*region.scope, specifiers.type_name)))
        index = specifiers.end
        if builder is not None and tokens.at(index, end) == ";" and not builder.name:
            self._is_transparent(builder, region)
        first = True
        while index < end and tokens.texts[index] != ";":
            before = index
            declarator = self._declarators.read(index, end, specifiers.text())
            index = max(declarator.end, before)
            if specifiers.macro_name and not declarator.path:
                declarator.path = (specifiers.macro_name,)
            if builder is not None and not builder.name and declarator.path:
                self._name_builder(builder, specifiers, declarator)
            if declarator.path:
                index = self._declared(declarator, specifiers, region, template, index)
            following = tokens.at(index, end)
            if following == "{":
                return tokens.after(index, end)
            if following != ",":
                return self._resumed(index, before, region, first and declarator.path == ())
            first, index = False, index + 1
        return index + 1

    def _resumed(self, index: int, before: int, region: _Region, is_odd: bool) -> int:
        """Where to go on behind a declarator: at what follows its semicolon.

        Without one, what follows is read anew: a macro's use is what was read.
        """
        tokens, end = self._tokens, region.end
        text = tokens.at(index, end)
        if text == ";":
            return index + 1
        if text in _ACCESS or (index > before and (is_word(text) or text == "~")):
            return index
        return self._past(index, end) if not is_odd else max(index, before) + 1

    def _class(
        self, specifiers: Specifiers, region: _Region, template: Template
    ) -> _Builder | None:
        """Begin the class that the specifiers define."""
        head = specifiers.head
        if head is None:
            return None
        scope = region.scope
        name = head.name
        if "::" in name:  # `class Outer::Inner {..}`
            *outer, name = name.split("::")
            scope = (*scope, *filter(None, outer))
        elif "friend" in specifiers.words:
            scope = region.namespace
        builder = _Builder(head, scope, name, template, tuple(self._bases(head)))
        self._builders.append(builder)
        closing = min(self._tokens.closing.get(head.body, region.end), region.end)
        if name:
            self._read_body(builder, head.body + 1, closing, region)
        else:
            self._pending = (head.body + 1, closing, region)
        return builder

    _pending: tuple[int, int, _Region] | None = None

    def _read_body(self, builder: _Builder, start: int, end: int, region: _Region) -> None:
        inside = builder.inside()
        self._regions.append(_Region(start, end, inside, region.namespace, builder))

    def _bases(self, head: ClassHead) -> Iterator[str]:
        for start, end in self._tokens.split(*head.bases):
            words = self._tokens.texts[start:end]
            yield spaced([each for each in words if each not in _ACCESS_WORDS])

    def _name_builder(
        self, builder: _Builder, specifiers: Specifiers, declarator: Declarator
    ) -> None:
        """Call a class without a name by what it first declares: `typedef struct {..} X, *PX;`."""
        is_typedef = "typedef" in specifiers.words
        name = declarator.name
        builder.name = name if is_typedef else f"unnamed${name}"
        if declarator.type_name.strip() and is_typedef:  # the first name is a pointer
            builder.name = f"unnamed${name}"
        specifiers.type_name = builder.name
        declarator.type_name = builder.name + (
            f" {declarator.type_name}" if declarator.type_name else ""
        )
        if self._pending is not None:
            self._read_body(builder, *self._pending)
            self._pending = None

    def _is_transparent(self, builder: _Builder, region: _Region) -> None:
        """`union { int a; HCRYPTKEY k; };`: its members are those of the class around it."""
        if self._pending is None:
            return
        start, end, _ = self._pending
        self._pending = None
        self._regions.append(
            _Region(start, end, region.scope, region.namespace, region.builder or builder)
        )

    def _declared(
        self,
        declarator: Declarator,
        specifiers: Specifiers,
        region: _Region,
        template: Template,
        index: int,
    ) -> int:
        """Note what one declarator declares; the index behind its initialiser."""
        tokens, end = self._tokens, region.end
        words = specifiers.words
        if "typedef" in words:
            meaning = declarator.type_name
            if declarator.parameters is not None:
                types = ", ".join(each.type_name or "..." for each in declarator.parameters)
                meaning = f"{meaning}({types})"
            self._alias(declarator.name, region.scope, meaning)
            return index
        if declarator.parameters is not None and not self._initialises(
            declarator, specifiers, region
        ):
            return self._function(declarator, specifiers, region, template, index)
        start = index
        if tokens.at(index, end) == ":":  # a bit field
            index = self._until(index, end)
        default = ""
        if tokens.at(index, end) == "=":
            start, index = index + 1, self._until(index, end)
            default = tokens.written(start, index)
        elif tokens.at(index, end) == "{":
            start, index = index, tokens.after(index, end)
            default = tokens.written(start, index)
        type_name = declarator.type_name
        if declarator.parameters is not None:
            default = tokens.written(*declarator.parameter_range)
        if len(declarator.path) == 1 and "friend" not in words and type_name:
            self._variable(declarator, type_name, default, "static" in words, region)
        return index

    def _until(self, index: int, end: int) -> int:
        """The comma or semicolon that ends an initialiser."""
        found = self._tokens.find(index, end, ",;")
        return end if found is None else found

    def _variable(
        self, declarator: Declarator, type_name: str, default: str, static: bool, region: _Region
    ) -> None:
        name = declarator.name
        if region.builder is not None:
            dimensions = declarator.brackets.count("[")
            private = region.builder.is_private
            made = Field(name, type_name, default, dimensions, static, private)
            region.builder.fields.setdefault(name, made)
        if region.builder is None or static:
            self._found.variables.setdefault("::".join((*region.scope, name)), type_name)

    def _initialises(self, declarator: Declarator, specifiers: Specifiers, region: _Region) -> bool:
        """Whether `Key k(h)` is a variable with its initialiser, and no function."""
        start, end = declarator.parameter_range
        if region.builder is not None or start >= end or not specifiers.type_name:
            return False
        if len(declarator.path) > 1 or declarator.name.startswith("operator"):
            return False
        tokens = self._tokens
        for first, last in tokens.split(start, end):
            text = tokens.texts[first]
            if text[:1].isdigit() or text[:1] in "\"'-!*&" or text in _VALUES:
                return True
            if tokens.at(first + 1, last) in (".", "->"):
                return True
            scopes = (region.scope[:depth] for depth in range(len(region.scope) + 1))
            names = ("::".join((*scope, text)) for scope in scopes)
            if last == first + 1 and any(name in self._found.variables for name in names):
                return True
        return False

    def _function(
        self,
        declarator: Declarator,
        specifiers: Specifiers,
        region: _Region,
        template: Template,
        index: int,
    ) -> int:
        """Note a function or method; the index behind it and the body that it may have."""
        tokens, end = self._tokens, region.end
        after, has_body = self._body(index, end)
        if not has_body and tokens.at(after, end) not in (";", ",", "=", ""):
            return after  # macros without semicolons: `Q_OBJECT DECLARE_DYNAMIC(Key) public:`
        builder = region.builder
        name = declarator.name
        is_friend = "friend" in specifiers.words
        is_constructor = bool(builder) and name == region.class_name and not is_friend
        converts = name.startswith("operator ") and not specifiers.type_name
        returns = "" if is_constructor or name.startswith("~") else declarator.type_name
        if converts and name.split()[1] not in ("new", "delete"):
            returns = self._conversion(name)
        if not (returns or is_constructor or name.startswith("~") or len(declarator.path) > 1):
            return after  # the use of a macro
        scope = region.namespace if is_friend else region.scope
        signature = self._signature(declarator, specifiers, scope, template, returns)
        signature = replace(signature, has_body=has_body)
        if len(declarator.path) > 1:
            if not is_friend:
                self._definitions.append(Definition(declarator.path, signature))
        elif builder is not None and not is_friend:
            builder.methods.append(replace(signature, private=builder.is_private))
        else:
            add_function(self._found, signature)
        return after

    @staticmethod
    def _conversion(name: str) -> str:
        return name.removeprefix("operator ")

    @staticmethod
    def _signature(
        declarator: Declarator,
        specifiers: Specifiers,
        scope: Scope,
        template: Template,
        returns: str,
    ) -> Signature:
        words, behind = specifiers.words, declarator.words
        return Signature(
            declarator.name,
            scope,
            declarator.parameters or (),
            returns,
            template,
            declarator.arguments,
            static="static" in words,
            virtual="virtual" in words or bool(behind & {"override", "final"}),
            const="const" in behind,
            explicit="explicit" in words,
            deleted="= delete" in behind,
            defaulted="= default" in behind,
            pure="= 0" in behind or "PURE" in behind,
            noexcept="noexcept" in behind,
        )

    def _body(self, index: int, end: int) -> tuple[int, bool]:
        """Behind a constructor's initialisers and a function's body, and whether it has one."""
        tokens = self._tokens
        if tokens.at(index, end) == "try":
            index += 1
        if tokens.at(index, end) == ":":
            while index < end and tokens.texts[index] not in (";", "{"):
                index += 1
                while index < end and tokens.texts[index] not in (",", ";", "{"):
                    opens = tokens.texts[index] == "(" or tokens.at(index + 1, end) == "{"
                    index = tokens.after(index, end)
                    if opens and tokens.at(index, end) == "{" and index + 1 < end:
                        follows = tokens.at(tokens.after(index, end), end)
                        if follows in (",", "{"):
                            index = tokens.after(index, end)
                if tokens.at(index, end) != ",":
                    break
        if tokens.at(index, end) == "{":
            return tokens.closing.get(index, end), True
        return index, False


def parameters_in(text: str) -> tuple[Parameter, ...]:
    """The parameters that a definition's head lists between its parentheses."""
    found = declared_in_text(f"void f({text});").functions.get("f", [])
    return found[0].parameters if found else ()


def template_arguments_in(text: str) -> tuple[str, ...]:
    """What an explicit specialisation is for, whose name and parameters are `f<int>(int x)`."""
    found = declared_in_text(f"template <> void {text};").functions.values()
    return next((each.arguments for signatures in found for each in signatures), ())


def template_parameters_in(text: str) -> tuple[TemplateParameter, ...]:
    """The parameters that a `template <...>` lists."""
    found = declared_in_text(f"template <{text}> void f();").functions.get("f", [])
    return found[0].template if found else ()
