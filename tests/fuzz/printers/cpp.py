"""Generated programs as C++: what C writes out is done by objects, references and exceptions.

How each variable is kept and how the function is left is chosen by the program itself, so that a
program has one text.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from tests.fuzz.operations import HELPERS
from tests.fuzz.printers.c import TYPES, CPrinter
from tests.fuzz.printers.text import helpers_of
from tests.fuzz.program import Api, Block, Leave

_HOLDER = """\
class Holder {
    HCRYPTKEY handle;
public:
    Holder() : handle(0) {}
    Holder(Holder &&other) : handle(other.handle) { other.handle = 0; }
    Holder(const Holder &) = delete;
    ~Holder() { reset(); }
    HCRYPTKEY *operator&() { return &handle; }
    operator HCRYPTKEY() const { return handle; }
    HCRYPTKEY get() const { return handle; }
    HCRYPTKEY keep(HCRYPTKEY given) { return handle = given; }
    HCRYPTKEY release() { HCRYPTKEY old = handle; handle = 0; return old; }
    void reset() { if (handle) CryptDestroyKey(handle); handle = 0; }
};"""
_OWNER = """\
struct Owner {
    HCRYPTKEY key;
    Owner() : key(0) {}
    ~Owner() { if (key) CryptDestroyKey(key); }
};"""
_GUARD = """\
struct Guard {
    HCRYPTKEY &key;
    explicit Guard(HCRYPTKEY &watched) : key(watched) {}
    ~Guard() { if (key) CryptDestroyKey(key); }
};"""
_LATER = """\
template <typename Action> class Later {
    Action action;
public:
    explicit Later(Action given) : action(given) {}
    ~Later() { action(); }
};
template <typename Action> Later<Action> later(Action action) { return Later<Action>(action); }"""
_TOOLS = """\
class Tools {
    HCRYPTPROV prov;
public:
    explicit Tools(HCRYPTPROV given) : prov(given) {}
    BOOL make(HCRYPTKEY &key) const { return CryptGenKey(prov, 1, 0, &key); }
    BOOL make_checked(HCRYPTKEY &key) const;
    HCRYPTKEY fresh() { HCRYPTKEY key = 0; return make(key) ? key : 0; }
};
BOOL Tools::make_checked(HCRYPTKEY &key) const { if (!make(key)) return FALSE; return TRUE; }"""
_BY_REFERENCE = {
    "clear": "static void clear(HCRYPTKEY &k) { if (k) { CryptDestroyKey(k); k = 0; } }",
    "make": "static BOOL make(HCRYPTPROV c, HCRYPTKEY &k) { return CryptGenKey(c, 1, 0, &k); }",
    "make_checked": "static bool make_checked(HCRYPTPROV c, HCRYPTKEY &k)"
    " { if (!CryptGenKey(c, 1, 0, &k)) return false; return true; }",
}
_REQUIRE = "static void require(BOOL fine) { if (!fine) throw Left(); }"
_METHODS = ("make", "make_checked", "fresh")
_KEEPING = {"holder": _HOLDER, "owner": _OWNER, "guard": _GUARD, "later": _LATER}
_ENDED_BY_DESTRUCTORS = ("holder", "guard", "later")


class CppPrinter(CPrinter):
    """Scopes own by objects; `throw` may stand for a jump to the cleanup."""

    def program(self) -> None:
        """Print all of it."""
        program = self._program
        self._seed = crc32(repr(program).encode())
        leaves = any(isinstance(each, Leave) for each in program.statements())
        ways = ("jump", "catch", "rethrow") if program.cleanup else ("jump", "catch")
        self._way = self._pick("way", ways) if leaves else "jump"
        self._text.throws = self._way != "jump"
        # Only the program's own exceptions are thrown: no `new` where all of them are caught.
        kinds = [kind for kind in _KEEPING if kind != "owner" or self._way != "rethrow"]
        self._kinds = {name: self._pick(name, kinds) for name in sorted(program.owned())}
        self._methods = self._pick("methods", (True, False))
        self._by_reference = self._pick("reference", (True, False))
        self._stored = {
            name: self._pick(name, ("plain", "plain", "member", "alias"))
            for name in program.variables()
            if name not in self._kinds and name not in program.given
        }
        self._name()
        super().program()

    def _pick(self, what: str, choices: Sequence[object]) -> object:
        return choices[crc32(f"{self._seed} {what}".encode()) % len(choices)]

    def _name(self) -> None:
        """What reports may call the variables that are in objects."""
        names = self._text.names
        for name, stored in self._stored.items():
            names[name] = {"plain": {name}, "member": {f"box.{name}"}, "alias": {name, f"{name}_"}}[
                stored
            ]
        for name, kind in self._kinds.items():
            of_kind = {"holder": {name, f"{name}.handle"}, "owner": {f"{name}->key"}}
            names[name] = of_kind.get(kind, {name})
        if self._methods:  # of Tools, which have a context of their own
            for name in self._program.variables():
                names.setdefault(name, {name})
                names[name] |= {"prov"} if name[0] == "c" else set()

    # ------------------------------------------------------------ the frame

    def _head(self) -> None:
        text, helpers = self._text, helpers_of(self._program)
        for line in ("#include <windows.h>", "#include <wincrypt.h>", ""):
            text.add(0, line)
        text.add(0, "void stash(ULONG_PTR handle);")
        if self._way != "jump":
            self._lines(f"struct Left {{}};\n{_REQUIRE}")
        for name in sorted(set(self._kinds.values())):
            self._lines(_KEEPING[name])
        if self._methods and any(name in _METHODS for name in helpers):
            self._lines(_TOOLS)
        for name in helpers:
            if not (self._methods and name in _METHODS):
                by_reference = _BY_REFERENCE if self._by_reference else {}
                text.add(0, by_reference.get(name, HELPERS[name].c))

    def _signature(self, parameters: str) -> None:
        if self._pick("signature", (True, False)):
            super()._signature(parameters)
            return
        self._text.add(0, f"struct Job {{ {self._result_type()} subject{parameters}; }};")
        self._text.add(0, f"{self._result_type()} Job::subject{parameters}")

    def _lines(self, lines: str) -> None:
        for line in lines.split("\n"):
            self._text.add(0, line)

    def _declarations(self) -> None:
        text, stored = self._text, self._stored
        members = [name for name, kind in stored.items() if kind == "member"]
        if members:
            declared = " ".join(f"{TYPES[name[0]]} {name};" for name in members)
            text.add(1, f"struct Box {{ {declared} }};")
            text.add(1, "Box box = {};")
        for name, kind in stored.items():
            if kind == "alias":
                text.add(1, f"{TYPES[name[0]]} {name}_ = 0;")
                text.add(1, f"{TYPES[name[0]]} &{name} = {name}_;")
            elif kind == "plain":
                text.add(1, f"{TYPES[name[0]]} {name} = 0;")
        for name in self._program.statuses():
            text.add(1, f"BOOL {name} = FALSE;")
        if self._program.loops():
            text.add(1, "int i;")

    def _whole_body(self) -> None:
        if self._way == "jump":
            super()._whole_body()
            return
        text, program = self._text, self._program
        text.add(1, "try {")
        self._block(2, program.body)
        text.add(1, "} catch (...) {" if self._way == "rethrow" else "} catch (const Left &) {")
        if self._way == "rethrow":
            self._block(2, program.cleanup)
            text.add(2, "throw;")
        elif not program.cleanup:
            text.add(2, "return 0;")
        text.add(1, "}")
        self._block(1, program.cleanup)
        text.add(1, f"return {self._value(program.result) or 0};", 0)

    # ------------------------------------------------------------ scopes

    def _scope(self, depth: int, body: Block, owned: Sequence[str], number: int) -> None:
        self._text.add(depth, "{")
        for name in owned:
            self._declare(depth + 1, name)
        super()._scope(depth + 1, body, owned, number)
        ended = self._ended(owned, number)
        self._text.add(depth, "}", *ended)
        self._text.unseen.add(number)

    def _end_of_scope(self, depth: int, owned: Sequence[str]) -> None:
        for name in owned:
            if self._kinds[name] == "holder" and self._pick(f"move {name}", (True, False)):
                moved = f"Holder moved_{name}(static_cast<Holder &&>({name}));"
                self._text.add(depth, moved)

    def _declare(self, depth: int, name: str) -> None:
        add = self._text.add
        match self._kinds[name]:
            case "holder":
                add(depth, f"Holder {name};")
            case "owner":
                add(depth, f"Owner *{name} = new Owner;")
            case "guard":
                add(depth, f"HCRYPTKEY {name} = 0;")
                add(depth, f"Guard guard_{name}({name});")
            case _:
                add(depth, f"HCRYPTKEY {name} = 0;")
                end = f"[&{name}] {{ if ({name}) CryptDestroyKey({name}); }}"
                add(depth, f"auto end_{name} = later({end});")

    def _ended(self, owned: Sequence[str], number: int) -> list[int]:
        """The scope's number, where leaving it is what ends something."""
        return [number for name in owned if self._kinds[name] in _ENDED_BY_DESTRUCTORS]

    def _close(self, depth: int, outermost: int) -> None:
        for owned, number in reversed(self._open[outermost:]):
            for name in owned:
                if self._kinds[name] == "owner":
                    self._simple(depth, f"delete {name}", number)

    def _break(self, depth: int, number: int) -> None:
        self._exit(depth, self._in_loop[-1], "break", number)

    def _leave(self, depth: int, number: int) -> None:
        jump = "goto cleanup" if self._program.cleanup else "return 0"
        self._exit(depth, 0, jump if self._way == "jump" else "throw Left()", number)

    def _exit(self, depth: int, outermost: int, words: str, number: int) -> None:
        self._close(depth, outermost)
        ended = [each for scope in self._open[outermost:] for each in self._ended(*scope)]
        self._text.add(depth, f"{words};", number, *ended)

    def _branch(self, depth: int, test: str, then: Block, otherwise: Block, number: int) -> None:
        if self._way == "jump" or then or not self._may_throw_at_once(otherwise):
            super()._branch(depth, test, then, otherwise, number)
            return
        ended = [each for scope in self._open for each in self._ended(*scope)]
        self._text.add(depth, f"require({test});", number, otherwise[0].number, *ended)

    def _may_throw_at_once(self, block: Block) -> bool:
        """Whether it only leaves, and nothing must be deleted before."""
        owners = any(self._kinds[name] == "owner" for owned, _ in self._open for name in owned)
        only = len(block) == 1 and isinstance(block[0], Leave)
        return only and not owners and bool(self._pick("require", (True, False)))

    # ------------------------------------------------------------ expressions

    def _copy(self, target: str, source: str) -> str:
        if self._kinds.get(target) == "holder" and not source:
            return f"{target}.release()"
        return self._assigned(target, self._value(source) or "0")

    def _assigned(self, target: str, value: str) -> str:
        if self._kinds.get(target) == "holder":
            return f"{target}.keep({value})"
        return f"{self._value(target)} = {value}"

    def _call(self, api: Api) -> str:
        if api.operation == "close":  # a pointer and a number are two things
            return f"CloseHandle(reinterpret_cast<HANDLE>({self._value(api.arguments[0])}))"
        return super()._call(api)

    def _helper_call(self, api: Api) -> str:
        name = api.operation
        if name == "clear" and self._kinds.get(api.arguments[0]) == "holder":
            return f"{api.arguments[0]}.reset()"
        if not (self._methods and name in _METHODS):
            return super()._helper_call(api)
        made = f"Tools({self._value(api.arguments[0])}).{name}"
        if HELPERS[name].returned:
            return self._assigned(api.target, f"{made}()")
        return f"{made}({self._referred(api.target)})"

    def _value(self, name: str) -> str:
        if self._kinds.get(name) == "holder":
            return f"{name}.get()" if self._pick(f"get {name}", (True, False)) else name
        if self._kinds.get(name) == "owner":
            return f"{name}->key"
        return f"box.{name}" if self._stored.get(name) == "member" else name

    def _address(self, name: str) -> str:
        return f"&{name}" if self._kinds.get(name) == "holder" else f"&{self._value(name)}"

    def _lent(self, name: str) -> str:
        return self._referred(name) if self._by_reference else self._address(name)

    def _referred(self, name: str) -> str:
        return f"*&{name}" if self._kinds.get(name) == "holder" else self._value(name)
