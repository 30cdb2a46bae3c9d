"""Reads one declaration of a region: classes, variables, functions, typedefs."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.frontends.c.parsing.outline import NO_RETURN
from capilint.frontends.cpp.facts.declarators import Declarator, DeclaratorReader
from capilint.frontends.cpp.facts.merge import Definition, add_function
from capilint.frontends.cpp.facts.model import Alias, Declarations, Field, Scope, Signature
from capilint.frontends.cpp.facts.regions import Builder, Region, Template
from capilint.frontends.cpp.facts.specifiers import ACCESS, BEGINNING, ClassHead, Specifiers
from capilint.frontends.cpp.facts.tokens import Tokens, is_word, spaced

LABELS = ACCESS | {"signals", "Q_SIGNALS", "__published"}
_DEEPEST = 100  # namespaces and classes around what a class declares; further in it is not read
_ENDING = frozenset({";", ","})
_VALUES = frozenset({"this", "nullptr", "NULL", "true", "false", "sizeof", "new", "TRUE", "FALSE"})


class DeclarationReader:
    """Adds what it reads to `found`, the bodies of classes to the `regions` that are left."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._declarators = DeclaratorReader(tokens)
        self.found = Declarations()
        self.builders: list[Builder] = []
        self.definitions: list[Definition] = []
        self.regions: list[Region] = []
        self._pending: tuple[int, int, Region] | None = None

    # ------------------------------------------------------------ one declaration

    def declaration(self, index: int, region: Region, template: Template) -> int:
        """Read what begins at an index; the index behind it."""
        tokens, end = self._tokens, region.end
        specifiers = self._declarators.specifiers.read(index, end, region.class_name)
        builder = self._class(specifiers, region, template)
        if region.builder is not None and "friend" in specifiers.words:
            region.builder.has_friends = True
        if specifiers.is_enum and is_word(specifiers.type_name):
            self.found.enumerations.add("::".join((*region.scope, specifiers.type_name)))
        index = specifiers.end
        if builder is not None and tokens.at(index, end) == ";" and not builder.name:
            self._is_transparent(builder, region)
        first = True
        while index < end and tokens.texts[index] != ";":
            if tokens.texts[index] in BEGINNING:  # behind a macro
                return index
            before = index
            name, specifiers.macro_name = specifiers.macro_name, ""
            declarator = self._declarators.read(index, end, specifiers.text(), name=name)
            index = max(declarator.end, before)
            if builder is not None and not builder.name and declarator.path:
                self._name_builder(builder, specifiers, declarator)
            if declarator.path:
                index = self._declared(declarator, specifiers, region, template, index)
            following = tokens.at(index, end)
            if following in ("{", "}"):  # of a body, which ends at the second
                return tokens.after(index, end)
            if following != ",":
                return self._resumed(index, before, region, first and declarator.path == ())
            first, index = False, index + 1
        return index + 1

    def _resumed(self, index: int, before: int, region: Region, is_odd: bool) -> int:
        """Where to go on behind a declarator: at what follows its semicolon.

        Without one, what follows is read anew: a macro's use is what was read.
        """
        tokens, end = self._tokens, region.end
        text = tokens.at(index, end)
        if text == ";":
            return index + 1
        if text in LABELS or (index > before and (is_word(text) or text == "~")):
            return index
        return self.past(index, end) if not is_odd else max(index, before) + 1

    def _class(self, specifiers: Specifiers, region: Region, template: Template) -> Builder | None:
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
        builder = Builder(head, scope, name, template, tuple(self._bases(head)))
        self.builders.append(builder)
        closing = min(self._tokens.closing.get(head.body, region.end), region.end)
        if name:
            self._read_body(builder, head.body + 1, closing, region)
        else:
            self._pending = (head.body + 1, closing, region)
        return builder

    def _read_body(self, builder: Builder, start: int, end: int, region: Region) -> None:
        inside = builder.inside()
        if len(inside) > _DEEPEST:
            return
        self.regions.append(Region(start, end, inside, region.namespace, builder))

    def _bases(self, head: ClassHead) -> Iterator[str]:
        for start, end in self._tokens.split(*head.bases):
            words = self._tokens.texts[start:end]
            yield spaced([each for each in words if each not in ACCESS and each != "virtual"])

    def _name_builder(
        self, builder: Builder, specifiers: Specifiers, declarator: Declarator
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

    def _is_transparent(self, builder: Builder, region: Region) -> None:
        """`union { int a; HCRYPTKEY k; };`: its members are those of the class around it."""
        if self._pending is None:
            return
        start, end, _ = self._pending
        self._pending = None
        self.regions.append(
            Region(start, end, region.scope, region.namespace, region.builder or builder)
        )

    def _declared(
        self,
        declarator: Declarator,
        specifiers: Specifiers,
        region: Region,
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
            self.alias(declarator.name, region.scope, meaning)
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
        while is_word(text := tokens.at(index, end)) and text.isupper():  # `GUARDED_BY(m_lock)`
            index += 1
            if tokens.at(index, end) == "(":
                index = tokens.after(index, end)
        if tokens.at(index, end) not in _ENDING:
            type_name = ""  # a macro without a semicolon was taken for it
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
        self, declarator: Declarator, type_name: str, default: str, static: bool, region: Region
    ) -> None:
        name = declarator.name
        if region.builder is not None:
            dimensions = declarator.brackets.count("[")
            private = region.builder.is_private
            made = Field(name, type_name, default, dimensions, static, private)
            region.builder.fields.setdefault(name, made)
        if region.builder is None or static:
            self.found.variables.setdefault("::".join((*region.scope, name)), type_name)

    def _initialises(self, declarator: Declarator, specifiers: Specifiers, region: Region) -> bool:
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
            if last == first + 1 and any(name in self.found.variables for name in names):
                return True
        return False

    def _function(
        self,
        declarator: Declarator,
        specifiers: Specifiers,
        region: Region,
        template: Template,
        index: int,
    ) -> int:
        """Note a function or method; the index behind it and the body that it may have."""
        tokens, end = self._tokens, region.end
        after, has_body = self._body(index, end)
        if not has_body and tokens.at(after, end) not in _ENDING:
            return after  # macros without semicolons: `Q_OBJECT DECLARE_DYNAMIC(Key) public:`
        builder = region.builder
        name = declarator.name
        is_friend = "friend" in specifiers.words
        is_own = declarator.path[-2:-1] == (region.class_name,)  # `Key::~Key();` inside of Key
        is_constructor = bool(builder) and name == region.class_name and not is_friend
        converts = name.startswith("operator ") and not specifiers.type_name
        returns = "" if is_constructor or name.startswith("~") else declarator.type_name
        if converts and name.split()[1] not in ("new", "delete"):
            returns = name.removeprefix("operator ")
        if not (returns or is_constructor or name.startswith("~") or len(declarator.path) > 1):
            return after  # the use of a macro
        scope = region.namespace if is_friend else region.scope
        access = builder.access if builder is not None and not is_friend else ""
        signature = self._signature(
            declarator, specifiers, scope, template, returns, has_body=has_body, access=access
        )
        if len(declarator.path) > 1 and not is_own:
            if not is_friend:
                self.definitions.append(Definition(declarator.path, signature))
        elif builder is not None and not is_friend:
            builder.methods.append(signature)
        else:
            add_function(self.found, signature)
        return after

    @staticmethod
    def _signature(
        declarator: Declarator,
        specifiers: Specifiers,
        scope: Scope,
        template: Template,
        returns: str,
        *,
        has_body: bool,
        access: str,
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
            never_returns="noreturn" in words or any(map(NO_RETURN.fullmatch, behind)),
            has_body=has_body,
            private=access == "private",
            protected=access == "protected",
        )

    def _body(self, index: int, end: int) -> tuple[int, bool]:
        """Behind a constructor's initialisers, at the end of a body, and whether it has one."""
        tokens = self._tokens
        if tokens.at(index, end) == "try":
            index += 1
        if tokens.at(index, end) == ":":
            index = self._past_initialisers(index + 1, end)
        if tokens.at(index, end) == "{":
            return tokens.closing.get(index, end), True
        return index, False

    def _past_initialisers(self, index: int, end: int) -> int:
        """Behind `m_key(h), Base{}, Parts(parts)...`."""
        tokens = self._tokens
        while (after := self._declarators.specifiers.name_end(index, end)) > index:
            index = after
            if tokens.at(index, end) in ("(", "{"):
                index = tokens.after(index, end)
            if tokens.at(index, end) == "...":
                index += 1
            if tokens.at(index, end) != ",":
                break
            index += 1
        return index

    def alias(self, name: str, scope: Scope, meaning: str, template: Template = ()) -> None:
        """Note another name of a type."""
        if meaning and meaning != name:
            alias = Alias(name, scope, meaning, template)
            self.found.aliases.setdefault("::".join((*scope, name)), alias)

    def past(self, index: int, end: int) -> int:
        """Behind the next semicolon or block."""
        tokens = self._tokens
        found = tokens.find(index, end, ";{")
        return end if found is None else tokens.after(found, end)
