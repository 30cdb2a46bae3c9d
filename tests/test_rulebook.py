"""The rule book: what it refuses, what it finds, and how fast it is when nothing is to be found."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from capilint.language import Language
from capilint.rulebook.book import Bound, RuleBook, load
from capilint.rulebook.folder import rule_folder
from capilint.rulebook.namescan import watched_resources
from capilint.rulebook.protocol import Creation, Success
from capilint.rulebook.tomlfile import RuleError, RuleFile, line_of, parse

RULES = Path(rule_folder())

GOOD = """\
family = "toy"
dlls = ["toy32"]
scan_word = "Toy"

[constants]
TOY_NONE = 0x10

[resource.box]
handle_type = "HBOX"
release = "ToyCloseBox"

[resource.ball]
handle_type = "HBALL"
release = "ToyDropBall"
owner = "box"

[function.ToyOpenBox]
params = ["phBox", "dwFlags"]
creates = { into = "phBox", resource = "box", unless = { dwFlags = "TOY_NONE" } }

[function.ToyCloseBox]
params = ["hBox"]
releases = { hBox = "box" }

[function.ToyTakeBall]
forms = ["A", "W"]
params = ["hBox", "phBall"]
creates = { into = "phBall", resource = "ball", owner = "hBox" }
uses = { hBox = "box" }

[function.ToyDropBall]
params = ["hBall"]
releases = { hBall = "ball" }
"""
GOOD_BINDING = """\
binding = "toys"
boxed = true
libraries = ['toys\\.{dll}']
looks_only = ["toys.look"]

