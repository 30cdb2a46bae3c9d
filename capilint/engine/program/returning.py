"""Which unseen functions are known to come back: something follows a call of them, somewhere.

note("begin"); size = 0;                 note() comes back
if (n > 9) {
    CryptDestroyKey(key);
    panic("too many");                   who knows: nothing follows it here, nor anywhere
}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from capilint.ir import Assign, Call, Direct, Function


def returning(functions: Iterable[Function], ends: Callable[[str], bool]) -> frozenset[str]:
    """The names of the functions that the code of others shows to come back. Those that `ends`
    names are known never to do so, and what stands before one of them need not, either."""
    found: set[str] = set()
    for function in functions:
        for block in function.blocks:
            before = ""
            for instruction in block.instructions:
                match instruction:
                    case Call(Direct(name)):
                        if before and not ends(name):
                            found.add(before)
                        before = "" if instruction.ends_branch or ends(name) else name
                    case Call() | Assign():
                        found.add(before)
                        before = ""
    return frozenset(found - {""})
