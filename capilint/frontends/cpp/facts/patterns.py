"""Matches template parameters with what stands in their place: `Holder<T>` with `Holder<int>`.

Partial specialisations and the deduction of function templates' parameters are both this.
"""

from __future__ import annotations

from capilint.frontends.cpp.facts.typetext import TypeText, type_text


def match(pattern: str, given: str, names: frozenset[str], bound: dict[str, str]) -> bool:
    """Whether a canonical type or value fits a pattern; `bound` gets what the names stand for.

    What the pattern names besides is compared by its last part: it was written elsewhere.
    """
    written, actual = type_text(pattern), type_text(given)
    if not written.parts or not actual.parts:
        return pattern == given
    first = written.parts[0]
    if len(written.parts) == 1 and first.name in names and first.arguments is None:
        return _bind(first.name, written, actual, given, bound)
    if written.stars != actual.stars or written.dimensions != actual.dimensions:
        return False
    last, other = written.parts[-1], actual.parts[-1]
    if last.name != other.name and last.name not in names:
        return False
    if last.name in names:
        bound.setdefault(last.name, "::".join([*(p.text for p in actual.parts[:-1]), other.name]))
    if (last.arguments is None) != (other.arguments is None):
        return False
    mine, theirs = last.arguments or (), other.arguments or ()
    if len(mine) > len(theirs):  # fewer: the others are defaults, or a pack's
        return False
    return all(match(one, two, names, bound) for one, two in zip(mine, theirs, strict=False))


def _bind(
    name: str, written: TypeText, actual: TypeText, given: str, bound: dict[str, str]
) -> bool:
    stars = actual.stars - written.stars
    dimensions = actual.dimensions - written.dimensions
    if stars < 0 or dimensions < 0 or (written.is_const and not actual.is_const):
        return False
    if written.reference and written.reference != actual.reference:
        return False
    if not (written.stars or written.dimensions or written.reference or written.is_const):
        rest = given
    else:
        const = "const " if actual.is_const and not written.is_const else ""
        base = "::".join(part.text for part in actual.parts)
        reference = "" if written.reference else actual.reference
        rest = const + base + "*" * stars + "[]" * dimensions + reference
    return bound.setdefault(name, rest) == rest