[method.box.take]
params = ["self"]
creates = { into = "return", resource = "ball", owner = "self" }
uses = { self = "box" }
"""


def toy_book(folder: Path, family: str = GOOD, binding: str = GOOD_BINDING) -> RuleBook:
    """A rule book of one family and one binding."""
    for kind, text in (("families", family), ("bindings", binding)):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / "toy.toml").write_text(text, encoding="utf-8")
    return RuleBook(str(folder))


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load()


def python(book: RuleBook, name: str) -> Bound | None:
    return book.direct(name, Language.PYTHON)


# ---------------------------------------------------------------- refusals


def line_in(text: str, part: str) -> int:
    """The 1-based line of the first occurrence of `part`."""
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("params = [\"hBall\"]", "parms = [\"hBall\"]", "unknown key `parms`; did you mean"),
        ("releases = { hBall", "releases = { hBal", "parameter `hBal`; did you mean `hBall`?"),
        ('{ hBall = "ball" }', '{ hBall = "bal" }', "unknown resource `bal`; did you mean `ball`?"),
        ('{ hBall = "ball" }', '"hBall"', "`releases` must be a table"),
        ('into = "phBall"', 'into = "phBell"', "unknown parameter `phBell`"),
        ('into = "phBall", resource = "ball"', 'into = "phBall", resource = "bell"', "`bell`"),
        ('owner = "hBox"', 'owner = "phBall"', "the owner of a ball is a box"),
        ('owner = "hBox"', 'owner_of = "hBox"', "no handle in `uses` that a box owns"),
        ('owner = "hBox"', 'owned_if = "pfFree"', "unknown parameter `pfFree`"),
        ('owner = "hBox"', 'owner = "hBox", says = { pKind = "K" }', "unknown parameter `pKind`"),
        ('owner = "hBox"', 'owns = "hBox"', "unknown key `owns`; did you mean `owner`?"),
        ('unless = { dwFlags', 'owner = "dwFlags", unless = { dwFlags', "a box has no owner"),
        ("unless = { dwFlags", "unless = { dwFlag", "unknown parameter `dwFlag`"),
        ('params = ["hBall"]', 'params = ["hBall", "hBall"]', "`hBall` stands twice in `params`"),
        ('params = ["hBall"]', 'params = ["hBall", 1]', "`params` must be a list of texts"),
        ('params = ["hBall"]', 'params = ["hBall"]\nsuccess = "one"', "unknown success convention"),
        ('params = ["hBall"]', 'params = ["hBall"]\nnoreturn = 1', "`noreturn` must be true or"),
        ('params = ["hBall"]', 'params = ["hBall"]\nreturns = "hBall"', "unknown `returns`"),
        ('params = ["hBall"]', 'params = ["hBall"]\nreturns = "box:b"', "unknown parameter `b`"),
        ('params = ["hBall"]', 'params = ["hBall"]\nkeeps = ["b"]', "unknown parameter `b`"),
        ('params = ["hBall"]', 'params = ["hBall"]\nwrites = ["b"]', "unknown parameter `b`"),
        ('params = ["hBall"]', 'params = ["hBall"]\nfrees = "b"', "unknown parameter `b`"),
        ('params = ["hBall"]', 'params = ["hBall"]\nsdk = { b = "x" }', "unknown parameter `b`"),
        ('release = "ToyDropBall"', 'release = "ToyCloseBox"', "not described as releasing a ball"),
        ('release = "ToyDropBall"', 'release = "ToyNothing"', "not described as releasing a ball"),
        ('release = "ToyDropBall"', 'relase = "ToyDropBall"', "unknown key `relase`"),
        ('owner = "box"', 'owner = "bix"', "unknown resource `bix`"),
        ('handle_type = "HBALL"\n', "", "resource `ball` has no `handle_type`"),
        ("TOY_NONE = 0x10", 'TOY_NONE = "ten"', "must be a whole number"),
        ('scan_word = "Toy"', 'scanned = "Toy"', "unknown key `scanned`"),
        ('family = "toy"\n', "", "the file has no `family`"),
    ],
)  # fmt: skip
def test_a_wrong_family_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1, old
    family = GOOD.replace(old, new)
    with pytest.raises(RuleError) as caught:
        toy_book(tmp_path, family).check()
    assert message in str(caught.value)
    assert caught.value.path == "rules/families/toy.toml"


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("params = [\"hBall\"]", "parms = [\"hBall\"]", "parms"),
        ('{ hBall = "ball" }', '{ hBall = "bal" }', 'hBall = "bal"'),
        ('into = "phBall"', 'into = "phBell"', "phBell"),
        ('owner = "hBox"', 'owner = "phBall"', 'owner = "phBall"'),
        ('owner = "box"', 'owner = "bix"', "bix"),
        ('release = "ToyDropBall"', 'release = "ToyCloseBox"', "ToyCloseBox"),
        ("TOY_NONE = 0x10", 'TOY_NONE = "ten"', "TOY_NONE ="),
        ('handle_type = "HBALL"\n', "", "[resource.ball]"),
        ('params = ["hBall"]', 'params = [\n  "hBall",\n  "hBall",\n]', '"hBall",'),
    ],
)  # fmt: skip
def test_an_error_names_the_line(tmp_path: Path, old: str, new: str, at: str) -> None:
    family = GOOD.replace(old, new)
    with pytest.raises(RuleError) as caught:
        toy_book(tmp_path, family).check()
    wanted = family.splitlines()[line_in(family, at) - 1]
    assert family.splitlines()[caught.value.line - 1] == wanted
    assert str(caught.value).startswith(f"rules/families/toy.toml:{caught.value.line}: ")


def test_text_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        toy_book(tmp_path, GOOD + "\n[function.\n").check()
    assert caught.value.line == GOOD.count("\n") + 2
    assert "not valid TOML" in caught.value.message


def test_a_table_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    family = GOOD + "\n[function.ToyCloseBox]\n"
    with pytest.raises(RuleError) as caught:
        toy_book(tmp_path, family).check()
    assert caught.value.line == family.count("\n")


def test_a_function_of_two_families_is_refused(tmp_path: Path) -> None:
    book = toy_book(tmp_path)
    more = 'family = "more"\n\n[function.ToyTakeBallW]\nparams = ["x"]\n'
    (tmp_path / "families" / "zoo.toml").write_text(more, encoding="utf-8")
    with pytest.raises(RuleError, match="function `ToyTakeBallW` is described twice") as caught:
        book.check()
    assert (caught.value.path, caught.value.line) == ("rules/families/zoo.toml", 3)


@pytest.mark.parametrize(
    ("old", "new", "message", "at"),
    [
        ('binding = "toys"\n', "", "the file has no `binding`", "boxed"),
        ("boxed = true", 'boxed = "yes"', "`boxed` must be true or false", "boxed"),
        ("{dll}", "{dll}(", "no regular expression", "libraries"),
        ("[method.box.take]", "[method.bix.take]", "unknown resource `bix`", "bix"),
        ('params = ["self"]\n', "", "unknown parameter `self`", "uses"),
        ("libraries", "library", "unknown key `library`; did you mean", "library"),
        ('"toys.look"', '"toys.look", "toys.look"', "`toys.look` stands twice", "toys.look"),
        ("[method", '[function."toys.look"]\n[method', "`toys.look` is described twice", "look_"),
    ],
)
def test_a_wrong_binding_is_refused(
    tmp_path: Path, old: str, new: str, message: str, at: str
) -> None:
    binding = GOOD_BINDING.replace(old, new, 1)
    assert binding != GOOD_BINDING
    with pytest.raises(RuleError) as caught:
        toy_book(tmp_path, binding=binding).check()
    assert message in str(caught.value)
    assert caught.value.path == "rules/bindings/toy.toml"
    if at in binding:
        assert caught.value.line == line_in(binding, at)


def test_a_method_without_receiver_is_refused(tmp_path: Path) -> None:
    binding = GOOD_BINDING + "\n[method.box.look]\n"
    with pytest.raises(RuleError, match="a method's first parameter is its receiver") as caught:
        toy_book(tmp_path, binding=binding).check()
    assert caught.value.line == binding.count("\n")


def test_the_toys_are_right(tmp_path: Path) -> None:
    book = toy_book(tmp_path)
    book.check()
    taken = book.direct("ToyTakeBallW", Language.C)
    assert taken is not None
    assert taken.protocol.name == "ToyTakeBallW"
    assert taken.protocol.creates == (Creation("phBall", "ball", owner="hBox"),)
    opened = book.direct("ToyOpenBox", Language.C)
    assert opened is not None
    assert opened.protocol.creates[0].unless == (("dwFlags", "TOY_NONE"),)
    assert book.constants == {"TOY_NONE": 16}
    in_python = python(book, "toys.toy32.ToyOpenBox")
    assert in_python is not None
    assert (in_python.binding.name, in_python.binding.boxed) == ("toys", True)
    assert book.method("toys", "box", "take") is not None
    assert book.method("toys", "ball", "take") is None


def test_a_new_kind_of_handle_is_scanned_for(tmp_path: Path) -> None:
    scan = toy_book(tmp_path).scan_names(Language.C)
    assert scan.search(b"if (!ToyTakeBallW(box, &ball))")
    assert not scan.search(b"if (!ToyPaint(box))")


# ---------------------------------------------------------------- the user's functions


USER = """\
[tool.other]
name = "functions"

