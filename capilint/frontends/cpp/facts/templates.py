"""Makes classes of templates: arguments in one spelling, defaults, specialisations.

Holder<KeyT, &::CryptDestroyKey> ─▶ `ns::Holder<HCRYPTKEY,CryptDestroyKey>`
"""

from __future__ import annotations

import re

from capilint.frontends.cpp.facts.model import (
    Bindings,
    Class,
    Declarations,
    Instance,
    Scope,
    TemplateParameter,
    Type,
)
from capilint.frontends.cpp.facts.patterns import match
from capilint.frontends.cpp.facts.scopes import Scopes
from capilint.frontends.cpp.facts.typetext import Part, arguments_in, type_text

_LONGEST = 2_000  # characters of an instance's name
_WORD = re.compile(r"\w+")
_COMPUTED = re.compile(
    r"\b(?:enable_if|void_t|conditional|decltype|sizeof|is_\w+)\b|::(?:type|value)\b|_[tv]<"
)

Entity = Type | str
"""What a name means: a type, or a namespace by its whole name."""


class Templates:
    """The instances of class templates; what names mean is for the subclass to say."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self.scopes = Scopes(declarations)
        self._instances: dict[str, Instance] = {}

    def type_of(self, text: str, scope: Scope, bindings: Bindings | None = None) -> Type:
        """What a written type is at a scope, template parameters standing for `bindings`."""
        raise NotImplementedError

    def named(self, parts: tuple[Part, ...], scope: Scope, bindings: Bindings) -> Entity:
        """What a name in parts means at a scope."""
        raise NotImplementedError

    # ------------------------------------------------------------ instances

    @staticmethod
    def _primary(classes: list[Class]) -> Class:
        return next((each for each in classes if not each.arguments), classes[0])

    @staticmethod
    def is_template(declared: Class) -> bool:
        """Whether a class is a template, or a specialisation of one."""
        return bool(declared.template or declared.arguments)

    def _class_type(
        self,
        classes: list[Class],
        part: Part,
        owner: Instance | None,
        scope: Scope,
        bindings: Bindings,
    ) -> Type:
        """The class, or the instance of a class template, that a name means."""
        primary = self._primary(classes)
        outer = dict(owner.bindings) if owner is not None else {}
        prefix = owner.name if owner is not None else "::".join(primary.scope)
        if not self.is_template(primary):
            whole = f"{prefix}::{primary.name}" if prefix else primary.name
            made = self._instance(whole, primary, outer)
            return Type(made.name, made)
        if part.arguments is None and not all(each.default for each in primary.template):
            return Type(primary.whole_name)  # the template itself
        given = self._given(part.arguments or (), primary.template, scope, bindings)
        bound = self._bound(primary.template, given, primary.scope, outer)
        values = [value for value in bound.values() if value]
        name = f"{prefix}::{primary.name}" if prefix else primary.name
        name = f"{name}<{','.join(values)}>"
        if len(name) > _LONGEST:
            return Type(primary.whole_name)
        known = self._instances.get(name)
        if known is None:
            chosen = self._specialised(classes, values)
            if chosen is None:
                return Type(name)
            declared, inner = chosen
            if declared is primary:
                inner = bound
            known = self._instance(name, declared, {**outer, **inner})
        return Type(known.name, known)

    def _specialised(
        self, classes: list[Class], given: list[str]
    ) -> tuple[Class, dict[str, str]] | None:
        """The specialisation that fits template arguments best, with what it binds, or the primary
        template; None where it is not to be told which."""
        primary = self._primary(classes)
        best: tuple[int, Class, dict[str, str]] = -1, primary, {}
        undecided = False
        for each in classes:
            if not each.arguments:
                continue
            written = self._given(each.arguments, primary.template, each.scope, {})
            filled = self._bound(primary.template, written, primary.scope, {})
            wanted = [value for value in filled.values() if value] if primary.template else written
            if not each.template:
                if wanted == given:
                    return each, {}
                continue
            fit = _fit(wanted, given, frozenset(parameter.name for parameter in each.template))
            undecided = undecided or fit is None
            closeness = sum(map(len, wanted))
            if fit and closeness > best[0]:
                best = closeness, each, fit[0]
        return None if undecided else best[1:]

    def _given(
        self,
        arguments: tuple[str, ...],
        template: tuple[TemplateParameter, ...],
        scope: Scope,
        bindings: Bindings,
    ) -> list[str]:
        """Template arguments as they are always written; `Args...` as many as it stands for."""
        found: list[str] = []
        for index, argument in enumerate(arguments):
            parameter = template[min(index, len(template) - 1)] if template else None
            if argument.endswith("...") and (pack := argument[:-3]) in bindings:
                found += arguments_in(bindings[pack])
            elif parameter is not None and not parameter.is_type:
                found.append(self._value(argument, scope, bindings))
            else:
                found.append(self.canonical(argument, scope, bindings))
        return found

    def _bound(
        self,
        template: tuple[TemplateParameter, ...],
        given: list[str],
        scope: Scope,
        outer: Bindings,
    ) -> dict[str, str]:
        """What template parameters stand for: the given, then the defaults, else themselves."""
        bound: dict[str, str] = {}
        for index, parameter in enumerate(template):
            name = parameter.name or f"${index}"
            if parameter.is_pack:
                bound[name] = ",".join(given[index:])
            elif index < len(given):
                bound[name] = given[index]
            elif parameter.default:
                inner = {**outer, **bound}
                (bound[name],) = self._given((parameter.default,), (parameter,), scope, inner)
            else:
                bound[name] = name
        return bound

    def made_of(self, primary: Class, bound: Bindings) -> Instance:
        """The class that a template makes of what its parameters stand for."""
        if not primary.template:
            return self._instance(primary.whole_name, primary, {})
        values = ",".join(value for value in bound.values() if value)
        return self._instance(f"{primary.whole_name}<{values}>", primary, bound)

    def _instance(self, name: str, declared: Class, bindings: Bindings) -> Instance:
        known = self._instances.get(name)
        if known is None or known.declared is not declared:
            known = self._instances[name] = Instance(name, declared, bindings)
        return known

    # ------------------------------------------------------------ arguments

    def canonical(self, argument: str, scope: Scope, bindings: Bindings | None = None) -> str:
        """A template argument as it is always written, a type or a value."""
        text = argument.strip()
        if text.startswith("decltype"):
            return "".join(text.replace("::", "", 1).split()) if "(&::" in text else text
        if not (text[:1].isalpha() or text[:1] in "_:("):
            return self._value(text, scope, bindings or {})
        return text_of(self.type_of(text, scope, bindings))

    def _value(self, argument: str, scope: Scope, bindings: Bindings) -> str:
        """A template argument that is a value: a function without its `&`, by its whole name."""
        text = argument.strip()
        name = text.removeprefix("&").strip()
        if not (name[:1].isalpha() or name[:1] in "_:"):
            return text
        written = type_text(name)
        if (
            not (written.is_plain and written.parts)
            or "(" in name
            or len(written.parts[-1].name.split()) > 1
        ):
            return text
        if len(written.parts) == 1:
            bound = bindings.get(name)
            return bound if bound is not None else self._whole(name.removeprefix("::"), scope)
        owner = self.named(written.parts[:-1], () if written.is_global else scope, bindings)
        inside = owner if isinstance(owner, str) else owner.base
        return f"{inside}::{written.parts[-1].text}"

    def _whole(self, name: str, scope: Scope) -> str:
        """The whole name of a function or a variable."""
        for outer in self.scopes.around(scope):
            for whole in self.scopes.whole_names(name, "::".join(outer)):
                if whole in self.declarations.functions or whole in self.declarations.variables:
                    return whole
        return name


def _fit(
    wanted: list[str], given: list[str], names: frozenset[str]
) -> tuple[dict[str, str]] | tuple[()] | None:
    """What the names of a partial specialisation stand for, empty where it does not fit; None where
    that hangs on what only a compiler computes: `enable_if_t<is_pointer<T>::value>`."""
    bound: dict[str, str] = {}
    computed = False
    for pattern, actual in zip(wanted, given, strict=False):
        is_value = names.isdisjoint(_WORD.findall(pattern))  # `true`, `void`
        if _COMPUTED.search(pattern) or (is_value and _COMPUTED.search(actual)):
            computed = True
        elif not match(pattern, actual, names, bound):
            return ()
    if len(wanted) > len(given):
        return ()
    return None if computed else (bound,)


def text_of(found: Type) -> str:
    """A type as a template argument is always written; it means the same at every scope."""
    const = "const " if found.is_const else ""
    return const + found.base + "*" * found.stars + "[]" * found.dimensions + found.reference
