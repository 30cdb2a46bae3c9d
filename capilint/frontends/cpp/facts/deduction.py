"""Finds what template parameters stand for where nobody says so: from arguments of calls."""

from __future__ import annotations

from collections.abc import Sequence

from capilint.frontends.cpp.facts.classes import Classes
from capilint.frontends.cpp.facts.model import (
    Bindings,
    Class,
    Instance,
    Parameter,
    Scope,
    Signature,
    Type,
)
from capilint.frontends.cpp.facts.patterns import match
from capilint.frontends.cpp.facts.templates import text_of
from capilint.frontends.cpp.facts.typetext import type_text

ANY_FUNCTION = "any_function"
"""The template argument, in the library headers of ours, that stands for a callable of any type."""


class Deduction(Classes):
    """Adds to classes what the arguments of calls say of templates."""

    def deduced(self, signature: Signature, arguments: Sequence[Type | None]) -> dict[str, str]:
        """What a function template's parameters stand for, as far as simple cases show."""
        found: dict[str, str] = {}
        names = frozenset(each.name for each in signature.template if each.name)
        for parameter, argument in zip(signature.parameters, arguments, strict=False):
            if argument is None or parameter.variadic:
                continue
            bound = dict(found)
            pending = [argument]
            if argument.instance is not None:
                stars = argument.stars
                pending += [Type(b.name, b, stars) for b in self.ancestors(argument.instance)]
            if any(fits(parameter.type_name, each, names, bound) for each in pending):
                found.update(bound)
        return found

    def member_bindings(
        self, owner: Instance, signature: Signature, arguments: Sequence[Type | None]
    ) -> Bindings:
        """What names stand for in a method: in a member template of a class template, as in a
        `unique_ptr<Base>` made of a `unique_ptr<Derived>`, also what its arguments show."""
        if not (owner.is_template and signature.template and arguments):
            return owner.bindings
        found = self.deduced(signature, arguments)
        if any(each.name not in found for each in signature.template):
            return owner.bindings
        return {**owner.bindings, **found}

    def deduced_class(
        self, name: str, scope: Scope, arguments: Sequence[Type | None]
    ) -> Instance | None:
        """The class that a class template's name without arguments means for what it is made of."""
        parts = type_text(name).parts
        if not parts or parts[-1].arguments is not None:
            return None
        if len(parts) == 1 and parts[0].name not in self.type_names:
            return None
        meant = self.named(parts, scope, {})
        whole = meant if isinstance(meant, str) else meant.base
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
                signature = signature._replace(template=primary.template)
                bound = self.deduced(signature, arguments)
                meant = {each.name: bound.get(each.name, each.default) for each in primary.template}
                if bound and all(meant.values()):
                    return self.made_of(primary, meant)
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

    @staticmethod
    def is_refined(one: Instance, other: Instance) -> bool:
        """Whether two classes differ but by what is known of the callables that they hold."""
        if one.declared is not other.declared:
            return False
        return all(
            mine == theirs or is_any_function(mine) or is_any_function(theirs)
            for mine, theirs in zip(one.bindings.values(), other.bindings.values(), strict=False)
        )


def is_any_function(bound: str) -> bool:
    """Whether a template argument leaves open which function it is: a pointer's type."""
    return "(" in bound or bound == ANY_FUNCTION


def fits(type_name: str, given: Type, names: frozenset[str], bound: dict[str, str]) -> bool:
    """Whether an argument fits a parameter's type; `bound` gets what its names stand for.

    `T` drops references and `const`, `T &&` takes a name as a reference to it, arrays are pointers.
    """
    written = type_text(type_name)
    plain = len(written.parts) == 1 and written.parts[0].name in names
    stars = given.stars + given.dimensions
    is_const = given.is_const and bool(stars or written.reference)
    reference = "&" if written.reference == "&&" and plain and given.reference != "&&" else ""
    shape = Type(given.base, None, stars, reference, is_const and not written.is_const)
    pattern = (
        type_name.rstrip("& ").removeprefix("const ")
        if not written.stars
        else (type_name.rstrip("& "))
    )
    if written.stars and given.is_const:
        shape = Type(given.base, None, stars, reference, True)
    tried = dict(bound)
    if not match(pattern.replace("typename ", ""), text_of(shape), names, tried):
        return False
    bound.update(tried)
    return True