[tool.capilint]
noreturn = ["die"]

[tool.capilint.functions.OpenSession]
params = ["pSession", "hProv"]
creates = { into = "pSession", resource = "key", owner = "hProv" }
uses = { hProv = "context" }

[tool.capilint.functions."shop.crypto.open_key"]
params = ["provider"]
creates = { into = "return", resource = "key", owner = "provider" }
uses = { provider = "context" }
success = "raises"
"""


def user_file(text: str) -> RuleFile:
    """What the configuration hands over of a pyproject.toml."""
    return RuleFile("pyproject.toml", text, tomllib.loads(text)["tool"]["capilint"])


def test_user_functions_are_known_in_both_languages() -> None:
    book = load([user_file(USER)])
    in_c = book.direct("OpenSession", Language.C)
    assert in_c is not None
    assert in_c.protocol.creates == (Creation("pSession", "key", owner="hProv"),)
    in_python = python(book, "shop.crypto.open_key")
    assert in_python is not None
    assert in_python.can_raise
    died = book.direct("die", Language.C)
    assert died is not None
    assert died.protocol.noreturn
    for name in (b"OpenSession(&s, prov)", b"open_key(prov)", b"CryptGenKey("):
        assert book.scan_names(Language.C).search(name)


@pytest.mark.parametrize(
    ("old", "new", "message", "at"),
    [
        ('resource = "key", owner = "hProv"', 'resource = "kee"', "`kee`; did you mean", "kee"),
        ("functions.OpenSession", "functions.CryptGenKey", "described twice", "CryptGenKey]"),
        ("noreturn", "nore_turn", "unknown key `nore_turn`", "nore_turn"),
        ('success = "raises"', 'success = "throws"', "unknown success convention", "throws"),
    ],
)
def test_wrong_user_functions_are_refused_by_load(
    old: str, new: str, message: str, at: str
) -> None:
    text = USER.replace(old, new, 1)
    with pytest.raises(RuleError) as caught:
        load([user_file(text)])
    assert message in str(caught.value)
    assert (caught.value.path, caught.value.line) == ("pyproject.toml", line_in(text, at))


def test_lines_are_found_under_dotted_and_quoted_keys() -> None:
    text = 'a = 1\n[x]\n"b.c" = 2\nd.e = 3\n\n[x."f.g"]\nh = [\n  "i",\n]\n'
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("x", "b.c")) == 3
    assert line_of(text, ("x", "d", "e")) == 4
    assert line_of(text, ("x", "f.g", "h")) == 7
    assert line_of(text, ("x", "f.g", "h", "i")) == 8
    assert line_of(text, ("nowhere",)) == 1


# ---------------------------------------------------------------- the rules that ship


def test_every_rule_that_ships_is_right(book: RuleBook) -> None:
    book.check()


@pytest.mark.parametrize(
    "name", [path.name for path in sorted((RULES / "bindings").glob("*.toml"))]
)
def test_methods_and_functions_name_the_sdk_s_parameters(book: RuleBook, name: str) -> None:
    """`sdk` maps every parameter with a role to one of the SDK function with the same name."""
    file = parse(name, (RULES / "bindings" / name).read_text(encoding="utf-8"))
    for where, table in described(file.tables):
        sdk_function = book.functions.get(where.rpartition(".")[2])
        if "sdk" not in table or sdk_function is None:
            continue
        for theirs in table["sdk"].values():
            assert theirs in sdk_function.params, where
        roles = [*table.get("uses", {}), *table.get("releases", {})]
        assert not [role for role in roles if role not in table["sdk"]], where


def described(tables: object) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """The functions and methods of a binding's file."""
    assert isinstance(tables, dict)
    yield from tables.get("function", {}).items()
    for methods in tables.get("method", {}).values():
        yield from methods.items()


