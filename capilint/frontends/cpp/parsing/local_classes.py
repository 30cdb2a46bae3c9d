"""Classes that functions define in their bodies, which are read as if they stood around them.

BOOL hash() { struct Cleanup { ~Cleanup() { .. } } c; .. }     scope (hash, Cleanup)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from capilint.frontends.cpp.facts import gather
from capilint.frontends.cpp.facts.model import Declarations
from capilint.frontends.cpp.parsing.outline import Definition, definitions, without_bodies

_CLASS = re.compile(r"\b(?:class|struct)\s++\w[^;{}()=]{0,500}+\{")


def with_local_classes(
    text: str,
    functions: Sequence[Definition],
    declarations: Declarations,
    expand: Callable[[str], str],
) -> Iterator[Definition]:
    """The methods of local classes. The classes are added to `declarations`; their scope is the
    function."""
    for function in functions:
        inside = text[function.body : function.end]
        if ("class" not in inside and "struct" not in inside) or _CLASS.search(inside) is None:
            continue
        within = function.body + 1, function.end - 1
        scope = (*function.scope, function.name)
        methods = [each for each in definitions(text, None, *within) if each.in_class]
        found = gather.declared_in_text(expand(without_bodies(text, methods, *within)), scope)
        declarations.classes.update(found.classes)
        declarations.namespaces.add("::".join(scope))
        for each in methods:
            yield replace(each, scope=(*scope, *each.scope), internal=True)
