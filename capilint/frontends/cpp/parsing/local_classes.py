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

_CLASS = re.compile(r"\b(?:class|struct)\s+\w[^;{}()=]*\{")


def with_local_classes(
    text: str,
    functions: Sequence[Definition],
    declarations: Declarations,
    expand: Callable[[str], str],
) -> Iterator[tuple[str, Definition]]:
    """The methods of local classes, each with the text that it stands in: the file's, blank but for
    one function. The classes are added to `declarations`; their scope is the function."""
    for function in functions:
        if _CLASS.search(text, function.body, function.end) is None:
            continue
        before = re.sub(r"[^\n]", " ", text[: function.body + 1])
        inside = before + text[function.body + 1 : function.end - 1]
        scope = (*function.scope, function.name)
        methods = [each for each in definitions(inside) if each.in_class]
        found = gather.declared_in_text(expand(without_bodies(inside, methods)), scope)
        declarations.classes.update(found.classes)
        declarations.namespaces.add("::".join(scope))
        for each in methods:
            yield inside, replace(each, scope=(*scope, *each.scope), internal=True)