def test_pywin32_methods_do_to_handles_what_their_functions_do(book: RuleBook) -> None:
    for resource in ("context", "key", "hash"):
        for name, function in book.functions.items():
            method = book.method("pywin32", resource, name)
            if method is None:
                continue
            sdk = method.protocol.sdk
            uses = {sdk[p]: r for p, r in method.protocol.uses.items()}
            assert uses.items() >= function.uses.items(), name
            assert {sdk[p]: r for p, r in method.protocol.releases.items()} == function.releases
            made = [(sdk[c.into], c.resource) for c in method.protocol.creates]
            assert made == [(c.into, c.resource) for c in function.creates], name
            assert method.can_raise
            assert method.protocol.owns_itself is bool(method.protocol.creates)


def test_the_scan_finds_every_function_with_handles(book: RuleBook) -> None:
    scan = book.scan_names(Language.C)
    made = {creation.resource for p in book.functions.values() for creation in p.creates}
    for name, protocol in book.functions.items():
        touched = {*protocol.uses.values(), *protocol.releases.values(), *protocol.retains.values()}
        if (protocol.creates or touched & made) and "Crypt" in name:
            assert scan.search(f"x = {name}(y);".encode()), name


@pytest.mark.parametrize(
    "text",
    [b"printf(memset(p, 0, n)); CloseHandle(h); free(p);", b"CryptProtectData(&in)", b"", b"Crypt"],
)
def test_the_scan_passes_over_other_names(book: RuleBook, text: bytes) -> None:
    assert not book.scan_names(Language.C).search(text)


def test_the_kinds_that_can_be_asked_for_are_those_watched(book: RuleBook) -> None:
    watched = [name for name, resource in book.resources.items() if resource.watched]
    assert watched_resources() == watched


