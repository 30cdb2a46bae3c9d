"""Chooses the overload that a call means, by the number and kinds of its arguments."""

from __future__ import annotations

from collections.abc import Sequence

from capilint.frontends.cpp.facts.deduction import Deduction, fits
from capilint.frontends.cpp.facts.model import (
    Bindings,
    Declarations,
    Instance,
    Scope,
    Signature,
    Type,
)
from capilint.frontends.cpp.facts.typetext import type_text

# What it costs to make an argument fit, the worse the higher; only the order counts. What is not
# bound as it is (a `const` more, a temporary to `const &`) costs a little more.
_EXACT, _SIMILAR, _STANDARD, _DOUBTFUL, _BY_USER, _OPAQUE, _ELLIPSIS = range(0, 28, 4)
_A_LITTLE = 1
_ARITHMETIC = frozenset(
    {"bool", "char", "short", "int", "long", "float", "double", "wchar_t", "unsigned int"}
    | {"unsigned char", "signed char", "unsigned short", "unsigned long", "long long"}
    | {"unsigned long long", "long double", "size_t", "std::size_t"}
)
_NULL = frozenset({"nullptr_t", "std::nullptr_t", "decltype(nullptr)"})


class Overloads(Deduction):
    """The functions of one name that a call may mean."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__(declarations)
        self._operators: dict[
            tuple[str, str, tuple[Type | None, ...]], tuple[Instance, Signature] | None
        ] = {}
        self._constructors: dict[
            tuple[str, tuple[Type | None, ...]], tuple[Signature | None, bool]
        ] = {}

    def operator(
        self, instance: Instance, operator: str, arguments: tuple[Type | None, ...]
    ) -> tuple[Instance, Signature] | None:
        """The operator that a class has for its objects and further operands, and the class that
        declares it; None where that is open."""
        key = instance.name, operator, arguments
        if key not in self._operators:
            found = self.methods(instance, f"operator{operator}")
            owner = found[0][0] if found else instance
            candidates = [each for _, each in found]
            chosen = self.overload(candidates, arguments, owner.scope, owner.bindings)
            self._operators[key] = None if chosen is None else (owner, chosen)
        return self._operators[key]

    def constructor(
        self, instance: Instance, arguments: tuple[Type | None, ...]
    ) -> tuple[Signature | None, bool]:
        """The constructor of a class for some arguments, None where that is open; and whether the
        class declares any."""
        key = instance.name, arguments
        known = self._constructors.get(key)
        if known is None:
            declared = [each for each in self.constructors(instance) if not each.deleted]
            chosen = self.overload(declared, arguments, instance.scope, instance.bindings)
            known = self._constructors[key] = chosen, bool(declared)
        return known

    def constructor_of_value(self, instance: Instance) -> Signature | None:
        """The constructor of a class that takes a value which is no object, if only values of one
        type may be meant: `optional(T &&)` of `optional<NTSTATUS>`."""
        found: list[tuple[Signature, Type]] = []
        for each in self.constructors(instance):
            needed = [one for one in each.parameters if not (one.default or one.variadic)]
            if each.deleted or not each.parameters or len(needed) > 1:
                continue
            first = self.type_of(each.parameters[0].type_name, instance.scope, instance.bindings)
            if each.template or first.stars or first.instance is None:
                found.append((each, first))
        kinds = {(each.base, each.stars, each.instance) for _, each in found}
        if len(kinds) != 1 or any(each.template for each, _ in found):
            return None
        given = found[0][1].by("&&")
        candidates = [each for each, _ in found]
        return self.overload(candidates, (given,), instance.scope, instance.bindings)

    def overload(
        self,
        candidates: Sequence[Signature],
        arguments: Sequence[Type | None],
        scope: Scope,
        bindings: Bindings | None = None,
    ) -> Signature | None:
        """The candidate that a call means, None where that is open.

        An argument of type None fits everything. Parameters are read at `scope` with `bindings`
        where the candidates are of the class there, else at their own.
        """
        fitting: list[tuple[Signature, tuple[int, ...]]] = []
        for each in candidates:
            inside = scope if _plain(scope) == _plain(each.scope) else each.scope
            costs = None if each.deleted else self._costs(each, arguments, inside, bindings or {})
            if costs is not None:
                fitting.append((each, costs))
        best = [each for each in fitting if not any(_better(other, each) for other in fitting)]
        if len(best) > 1:
            best = _alike(best)
        return best[0][0] if len(best) == 1 else None

    def _costs(
        self,
        candidate: Signature,
        arguments: Sequence[Type | None],
        scope: Scope,
        bindings: Bindings,
    ) -> tuple[int, ...] | None:
        """What each argument costs, None where the candidate does not take them."""
        parameters = [each for each in candidate.parameters if not each.variadic]
        is_open = len(parameters) < len(candidate.parameters)
        needed = sum(1 for each in parameters if not each.default)
        if len(arguments) < needed or (len(arguments) > len(parameters) and not is_open):
            return None
        names = frozenset(each.name for each in candidate.template if each.is_type)
        costs: list[int] = []
        for parameter, argument in zip(parameters, arguments, strict=False):
            cost: int | None = _EXACT
            if argument is not None:
                if names:
                    cost = self._generic_cost(parameter.type_name, argument, names)
                if not names or cost is None:
                    wanted = self.type_of(parameter.type_name, scope, bindings)
                    is_generic = any(name in wanted.base for name in names)
                    cost = None if is_generic else self.cost(wanted, argument)
            if cost is None:
                return None
            costs.append(cost)
        extra = _EXACT if candidate.template else _ELLIPSIS
        return (*costs, *[extra] * (len(arguments) - len(parameters)))

    def _generic_cost(self, type_name: str, given: Type, names: frozenset[str]) -> int | None:
        """What a parameter costs whose type has template parameters in it."""
        written = type_text(type_name)
        if not any(name in type_name for name in names):
            return None
        plain = len(written.parts) == 1 and written.parts[0].name in names
        if written.reference == "&" and given.reference == "&&" and not written.is_const:
            return None
        if written.reference == "&&" and given.reference != "&&" and not plain:
            return None
        if fits(type_name, given, names, {}):
            return _A_LITTLE * (written.is_const and not given.is_const)
        for base in self.ancestors(given.instance) if given.instance is not None else ():
            if fits(type_name, Type(base.name, base, given.stars), names, {}):
                return _STANDARD
        return None

    # ------------------------------------------------------------ one argument

    def cost(self, wanted: Type, given: Type, by_user: bool = True) -> int | None:
        """What it costs to give an argument to a parameter, None where it does not fit."""
        fit = self._conversion(wanted, given, by_user)
        if fit is None:
            return None
        if not wanted.reference:
            return fit
        is_temporary = given.reference == "&&" or (fit >= _STANDARD and not wanted.stars)
        if wanted.reference == "&&":
            fixed = given.is_const and not (wanted.is_const or wanted.stars) and fit < _BY_USER
            refused = fixed or not is_temporary or self._is_name_of(wanted, given)
            return None if refused else fit
        if wanted.is_const:
            closer = given.is_const and given.reference != "&&"
            return fit if closer or wanted.stars else fit + _A_LITTLE
        if given.reference == "&&" or (given.is_const and not given.stars):
            return None
        return fit if not is_temporary or self._is_derived(wanted, given) else None

    def _is_name_of(self, wanted: Type, given: Type) -> bool:
        """Whether a name of the type itself is given, which no `&&` binds to."""
        same = wanted.base == given.base and wanted.stars == given.stars
        return given.reference != "&&" and (same or self._is_derived(wanted, given))

    def _is_derived(self, wanted: Type, given: Type) -> bool:
        return (
            wanted.instance is not None
            and given.instance is not None
            and wanted.stars == given.stars
            and (
                wanted.instance in self.lineage(given.instance)
                or self.is_refined(given.instance, wanted.instance)
            )
        )

    def _conversion(self, wanted: Type, given: Type, by_user: bool) -> int | None:
        stars = given.stars + given.dimensions
        wanted_stars = wanted.stars + wanted.dimensions
        if wanted.base == given.base and wanted_stars == stars:
            if stars and given.is_const and not wanted.is_const:
                return None
            return _A_LITTLE * bool(stars and wanted.is_const and not given.is_const)
        if wanted.base == "auto" or given.base == "auto":
            return _DOUBTFUL
        if self._is_derived(wanted, given):
            return _STANDARD
        if given.instance is not None and not stars:
            return self._from_object(wanted, given.instance, given, by_user)
        if wanted.instance is not None and not wanted_stars:
            return self._to_object(wanted.instance, given, by_user)
        if wanted_stars and stars:
            if wanted.base == "void" and wanted_stars == 1:
                return _STANDARD + _A_LITTLE
            return None if wanted_stars != stars or self._are_known(wanted, given) else _DOUBTFUL
        if wanted_stars:  # a number for a pointer: 0, or a type that hides its star
            return _STANDARD if given.base in _NULL else _DOUBTFUL
        if stars:
            if wanted.base in _ARITHMETIC:
                return _STANDARD if wanted.base == "bool" else None
            return _DOUBTFUL
        if given.base in _NULL and wanted.base in _ARITHMETIC:
            return None
        if wanted.base in _NULL and given.base not in _ARITHMETIC:
            return None  # a handle is no null, whatever its type hides
        return _SIMILAR

    @staticmethod
    def _are_known(wanted: Type, given: Type) -> bool:
        """Whether both are pointers to different things for certain."""
        known = (each.instance is not None or each.base in _ARITHMETIC for each in (wanted, given))
        return all(known)

    def _from_object(self, wanted: Type, made: Instance, given: Type, by_user: bool) -> int | None:
        """An object for something else: by an operator of its, or a constructor of the other."""
        found: list[int] = []
        if wanted.instance is not None and not wanted.stars:
            cost = self._to_object(wanted.instance, given, by_user)
            if cost is not None:
                found.append(cost)
        for owner, each in self.conversions(made) if by_user else ():
            if each.explicit:
                continue
            result = self.type_of(each.returns, owner.scope, owner.bindings)
            cost = self._conversion(wanted, result, by_user=False)
            if each.template or (cost is not None and cost <= _STANDARD):
                found.append(_OPAQUE if cost is None or cost >= _SIMILAR else _BY_USER)
        if not found and by_user and not self.is_complete(made):
            found.append(_OPAQUE)
        if not found and "::lambda#" in made.name and "(" in wanted.base:
            found.append(_BY_USER)  # a lambda turns into a pointer to a function
        return min(found, default=None)

    def _to_object(self, made: Instance, given: Type, by_user: bool) -> int | None:
        """Whether a constructor makes an object of an argument."""
        if not by_user:
            return None
        best: int | None = None
        for each in self.constructors(made):
            needed = [one for one in each.parameters if not (one.default or one.variadic)]
            if each.explicit or each.deleted or not each.parameters or len(needed) > 1:
                continue
            first = self.type_of(each.parameters[0].type_name, made.scope, made.bindings)
            if each.template or first.instance is None or first.stars:
                cost = _EXACT if each.template else self.cost(first, given, by_user=False)
                if cost is not None:
                    exact = _BY_USER if cost <= _STANDARD else _OPAQUE
                    best = exact if best is None else min(best, exact)
            elif first.instance != made and self._is_derived(first, given):
                best = _BY_USER
        if best is None and not self.is_complete(made):
            return _OPAQUE
        return best


def _better(
    one: tuple[Signature, tuple[int, ...]], other: tuple[Signature, tuple[int, ...]]
) -> bool:
    """Whether a candidate is no worse for any argument, and better for one or as a whole."""
    pairs = list(zip(one[1], other[1], strict=True))
    if any(mine > theirs for mine, theirs in pairs):
        return False
    if any(mine < theirs for mine, theirs in pairs):
        return True
    return not one[0].template and bool(other[0].template)


def _alike(
    best: list[tuple[Signature, tuple[int, ...]]],
) -> list[tuple[Signature, tuple[int, ...]]]:
    """Of templates the one that says most; of what differs in `const` alone the one without."""
    if all(each.template for each, _ in best):
        closest = max(_closeness(each) for each, _ in best)
        best = [each for each in best if _closeness(each[0]) == closest]
    types = {tuple(one.type_name for one in each.parameters) for each, _ in best}
    if len(types) > 1:
        return best
    return [each for each in best if not each[0].const][:1] or best[:1]


def _closeness(signature: Signature) -> int:
    """How much the parameters of a template say besides its own parameters."""
    written = [type_text(each.type_name) for each in signature.parameters]
    return sum(
        each.stars + sum(len(part.arguments or ()) for part in each.parts) for each in written
    )


def _plain(scope: Scope) -> Scope:
    return tuple(part.partition("<")[0] for part in scope)
