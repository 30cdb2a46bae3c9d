"""Nasty texts: each production of a grammar nested, or repeated, to a size.

before, n times `opening`, `middle`, n times `closing`, after      in a function with a handle
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

C_BEFORE = (
    "int f(HCRYPTPROV p, int x, int *y)\n{\n    HCRYPTKEY k;\n    CryptGenKey(p, 1, 0, &k);\n"
)
C_AFTER = "\n    CryptDestroyKey(k);\n    return x;\n}\n"
PYTHON_BEFORE = (
    "import ctypes\n\ndef f(p, x, y):\n    k = ctypes.c_void_p()\n"
    "    ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))\n"
)
PYTHON_AFTER = "\n    ctypes.windll.advapi32.CryptDestroyKey(k)\n    return x\n"


class Shape(NamedTuple):
    """A production; `alone` stands outside of any function, `{}` is the number of the repetition."""

    name: str
    suffix: str
    opening: str
    middle: str = ""
    closing: str = ""
    before: str = ""
    after: str = ""
    alone: bool = False

    def text(self, size: int) -> str:
        """The shape as a file of about so many characters."""
        python = self.suffix == ".py"
        head = PYTHON_BEFORE if python else C_BEFORE
        tail = PYTHON_AFTER if python else C_AFTER
        count = max(1, size // len(self.opening + self.closing))
        inner = self.before + _times(self.opening, count) + self.middle
        inner += _times(self.closing, count) + self.after
        return f"{inner}\n{head}{tail}" if self.alone else f"{head}    {inner}{tail}"


def _times(unit: str, count: int) -> str:
    return (
        "".join(unit.replace("{}", str(n)) for n in range(count)) if "{}" in unit else unit * count
    )


# name, opening, middle, closing, before, after
_C = """
parentheses|(|1|)|x = |;
open parentheses|(
open braces|{
open brackets|[
close braces|}
blocks|{|;|}
brackets|[|1|]|x = y|;
comments|/*
stars|*
ampersands|&
blanks| 
tabs|\\t
line ends|\\n
backslashes|\\\\\\n
colons|:
semicolons|;
commas|,
quotes|"
apostrophes|'
hashes|#\\n
question marks|x ?|1|: x|x = |;
unary minus|-|x||x = |;
unary not|!|x||x = |;
unary not, spaced|! |x||x = |;
address of|&|x||y = |;
dereference|*|y||x = |;
sizeof|sizeof(|x|)|x = |;
casts|(int)|x||x = |;
plus|x + |x||x = |;
and|x && |x||x = |;
or|x or |x||if (|);
mixed and or|(x && |x|) \\|\\| x|x = |;
comparisons|x == |x||x = |;
shifts|x << |x||x = |;
commas in an expression|x, |x||x = (|);
assignments|x = |1||
calls nested|g(|x|)|x = |;
calls in a row|g(x);
calls of calls|g|()|()|x = |;
members|->m|||y|;
member chain|.m|||x = y|;
subscripts|[x]|||x = y|;
strings|"a"|||char *s = |;
numbers|1|||x = |;
if|if (x) |;
if with a block|if (x) {|;|}
if else chain|if (x == {}) x = 1; else |;
if call chain|if (!CryptDestroyKey(k)) return 1; else |;
ifs in a row|if (x == {}) x++;\\n
ifs with return|if (x == {}) return x;\\n
ifs that destroy|if (x == {}) CryptDestroyKey(k);\\n
while|while (x) |;
for|for (;;) |;
for with a block|for (x = 0; x < {}; x++) {|;|}
do|do |x++;| while (x);
switch|switch (x) |;
switch with a block|switch (x) { case 1: |;|}
cases|case {}: ||| switch (x) {|}
cases that break|case {}: x++; break;\\n||| switch (x) {|}
cases that create|case {}: CryptGenKey(p, 1, 0, &k);\\n||| switch (x) {|}
labels|L{}: ;
gotos|goto L{}; L{}: ;
gotos back|L{}: if (x) goto L{};\\n
gotos to one|if (x == {}) goto end;\\n||||end: ;
declarations|int v{};
handles|HCRYPTKEY k{}; CryptGenKey(p, 1, 0, &k{});\\n
handles of one name|CryptGenKey(p, 1, 0, &k);\\n
uses|CryptEncrypt(k, 0, 0, 0, 0, 0, 0);\\n
checked uses|if (!CryptEncrypt(k, 0, 0, 0, 0, 0, 0)) return 1;\\n
statements|x++;
pointers|int |a|;|
pointer declarators|*|a||int |;
array declarators|[1]|||int a|;
function declarators|(|a|)()|int |;
initialisers|{|1|}|int a[] = |;
initialiser list|1,|1||int a[] = {|};
designated initialisers|.m = {|1|}|struct s a = {|};
compound literals|(struct s){|1|}|y = |;
statement expressions|({|x;|;})|x = |;
generic|_Generic(x, int: |x|)|x = |;
attributes|__attribute__((unused)) |int a;
asm|__asm__("nop");
seh|__try {|x++;|} __finally {}
seh except|__try {|x++;|} __except(1) {}
macro calls unseen|M(|x|)|x = |;
macro calls with blocks|M(x) {|;|}
macro statements|M(x)\\n
line markers|#line 1\\n
pragmas|#pragma x\\n
ifdefs in code|#ifdef A{}\\n|x;|\\n#endif\\n|\\n
ifdefs in a row|#ifdef A{}\\nx++;\\n#endif\\n||| \\n
ifdefs of one|#ifdef A\\nx++;\\n#else\\nx--;\\n#endif\\n||| \\n
words|a 
"""
_C_ALONE = """
ifs of the preprocessor|#if 1\\n||#endif\\n
elifs|#elif A{}\\n|||#if 0\\n|#endif\\n
ifs not closed|#if X{}\\n
else not opened|#else\\n
condition parentheses|(|1|)|#if |\\n\\n#endif\\n
condition nots|!|1||#if |\\n\\n#endif\\n
condition ors|A{} \\|\\| |1||#if |\\n\\n#endif\\n
defines|#define A{} 1\\n
defines of functions|#define A{}(x) x\\n
defines that chain|#define A{} B{}\\n
define that is long|x + ||| #define A |\\n
includes|#include "x{}.h"\\n
typedefs|typedef int t{};\\n
typedef chain|typedef struct s{} {int a;} t{};\\n
structs nested|struct {|int a;|};
structs|struct s{} { HCRYPTKEY key; };\\n
enums|E{},|||enum {|};
enum with values|E{} = 1,|||enum {|};
enums that count on|E{} = (|1|),|enum {|};
prototypes|int g{}(int);\\n
functions|int g{}(int x) { return x; }\\n
functions that create|int g{}(HCRYPTPROV p, HCRYPTKEY *k) { return CryptGenKey(p, 1, 0, k); }\\n
functions that call the one before|int g{}(HCRYPTKEY k) { return CryptDestroyKey(k); }\\n
globals|HCRYPTKEY g{};\\n
globals with values|int g{} = {};\\n
parameters|int,|int||int g(|);
K&R parameters|int a{};|||int g(a) |{ return 1; }
extern C|extern "C" {|int a;|}
unclosed functions|int g{}(int x) {\\n
words alone|a 
stars alone|*
parentheses alone|(
braces alone|{
closing braces alone|}
angle brackets alone|<
unclosed strings|"\\n
backslash line ends alone|\\\\\\n
comment ends|*/
"""
_CPP = """
lambdas|[=]{|x;|}();
lambdas of lambdas|[=]{ return |x|; }|auto l = |;
try|try {|x++;|} catch (...) {}
try catch chain|catch (E{} &) { x++; }|||try { g(); } |
throws|throw x;
new|new T(|x|)|y = |;
deletes|delete y;
templates used|T<|int|>|| a;
scopes|N::|a||
qualified calls|n::g(|x|)|x = |;
range for|for (auto v : y) |;
ifs with declarations|if (int v{} = x) |;
structured bindings|auto [a{}, b{}] = y;\\n
static casts|static_cast<int>(|x|)|x = |;
overloaded operators|operator+(|x|)|x = |;
unique pointers|std::unique_ptr<int> u{}(new int);\\n
unique pointers nested|std::unique_ptr<|int|>|| u;
objects with destructors|K k{}(p);\\n
shifts out|<< x |||std::cout |;
vectors|v.push_back(k);\\n
co_await|co_await |x||x = |;
"""
_CPP_ALONE = """
namespaces|namespace n{} {|int a;|}
classes nested|class C{} {|int a;|};
classes|class C{} { HCRYPTKEY k; ~C{}() { CryptDestroyKey(k); } };\\n
bases|B{},|||class C : |B { int a; };
class chain|struct C{} : C { HCRYPTKEY k; };\\n
methods|void m{}() { CryptDestroyKey(k); }|||struct C { HCRYPTKEY k; |};
constructors|C(int a{}) : k(0) {}|||struct C { HCRYPTKEY k; |};
member initialisers|m{}(0),|||struct C { C() : |k(0) {} };
overloads|void g(T{} a) {}\\n
templates|template <class T> void g{}(T a) { CryptDestroyKey(a); }\\n
template parameters|class T{},|||template <|class T> void g(T a) {}
template heads|template <class T{}> |||| void g() {}
template arguments|A<|int|>|| a;
usings|using t{} = int;\\n
operators|C operator+(C a, int b{});\\n
access|public:
concepts|requires A<T{}> && |||template <class T> |true void g() {}
decltype|decltype(|x|)|| a;
attributes alone|[[a]] |||| int x;
trailing types|auto g{}() -> int { return 1; }\\n
friends|friend class F{};|||class C {|};
"""
_PY = """
parentheses|(|1|)|x = |
open parentheses|(
brackets|[|1|]|x = |
braces|{|1|}|x = |
dicts|{1: |1|}|x = |
tuples|(|1|,)|x = |
unary minus|-|x||x = |
not|not |x||x = |
invert|~|x||x = |
await|await |x||x = |
plus|x + |x||x = |
powers|x ** |x||x = |
and|x and |x||x = |
or|x or |x||x = |
comparisons|x < |x||x = |
conditional|x if x else |x||x = |
lambdas|lambda: |x||x = |
calls nested|g(|x|)|x = |
calls of calls|()|||x = g|
members|.m|||x = y|
subscripts|[x]|||x = y|
strings|'a' |||x = |
f-strings|f"{x}" |||x = |
walrus|(a := |x|)|x = |
starred|*|x||g(|)
arguments|x, |x||g(|)
keywords|a{}=x, |||g(|)
list items|x,|||x = [|]
assign chain|x = |1||
comprehensions|[|x| for x in y]|x = |
comprehension fors| for a{} in y|||x = [1|]
comprehension ifs| if x|||x = [a for a in y|]
statements|x = 1; |||| x = 2
statements in lines|x = 1\\n    
calls in lines|g(x)\\n    
handles in lines|k{} = ctypes.c_void_p(); ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k{}))\\n    
creations in lines|ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))\\n    
ifs in lines|if x == {}: x = 1\\n    
ifs that return|if x == {}: return x\\n    
ifs that destroy|if x == {}: ctypes.windll.advapi32.CryptDestroyKey(k)\\n    
elifs|elif x == {}: x = 1\\n    |||if x: pass\\n    |
excepts|except E{}: x = 1\\n    |||try: g()\\n    |
withs|with g({}) as a{}, |||| h() as b: pass
cases|case {}: pass\\n        |||match x:\\n        |
case patterns|[|1|]|match x:\\n        case |: pass
case ors|{} \\| |1||match x:\\n        case |: pass
globals|global a{}\\n    
deletes|del x\\n    
asserts|assert x, {}\\n    
imports|import m{}\\n    
decorators|@d{}\\n    ||||def h(): pass
defs in lines|def h{}(): return x\\n    
classes in lines|class C{}: a = x\\n    
print statements|print x\\n    
backticks|`|x|`|x = |
semicolons|;
colons|:
comments|#\\n    
quotes|'
triple quotes|\\"\\"\\"
backslashes|\\\\\\n
tabs|\\t
words|a 
at signs|@
returns|return x\\n    
yields|yield x\\n    
raises|raise x\\n    
"""
_PY_ALONE = """
functions|def g{}(p): return p\\n
functions that create|def g{}(p):\\n    k = ctypes.c_void_p()\\n    ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))\\n    return k\\n
classes|class C{}:\\n    def m(self): pass\\n
class chain|class C{}(C): pass\\n
imports|import m{}\\n
from imports|from m import a{}\\n
constants|A{} = {}\\n
decorators|@d\\n||||def g(): pass
docstrings|'''a'''\\n
parameters|a{}, |||def g(|): pass
default values|a{}=1, |||def g(|): pass
open parentheses alone|(
form feeds|\\f
"""
_PY_INDENTED = (
    "if x:",
    "while x:",
    "for a in y:",
    "with x:",
    "try:",
    "def h():",
    "class C:",
    "else:",
)


def shapes() -> Iterator[Shape]:
    """All of them."""
    for suffixes, table, alone in (
        ((".c", ".cpp"), _C, False),
        ((".c", ".cpp"), _C_ALONE, True),
        ((".cpp",), _CPP, False),
        ((".cpp",), _CPP_ALONE, True),
        ((".py",), _PY, False),
        ((".py",), _PY_ALONE, True),
    ):
        for line in table.strip("\n").splitlines():
            name, *parts = (_plain(part) for part in _cells(line))
            opening, middle, closing, before, after = [*parts, "", "", "", "", ""][:5]
            for suffix in suffixes:
                yield Shape(name, suffix, opening, middle, closing, before, after, alone)


def _cells(line: str) -> list[str]:
    return line.replace(r"\|", "\0").split("|")


def _plain(cell: str) -> str:
    for written, meant in (("\0", "|"), (r"\n", "\n"), (r"\t", "\t"), (r"\f", "\f"), (r"\"", '"')):
        cell = cell.replace(written, meant)
    return cell.replace("\\\\", "\\")