def test_scanning_parses_no_toml() -> None:
    code = (
        "import sys; from capilint.rulebook.book import load;"
        "from capilint.language import Language;"
        "assert not load().scan_names(Language.C).search(b'int main;');"
        "assert 'tomllib' not in sys.modules and 'pathlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------- names in C


@pytest.mark.parametrize("form", ["", "A", "W"])
def test_acquire_makes_a_context_unless_it_deletes_one(book: RuleBook, form: str) -> None:
    bound = book.direct("CryptAcquireContext" + form, Language.C)
    assert bound is not None
    assert not bound.binding.boxed
    flag = ("dwFlags", "CRYPT_DELETEKEYSET")
    assert bound.protocol.creates == (Creation("phProv", "context", unless=(flag,)),)
    assert book.constants["CRYPT_DELETEKEYSET"] == 0x10


@pytest.mark.parametrize(
    ("name", "parameter", "resource"),
    [
        ("CryptDestroyKey", "hKey", "key"),
        ("CryptDestroyHash", "hHash", "hash"),
        ("CryptReleaseContext", "hProv", "context"),
        ("CPDestroyKey", "hKey", "csp-key"),
        ("CloseHandle", "hObject", "kernel-handle"),
        ("BCryptDestroyKey", "hKey", "bcrypt-key"),
        ("NCryptFreeObject", "hObject", "ncrypt-object"),
    ],
)
def test_each_release_function_releases_its_own_kind(
    book: RuleBook, name: str, parameter: str, resource: str
) -> None:
    bound = book.direct(name, Language.C)
    assert bound is not None
    assert bound.protocol.releases == {parameter: resource}


@pytest.mark.parametrize(
    ("name", "success"),
    [
        ("CryptGenKey", Success.NONZERO),
        ("BCryptGenerateKeyPair", Success.NONNEGATIVE),
        ("NCryptOpenKey", Success.ZERO),
    ],
)
def test_families_tell_success_their_own_way(book: RuleBook, name: str, success: Success) -> None:
    bound = book.direct(name, Language.C)
    assert bound is not None
    assert bound.protocol.success is success
    assert not bound.can_raise


def test_the_runtime_is_known(book: RuleBook) -> None:
    def known(name: str) -> Bound:
        bound = book.direct(name, Language.C)
        assert bound is not None, name
        return bound

    assert all(known(name).protocol.noreturn for name in ("exit", "std::abort", "ExitProcess"))
    assert known("free").protocol.frees == "memblock"
    assert known("malloc").protocol.allocates
    assert known("memset").protocol.zeroes == "dest"
    assert known("GetLastError").protocol.returns == "nonzero"
    assert known("FAILED").protocol.returns == "negative:hr"
    assert known("BCRYPT_SUCCESS").protocol.returns == "nonnegative:Status"
    assert known("memcpy").protocol.copies == ("src", "dest")
    assert known("printf").protocol.variadic
    assert book.direct("TerminateProcess", Language.C) is None


# ---------------------------------------------------------------- names in Python


@pytest.mark.parametrize(
    ("library", "binding"),
    [
        ("ctypes.windll.advapi32", "ctypes"),
        ("ctypes.windll.Advapi32", "ctypes"),
        ("ctypes.oledll.advapi32", "ctypes"),
        ('ctypes.windll["advapi32.dll"]', "ctypes"),
        ('ctypes.windll.LoadLibrary("ADVAPI32.DLL")', "ctypes"),
        ('ctypes.cdll.LoadLibrary("advapi32")', "ctypes"),
        ('ctypes.WinDLL("advapi32")', "ctypes"),
        ('ctypes.WinDLL("advapi32.dll", use_last_error=True)', "ctypes"),
        ('ctypes.CDLL("cryptsp")', "ctypes"),
        ("shop._win._advapi32.advapi32", "ctypes"),
        ('ffi.dlopen("advapi32.dll")', "cffi"),
        ('cffi.FFI().dlopen("advapi32")', "cffi"),
        ('shop._ffi.ffi.dlopen("Advapi32.dll")', "cffi"),
        ("windows.winproxy", "winproxy"),
        ("winproxy", "winproxy"),
        ("windows.winproxy.apis.advapi32", "winproxy"),
    ],
)
def test_libraries_are_known_however_they_are_written(
    book: RuleBook, library: str, binding: str
) -> None:
    bound = python(book, f"{library}.CryptGenKey")
    assert bound is not None
    assert bound.binding.name == binding
    assert bound.binding.boxed
    assert bound.can_raise is (binding == "winproxy")
    assert bound.protocol.creates == (Creation("phKey", "key", owner="hProv"),)


@pytest.mark.parametrize(
    "name",
    [
        "CryptGenKey",
        "wincrypto.CryptGenKey",
        "wincrypto.api.CryptDeriveKey",
        "shop.keys.CryptGenKey",
        'ctypes.WinDLL("fakeapi32").CryptGenKey',
        'ctypes.WinDLL("advapi32x").CryptGenKey',
        "ctypes.windll.kernel.CryptGenKey",
        "shop.notadvapi32.CryptGenKey",
        "malloc",
        "win32crypt.CryptGenKey",
        "",
        "...",
    ],
)
def test_the_same_name_elsewhere_is_not_the_api(book: RuleBook, name: str) -> None:
    assert python(book, name) is None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ctypes.windll.advapi32.CryptMakeTea", True),
        ('ctypes.WinDLL("NCrypt.dll").NCryptMakeTea', True),
        ('cffi.FFI().dlopen("crypt32.dll").CertMakeTea', True),
        ("ctypes.windll.kernel32.MakeTea", False),
        ("shop._advapi32.advapi32.MakeTea", False),
        ("ctypes.WinDLL().MakeTea", False),
        ("windows.winproxy.MakeTea", False),
    ],
)
def test_an_unlisted_function_is_known_where_its_dll_is(
    book: RuleBook, name: str, known: bool
) -> None:
    bound = python(book, name)
    assert (bound is not None and bound.protocol.unlisted) == known


