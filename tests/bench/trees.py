"""Trees of C files that a run must get past: its cost is a ratio to `grep -rlE` of the same names.

    irrelevant   2,430 files of 1 to 60 kB that name no known function, in 90 folders
    names alike  10,000 small files that define and call `init` and `open`, each its own; and the
                 same with four files more, in which an `open` gives a key to its caller

The text is drawn by chance from a fixed seed: each run measures the same trees.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from capilint.rulebook.folder import rule_folder, texts_in

FILES, FILES_WITH_NAMES_ALIKE = 2_430, 10_000
_WORDS = "buffer cache client config cursor decrypt encrypt entry error event flags frame handle "
_WORDS += "header index init key length list lock next node offset open packet parent pool query "
_WORDS += "queue read result session size socket state status stream table thread token value write"
_FUNCTION = """
/* {0}: the {1} of a {2}; see {3}_{4}() for its {5}. */
static int {0}_{1}(struct {2} *{3}, const char *{4}, size_t {5})
{{
    int {6} = {3}->{7} + (int){5};

    if ({4} == NULL || {6} < 0)
        return -1;
    for (size_t i = 0; i < {5}; i++)
        {3}->{8}[i % 64] ^= {4}[i];
    return {9}_{1}({3}, {6}) ? 0 : {6};
}}
"""
_IGNORED = "*.o\n*.a\n*.log\n/build/\n.idea/*\nmisc/*\nsrc/version.h\n!keep.log\n**/generated/*.c\n"
_NAMES_ALIKE = """
struct thing_{number} {{ int state; char name[32]; }};

int init(struct thing_{number} *thing)
{{
    thing->state = {number};
    return open(thing, "thing", 0);
}}

int open(struct thing_{number} *thing, const char *name, int flags)
{{
    if (flags && !init(thing))
        return -1;
    return thing->state + name[0];
}}
"""
# Of them, `lib.c` alone names a function of the API.
_RELEVANT = {
    "lib.h": "#include <wincrypt.h>\nBOOL open_session(HCRYPTPROV hProv, HCRYPTKEY *phKey);\n",
    "lib.c": """\
#include "lib.h"
BOOL open_session(HCRYPTPROV hProv, HCRYPTKEY *phKey)
{
    return CryptGenKey(hProv, CALG_RC4, 0, phKey);
}
""",
    "open.c": """\
#include "lib.h"
int open(HCRYPTPROV hProv, HCRYPTKEY *phKey)
{
    return open_session(hProv, phKey) ? 0 : -1;
}
""",
    "app.c": """\
#include "lib.h"
int use(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    return open_session(hProv, &hKey) ? 0 : -1;
}
""",
}


def known_names() -> str:
    """A pattern for `grep -E`: every function that the rules describe."""
    texts = (text for _, text in texts_in(f"{rule_folder()}/families", ".toml"))
    names = {name for text in texts for name in re.findall(r"^\[function\.(\w+)\]$", text, re.M)}
    return "|".join(sorted(name for name in names if "Crypt" in name))


def irrelevant_tree(root: Path) -> float:
    """Write the first tree, a repository with a .gitignore; its size in megabytes."""
    chance = random.Random(1)
    words = _WORDS.split()
    (root / ".git").mkdir(parents=True)
    (root / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    size = 0
    for number in range(FILES):
        folder = root / f"part_{number // 270}" / f"unit_{number // 27}"
        folder.mkdir(parents=True, exist_ok=True)
        functions = int(2 + 150 * chance.random() ** 4)  # many small files, a few large ones
        text = "".join(_FUNCTION.format(*chance.sample(words, 10)) for _ in range(functions))
        (folder / f"file_{number}.c").write_text(text, encoding="utf-8")
        size += len(text)
    return size / 1e6


def tree_of_names_alike(root: Path) -> None:
    """Write the second tree, without the relevant files."""
    for number in range(FILES_WITH_NAMES_ALIKE):
        folder = root / f"part_{number // 1000}" / f"unit_{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        text = _NAMES_ALIKE.format(number=number)
        (folder / f"file_{number}.c").write_text(text, encoding="utf-8")


def add_relevant_files(root: Path) -> None:
    """Write the relevant files of the second tree."""
    for name, text in _RELEVANT.items():
        (root / name).write_text(text, encoding="utf-8")
