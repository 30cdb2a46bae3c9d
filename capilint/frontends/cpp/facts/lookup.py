"""What names of functions mean: methods, overloads, the members that classes have unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from capilint.frontends.cpp.facts.model import (
    Bindings,
    Class,
    Declarations,
    Instance,
    Parameter,
    Scope,
    Signature,
    Type,
)
from capilint.frontends.cpp.facts.special import Special
from capilint.frontends.cpp.facts.types import Types
from capilint.frontends.cpp.facts.typetext import type_text

ANY_FUNCTION = "any_function"
"""The template argument, in the library headers of ours, that stands for a callable of any type."""

_EXACT, _CLOSE, _CONVERTED = 3, 2, 1
_QUALIFICATION = re.compile(r"(?:\w+|\(unnamed\))::")


class Lookup(Types):
    """The names of one file with its headers."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__(declarations)
        self._destructors: dict[str, bool] = {}
        self._functions: dict[tuple[str, Scope], list[Signature]] = {}

    # ------------------------------------------------------------ methods

    def methods(self, instance: Instance, name: str) -> list[tuple[Instance, Signature]]:
        """The overloads of a name in the nearest class of the lineage that has any."""
        for owner in self.lineage(instance):
            found = [(owner, each) for each in owner.declared.methods if each.name == name]
            if found:
                return [each for each in found if not each[1].deleted]
        return []

    def constructors(self, instance: Instance) -> list[Signature]:
        """The constructors that a class declares."""
        name = instance.declared.name.partition("<")[0]
        return [each for each in instance.declared.methods if each.name == name]

    def destructor(self, instance: Instance) -> Signature | None:
        """The destructor that a class declares."""
        name = "~" + instance.declared.name.partition("<")[0]
        return next((each for each in instance.declared.methods if each.name == name), None)

    def conversions(self, instance: Instance) -> list[tuple[Instance, Signature]]:
        """The operators that turn an object into something else."""
        return [
            (owner, each)
            for owner in self.lineage(instance)
            for each in owner.declared.methods
            if re.match(r"operator\s+(?!new\b|delete\b|co_await\b)[\w:]", each.name)
        ]

    def has_destructor(self, instance: Instance) -> bool:
        """Whether destroying an object runs anything that people wrote."""
        known = self._destructors.get(instance.name)
        if known is not None:
            return known
        self._destructors[instance.name] = False  # for classes that hold themselves
        own = self.destructor(instance)
        found = own is not None and not own.defaulted
        if not found:
            parts = [base for base in self.bases(instance) if base is not None]
            for member in instance.declared.fields:
                kind = self.field_type(instance, member)
                if kind.is_object and kind.instance is not None and not member.static:
                    parts.append(kind.instance)
            found = any(self.has_destructor(part) for part in parts)
        self._destructors[instance.name] = found
        return found

    def declared_special(self, instance: Instance, kind: str) -> Signature | None:
        """The constructor or assignment that a class declares for copying, moving, or nothing."""
        assigns = kind.endswith("assignment")
        name = "operator=" if assigns else instance.declared.name.partition("<")[0]
        if kind == "destructor":
            return self.destructor(instance)
        for each in instance.declared.methods:
            if each.name != name:
                continue
            needed = [parameter for parameter in each.parameters if not parameter.default]
            if kind == "default":
                if not needed:
                    return each
                continue
            if not each.parameters or len(needed) > 1:
                continue
            taken = self.type_of(each.parameters[0].type_name, instance.scope, instance.bindings)
            same = taken.base == instance.name or taken.base == instance.declared.name
            if same and not taken.stars and (taken.reference == "&&") == kind.startswith("move"):
                return each
        return None

    def special(self, instance: Instance, kind: str) -> Special:
        """Where a special member comes from: `default`, `copy`, `move`, `copy-assignment`,
        `move-assignment`, `destructor`."""
        declared = self.declared_special(instance, kind)
        if declared is not None:
            if declared.deleted:
                return Special.DELETED
            return Special.IMPLICIT if declared.defaulted else Special.USER
        if kind == "default":
            return Special.NONE if self.constructors(instance) else Special.IMPLICIT
        if kind == "destructor":
            return Special.IMPLICIT
        others = {
            other: self.declared_special(instance, other)
            for other in ("copy", "move", "copy-assignment", "move-assignment")
        }
        if kind.startswith("move"):
            said = any(others.values()) or self.destructor(instance) is not None
            return Special.NONE if said else Special.IMPLICIT
        moves = others["move"] is not None or others["move-assignment"] is not None
        return Special.DELETED if moves else Special.IMPLICIT

    # ------------------------------------------------------------ functions

    def functions(self, name: str, scope: Scope, near: Iterable[Scope] = ()) -> list[Signature]:
        """What a function's name may mean at a scope; `near` are the scopes of its arguments."""
        key = (name, scope)
        if key not in self._functions:
            self._functions[key] = self._find_functions(name, scope)
        found = self._functions[key]
        if not found:
            wholes = ("::".join((*each, name)) for each in near)
            found = next(filter(None, map(self.declarations.functions.get, wholes)), [])
        return list(found)

    def _find_functions(self, name: str, scope: Scope) -> list[Signature]:
        parts = type_text(name).parts
        for whole, _ in self._readings(parts, scope) if parts else ():
            other = self.declarations.names.get(whole, "")
            found = self.declarations.functions.get(whole) or self.declarations.functions.get(other)
            if found:
                return found
        return []

    def overload(
        self,
        candidates: Sequence[Signature],
        arguments: Sequence[Type | None],
        scope: Scope,
        bindings: Bindings | None = None,
    ) -> Signature | None:
        """The candidate that a call with such arguments means, None where that is open."""
        ranked: list[tuple[int, bool, Signature]] = []
        for each in candidates:
            if each.deleted:
                continue
            score = self._score(each, arguments, scope, bindings or {})
            if score is not None:
                ranked.append((score, not each.template, each))
        if not ranked:
            return None
        ranked.sort(key=lambda each: each[:2], reverse=True)
        best = [each for each in ranked if each[:2] == ranked[0][:2]]
        if len(best) > 1 and len({_without_const(each[2]) for each in best}) > 1:
            return None
        return next((each[2] for each in best if not each[2].const), best[0][2])

    def _score(
        self,
        candidate: Signature,
        arguments: Sequence[Type | None],
        scope: Scope,
        bindings: Bindings,
    ) -> int | None:
        parameters = [each for each in candidate.parameters if not each.variadic]
        open_ended = len(parameters) < len(candidate.parameters)
        needed = sum(1 for each in parameters if not each.default)
        if len(arguments) < needed or (len(arguments) > len(parameters) and not open_ended):
            return None
        total = 0
        generic = {each.name for each in candidate.template}
        for parameter, argument in zip(parameters, arguments, strict=False):
            if argument is None:
                total += _CLOSE
                continue
            wanted = self.type_of(parameter.type_name, scope, bindings)
            fit = _CLOSE if wanted.base in generic else self._fit(wanted, argument)
            if fit is None:
                return None
            total += fit
        return total

    def _fit(self, wanted: Type, given: Type) -> int | None:
        rvalue = given.reference == "&&"
        if wanted.reference == "&&" and not rvalue:
            return None
        if wanted.reference == "&" and rvalue and not wanted.is_const:
            return None
        if wanted.instance is not None and not wanted.stars:
            return self._object_fit(wanted, given, rvalue)
        if given.instance is not None and not given.stars:
            plain = [
                self.type_of(each.returns, owner.scope, owner.bindings)
                for owner, each in self.conversions(given.instance)
            ]
            if any(each.base == wanted.base and each.stars == wanted.stars for each in plain):
                return _CLOSE
            if plain or wanted.base in ("T", "auto"):
                return _CONVERTED
            is_lambda = "::lambda#" in given.instance.name  # it turns into a function pointer
            return _CONVERTED if is_lambda and "(" in wanted.base else None
        stars = given.stars + given.dimensions
        if wanted.stars == stars:
            if wanted.base == given.base:
                return _EXACT
            if not stars:
                return _CLOSE
            if wanted.instance is not None and given.instance is not None:
                derived = wanted.instance in list(self.ancestors(given.instance))
                return _CLOSE if derived else None
            return _CLOSE if wanted.base == "void" else _CONVERTED
        if given.base == "nullptr_t" or (wanted.stars and not stars):
            return _CONVERTED
        return _CONVERTED if wanted.base.isupper() or "bool" in wanted.base else None

    def _object_fit(self, wanted: Type, given: Type, rvalue: bool) -> int | None:
        assert wanted.instance is not None
        if given.instance is not None and not given.stars:
            if given.instance == wanted.instance:
                return _EXACT if (wanted.reference == "&&") == rvalue else _CLOSE
            if wanted.instance in list(self.ancestors(given.instance)):
                return _CLOSE
            if self.is_refined(given.instance, wanted.instance):
                return _CLOSE
        if wanted.reference == "&" and not wanted.is_const:
            return None
        if given.base == "auto":
            return _CLOSE
        takes = [
            each
            for each in self.constructors(wanted.instance)
            if each.parameters
            and not each.explicit
            and self._first_type(wanted.instance, each).base != wanted.instance.name
        ]
        return _CONVERTED if takes else None

    def _first_type(self, made: Instance, constructor: Signature) -> Type:
        return self.type_of(constructor.parameters[0].type_name, made.scope, made.bindings)

    def deduced_class(
        self, name: str, scope: Scope, arguments: Sequence[Type | None]
    ) -> Instance | None:
        """The class that a class template's name without arguments means for what it is made of."""
        parts = type_text(name).parts
        if not parts or parts[-1].arguments is not None:
            return None
        for whole, _ in self._readings(parts, scope):
            for primary in self.declarations.classes.get(whole, ()):
                if primary.template and not primary.arguments:
                    return self._made_from(primary, arguments)
        return None

    def _made_from(self, primary: Class, arguments: Sequence[Type | None]) -> Instance | None:
        made = [each.parameters for each in primary.methods if each.name == primary.name]
        if not made:  # an aggregate
            made = [tuple(Parameter(each.name, each.type_name) for each in primary.fields)]
        for parameters in made:
            if len(parameters) >= len(arguments):
                signature = Signature(primary.name, primary.inside, parameters)
                signature = replace(signature, template=primary.template)
                bound = self.deduced(signature, arguments)
                names = [each.name for each in primary.template]
                if all(name in bound for name in names):
                    return self.made_of(primary, {name: bound[name] for name in names})
        return None

    def refined(
        self, made: Instance, constructors: Sequence[Signature], arguments: Sequence[str | None]
    ) -> Instance:
        """The class with what its constructor shows of the callables that it holds.

        `std::shared_ptr<void> key(h, &close)` is a `shared_ptr<void, close>`: a template parameter
        that stands for any function is bound to the lambda's class, or the function, of which
        `arguments` has the name where an argument is one.
        """
        names = [each.name for each in made.declared.template]
        for signature in constructors:
            if len(signature.parameters) != len(arguments):
                continue
            bindings = dict(made.bindings)
            for parameter, argument in zip(signature.parameters, arguments, strict=True):
                name = parameter.type_name.strip()
                if argument and name in names and is_any_function(bindings.get(name, "")):
                    bindings[name] = argument
            if bindings != made.bindings:
                return self.made_of(made.declared, bindings)
        return made

    def is_refined(self, one: Instance, other: Instance) -> bool:
        """Whether two classes differ but by what is known of the callables that they hold."""
        if one.declared is not other.declared:
            return False
        pairs = zip(one.bindings.values(), other.bindings.values(), strict=False)
        return all(
            mine == theirs or is_any_function(mine) or is_any_function(theirs)
            for mine, theirs in pairs
        )

    def deduced(self, signature: Signature, arguments: Sequence[Type | None]) -> dict[str, str]:
        """What a function template's parameters stand for, as far as simple cases show."""
        found: dict[str, str] = {}
        names = {each.name for each in signature.template}
        for parameter, argument in zip(signature.parameters, arguments, strict=False):
            written = type_text(parameter.type_name)
            if argument is None or len(written.parts) != 1:
                continue
            part = written.parts[0]
            if part.name in names and part.arguments is None:
                stars = argument.stars + argument.dimensions - written.stars
                if stars >= 0:
                    found.setdefault(part.name, argument.base + "*" * stars)
            elif part.arguments and argument.instance is not None:
                bound = list(argument.instance.bindings.values())
                for name, value in zip(part.arguments, bound, strict=False):
                    if name in names:
                        found.setdefault(name, value)
        return found

    def instance_key(
        self, signature: Signature, arguments: Sequence[str], bindings: Bindings
    ) -> str:
        """The name of what a function template is for some arguments: `dispose<Key>(ULONG_PTR)`."""
        given = ",".join(self.canonical(each, signature.scope, bindings) for each in arguments)
        plain = signature.whole_name
        return f"{plain}<{given}>" + self.signature_key(signature, bindings).removeprefix(plain)

    def signature_key(
        self, signature: Signature, bindings: Bindings, owner: Instance | None = None
    ) -> str:
        """The name of a function with its parameters' types: `ns::Key::set(HCRYPTKEY,BOOL)`."""
        scope = owner.scope if owner is not None else signature.scope
        types = []
        for each in signature.parameters:
            if each.variadic:
                types.append("...")
                continue
            kind = self.type_of(each.type_name, scope, bindings)
            base = _QUALIFICATION.sub("", kind.base)
            points = kind.stars + kind.dimensions
            const = "const " if kind.is_const and (points or kind.reference) else ""
            types.append(const + base + "*" * points + kind.reference)
        name = f"{owner.name}::{signature.name}" if owner is not None else signature.whole_name
        return f"{name}({','.join(types)})"


def is_any_function(bound: str) -> bool:
    """Whether a template argument leaves open which function it is: a pointer's type."""
    return "(" in bound or bound == ANY_FUNCTION


def _without_const(signature: Signature) -> tuple[str, ...]:
    return tuple(each.type_name for each in signature.parameters)
