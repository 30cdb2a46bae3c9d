"""Gathers what a C++ file, or a header, declares outside of its function bodies.

    namespace ns { class Key : Base { ~Key() ; HCRYPTKEY m; }; void Key::close() ; }
                   ^ a region of its own, read before the rest of the one around it

Nothing is lost to what is not understood but the declaration that it stands in.
"""

from __future__ import annotations

from dataclasses import replace

from capilint.frontends.cpp.facts.declarations import LABELS, DeclarationReader
from capilint.frontends.cpp.facts.merge import with_definitions
from capilint.frontends.cpp.facts.model import (
    UNNAMED,
    Declarations,
    Parameter,
    Scope,
    TemplateParameter,
)
from capilint.frontends.cpp.facts.regions import Region, Template
from capilint.frontends.cpp.facts.tokens import Tokens, is_word, spaced

_DEEPEST = 100  # namespaces in namespaces; what is in more is taken for a part of those
_SLOTS = frozenset({"slots", "Q_SLOTS"})


def declared_in_text(text: str, scope: Scope = ()) -> Declarations:
    """What a text declares in which function bodies are replaced by `;` (or are still there).

    `scope` is where the text stands. O(n) for what people write.
    """
    return _Gatherer(Tokens(text)).gathered(scope)


class _Gatherer(DeclarationReader):
    """Reads region by region."""

    def gathered(self, scope: Scope) -> Declarations:
        """Read everything, region by region."""
        self.regions.append(Region(0, len(self._tokens), scope, scope))
        while self.regions:
            region = self.regions.pop()
            index, waiting = region.start, len(self.regions)
            while index < region.end and len(self.regions) == waiting:
                index = max(self._one(index, region), index + 1)
            if index < region.end:  # what was met inside comes first
                self.regions.insert(waiting, replace(region, start=index))
        for builder in self.builders:
            if builder.name:
                declared = builder.built()
                self.found.classes.setdefault(declared.whole_name, []).append(declared)
        return with_definitions(self.found, self.definitions)

    # ------------------------------------------------------------ one declaration

    def _one(self, index: int, region: Region) -> int:
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
            after = tokens.after(index, end)
            attributes = tokens.texts[index : index + 2] == ["[", "["]
            if attributes and tokens.at(after, end) != "extern":
                return self.declaration(index, region, template)
            return after
        if not (is_word(text) or text in ("~", "::")):
            return index + 1
        if text in LABELS and (after := self._access(index, end)):
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
                return self.past(index, end)
            case "class" | "struct" | "union" if is_template and tokens.texts[index - 1] == (
                "template"
            ):
                return self.past(index, end)  # an explicit instantiation
        return self.declaration(index, region, template)

    def _access(self, index: int, end: int) -> int:
        """Behind `public:` or `private slots:`; 0 where there is no such."""
        if self._tokens.at(index + 1, end) in _SLOTS:
            index += 1
        return index + 2 if self._tokens.at(index + 1, end) == ":" else 0

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

    def _namespace(self, index: int, region: Region, is_inline: bool = False) -> int:
        tokens, end = self._tokens, region.end
        index += 1
        while tokens.at(index, end) == "[":
            index = tokens.after(index, end)
        after = self._declarators.specifiers.name_end(index, end)
        name = "".join(tokens.texts[index:after])
        if tokens.at(after, end) == "=":
            stop = tokens.find(after, end, ";") or end
            whole = "::".join((*region.scope, name))
            self.found.names[whole] = "".join(tokens.texts[after + 1 : stop])
            return stop + 1
        body = tokens.find(after, end, "{;")
        if body is None or tokens.texts[body] == ";":
            return after + 1
        scope = region.scope
        parts = name.split("::") if name else [UNNAMED]
        for part in parts if len(scope) < _DEEPEST else ():
            outer, scope = scope, (*scope, part)
            self.found.namespaces.add("::".join(scope))
            if is_inline or part == UNNAMED:
                self.found.usings.setdefault(outer, set()).add("::".join(scope))
        closing = tokens.closing.get(body, end)
        self.regions.append(Region(body + 1, min(closing, end), scope, scope))
        return closing + 1

    def _using(self, index: int, region: Region, template: Template) -> int:
        tokens, end = self._tokens, region.end
        stop = tokens.find(index, end, ";")
        stop = end if stop is None else stop
        if tokens.at(index + 1, end) == "namespace":
            opened = "".join(tokens.texts[index + 2 : stop]).removeprefix("::")
            self.found.usings.setdefault(region.scope, set()).add(opened)
        elif (equals := tokens.find(index, stop, "=")) is not None:
            name = tokens.texts[index + 1]
            meaning = self._declarators.type_in(equals + 1, stop)
            self.alias(name, region.scope, meaning, template)
        elif tokens.at(index + 1, end) != "enum":
            for start, last in tokens.split(index + 1, stop):
                name = tokens.texts[last - 1]
                words = [each for each in tokens.texts[start:last] if each != "typename"]
                whole = "::".join((*region.scope, name))
                self.found.names[whole] = spaced(words).removeprefix("::")
        return stop + 1


def parameters_in(text: str) -> tuple[Parameter, ...]:
    """The parameters that a definition's head lists between its parentheses."""
    found = declared_in_text(f"void f({text});").functions.get("f", [])
    return found[0].parameters if found else ()


def template_parameters_in(text: str) -> tuple[TemplateParameter, ...]:
    """The parameters that a `template <...>` lists."""
    found = declared_in_text(f"template <{text}> void f();").functions.get("f", [])
    return found[0].template if found else ()