@pytest.mark.parametrize(
    ("name", "returns"),
    [
        ("ctypes.byref", "address:obj"),
        ("ctypes.pointer", "address:obj"),
        ("ctypes.cast", "argument:obj"),
        ("ctypes.c_void_p", "box:content"),
        ("ctypes.wintypes.HANDLE", "box:content"),
        ("shop.types.HCRYPTKEY", "box:content"),
        ("HCRYPTKEY", "box:content"),
        ("cffi.FFI().new", "box:init"),
        ("shop.ffi.new", "box:init"),
        ("shop._ffi.new", "box:value"),
        ("shop._ffi.unwrap", "content:pointer"),
        ("int", "argument:x"),
        ("print", ""),
        ('logging.getLogger("shop").info', ""),
    ],
)
def test_helpers_of_the_bindings(book: RuleBook, name: str, returns: str) -> None:
    bound = python(book, name)
    assert bound is not None
    assert bound.protocol.returns == returns
    assert not bound.can_raise


@pytest.mark.parametrize(
    ("accessor", "expected"),
    [
        (("*", ".value"), True),
        (("*", ".contents"), True),
        (("[0]",), True),
        (("*", "[0]"), True),
        (("*", ".key"), False),
        (("*",), False),
        ((), False),
        (("*", ".value", ".value"), False),
    ],
)
def test_box_accessors(book: RuleBook, accessor: tuple[str, ...], expected: bool) -> None:
    assert book.is_box_accessor(accessor) is expected


def test_a_context_of_pywin32_frees_itself_and_has_methods(book: RuleBook) -> None:
    acquired = python(book, "win32crypt.CryptAcquireContext")
    assert acquired is not None
    assert acquired.protocol.owns_itself
    assert acquired.protocol.family == "capi"
    made = book.method("pywin32", "context", "CryptGenKey")
    assert made is not None
    assert made.protocol.creates == (Creation("return", "key", owner="self"),)
    assert book.method("pywin32", "key", "CryptGenKey") is None
    assert book.method("ctypes", "context", "CryptGenKey") is None


@pytest.mark.parametrize(
    ("name", "exception"),
    [
        ("windows.winproxy.CryptGenKey", "windows.winproxy.WinproxyError"),
        ("win32crypt.CryptAcquireContext", "pywintypes.error"),
    ],
)
def test_a_binding_that_raises_names_its_exception(
    book: RuleBook, name: str, exception: str
) -> None:
    bound = python(book, name)
    assert bound is not None
    assert bound.can_raise
    assert exception in bound.binding.raises
