"""The Python front end, read through the textual dump of its IR."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python import lower
from capilint.ir.text import function_text


def module_of(source: str, path: str = "pkg/mod.py") -> ir.Module:
    return lower(dedent(source), path)


def dump(source: str, name: str = "f") -> str:
    """The body of one function's dump, without positions."""
    module = module_of(source)
    assert not module.problems
    (function,) = [each for each in module.functions if each.name == name]
    text = function_text(function, positions=False)
    return "\n".join(line.rstrip() for line in text.splitlines()[1:])


def calls(source: str, name: str = "f") -> list[str]:
    """The calls of one function, in the order of the blocks."""
    lines = dump(source, name).splitlines()
    return [line.partition("call ")[2] for line in lines if "call " in line]


def lines(text: str) -> str:
    return dedent(text).strip("\n")


# ---------------------------------------------------------------- names


def test_library_aliases_resolve_to_one_canonical_name() -> None:
    found = calls("""
        import ctypes as c
        K = c.WinDLL("advapi32.dll", use_last_error=True)
        gen = K.CryptGenKey
        def f(prov, h):
            gen(prov, h)
            c.windll.advapi32.CryptGenKey(prov, h)
            c.windll["advapi32"].CryptGenKey(prov, h)
            getattr(K, "CryptDestroyKey")(h)
        """)
    assert found == [
        'ctypes.WinDLL("advapi32.dll").CryptGenKey(prov, h)',
        "ctypes.windll.advapi32.CryptGenKey(prov, h)",
        'ctypes.windll["advapi32"].CryptGenKey(prov, h)',
        'ctypes.WinDLL("advapi32.dll").CryptDestroyKey(h)',
    ]


def test_star_imports_of_the_standard_library_resolve() -> None:
    found = calls("""
        from ctypes import *
        from ctypes.wintypes import *
        def f():
            h = HANDLE()
            windll.advapi32.CryptDestroyKey(byref(h))
            print(h)
        """)
    assert found == [
        "ctypes.wintypes.HANDLE()",
        "ctypes.byref(h)",
        "ctypes.windll.advapi32.CryptDestroyKey(%1)",
        "print(h)",
    ]


def test_one_other_star_import_is_where_unknown_names_come_from() -> None:
    assert calls("from winstuff import *\ndef f(h): CryptDestroyKey(h)") == [
        "winstuff.CryptDestroyKey(h)"
    ]


def test_relative_imports_resolve_by_the_path() -> None:
    source = """
        from ._advapi32 import advapi32
        from .. import ffi
        def f(h):
            advapi32.CryptDestroyKey(ffi.cast(h))
        """
    module = lower(dedent(source), "./oscrypto/_win/symmetric.py")
    text = function_text(module.functions[1])
    assert "call oscrypto.ffi.cast(h)" in text
    assert "call oscrypto._win._advapi32.advapi32.CryptDestroyKey(%1)" in text


def test_a_local_name_is_not_the_import_that_it_hides() -> None:
    found = calls("""
        from api import CryptDestroyKey, CryptGenKey
        def CryptGenKey(h): pass
        def f(h, CryptDestroyKey):
            CryptDestroyKey(h)
        """)
    assert found == ["(CryptDestroyKey)(h)"]


def test_a_name_with_several_meanings_prefers_the_library() -> None:
    source = """
        try:
            from fake import advapi32
        except ImportError:
            advapi32 = None
        if windows:
            advapi32 = ctypes.windll.advapi32
        def f(h): advapi32.CryptDestroyKey(h)
        """
    assert calls(source) == ["ctypes.windll.advapi32.CryptDestroyKey(h)"]
    assert module_of(source).aliases["advapi32"] == (
        "fake.advapi32",
        "ctypes.windll.advapi32",
    )


def test_names_that_may_mean_several_modules_stand_for_themselves() -> None:
    source = """
        if ffi:
            from a import lib
        else:
            from b import lib
        class Key:
            def __init__(self):
                self.lib = None
                if new: self.lib = lib
                else: self.lib = other.lib
            def f(self): self.lib.CryptDestroyKey(1)
        import other
        def f(h): lib.CryptDestroyKey(h)
        """
    assert calls(source) == ["pkg.mod.lib.CryptDestroyKey(h)"]
    assert calls(source, "Key.f") == ["pkg.mod.Key.lib.CryptDestroyKey(1)"]
    aliases = module_of(source).aliases
    assert aliases["lib"] == ("a.lib", "b.lib")
    assert aliases["Key.lib"] == ("pkg.mod.lib", "other.lib")


def test_a_variable_with_two_meanings_is_no_alias() -> None:
    found = calls("""
        from a import one, two
        def f(x):
            g = one
            if x:
                g = two
            g(x)
        """)
    assert found == ["(g)(x)"]


def test_attributes_of_objects_reach_libraries() -> None:
    found = calls(
        """
        import ctypes
        class Api:
            def __init__(self):
                self.lib = None
                self.lib = ctypes.WinDLL("advapi32")
            def close(self, h):
                self.lib.CryptDestroyKey(h)
        """,
        "Api.close",
    )
    assert found == ['ctypes.WinDLL("advapi32").CryptDestroyKey(h)']


def test_cffi_libraries_keep_their_loader() -> None:
    found = calls("""
        from cffi import FFI
        ffi = FFI()
        lib = ffi.dlopen("advapi32.dll")
        def f(h): lib.CryptDestroyKey(h)
        """)
    assert found == ['cffi.FFI().dlopen("advapi32.dll").CryptDestroyKey(h)']


def test_two_objects_for_one_library_are_told_apart() -> None:
    source = """
        import ctypes
        plain = ctypes.WinDLL("advapi32")
        careful = ctypes.WinDLL("advapi32", use_last_error=True)
        careful.CryptGenKey.errcheck = check
        def f(h): plain.CryptGenKey(h); careful.CryptGenKey(h)
        """
    first, second = calls(source)
    assert first != second
    assert module_of(source).attribute_stores == {f"{second.partition('(h)')[0]}.errcheck"}


_LOADERS = {
    "returned": 'def _lib(): return ctypes.WinDLL("advapi32")',
    "cached": """
        @functools.cache
        def _lib(): return ctypes.WinDLL("advapi32")
        """,
    "cached with a size": """
        @lru_cache(maxsize=None)
        def _lib():
            lib = ctypes.WinDLL("advapi32")
            lib.CryptDestroyKey.argtypes = [ctypes.c_void_p]
            return lib
        """,
    "kept in a global": """
        _l = None
        def _lib():
            global _l
            if _l is None:
                _l = ctypes.WinDLL("advapi32")
            return _l
        """,
    "through another function": """
        def _load(): return ctypes.WinDLL("advapi32")
        def _lib(): return _load()
        """,
    "on every path": """
        def _lib():
            lib = ctypes.WinDLL("advapi32")
            if ready: return lib
            return lib
        """,
}
_IMPORTS = "import ctypes, functools\nfrom functools import lru_cache\n"


@pytest.mark.parametrize("loader", _LOADERS.values(), ids=_LOADERS)
def test_a_library_that_a_function_returns_is_that_library(loader: str) -> None:
    uses = (
        "def f(h):\n    lib = _lib()\n    lib.CryptDestroyKey(h)\n    _lib().CryptDestroyKey(h)\n"
    )
    destroy = 'ctypes.WinDLL("advapi32").CryptDestroyKey(h)'
    for source in (_IMPORTS + dedent(loader) + "\n" + uses, _IMPORTS + uses + dedent(loader)):
        assert calls(source) == ["pkg.mod._lib()", destroy, destroy]


def test_a_module_s_name_for_what_a_function_returns_is_an_alias() -> None:
    source = _IMPORTS + dedent(_LOADERS["kept in a global"]) + "lib = _lib()\n"
    assert module_of(source).aliases["lib"] == ('ctypes.WinDLL("advapi32")',)


def test_a_function_that_returns_a_librarys_function_is_called_all_the_same() -> None:
    found = calls("""
        import ctypes
        def _lib(): return ctypes.windll.advapi32
        def _destroyer(): return _lib().CryptDestroyKey
        def f(h):
            destroy = _destroyer()
            destroy(h)
        """)
    assert found == ["pkg.mod._destroyer()", "ctypes.windll.advapi32.CryptDestroyKey(h)"]


@pytest.mark.parametrize(
    "loader",
    [
        'def _lib():\n    if x: return ctypes.WinDLL("a")\n    return ctypes.WinDLL("b")',
        'def _lib():\n    if x: return fake\n    return ctypes.WinDLL("a")',
        'def _lib():\n    if x: return None\n    return ctypes.WinDLL("a")',
        'def _lib():\n    if x: return\n    return ctypes.WinDLL("a")',
        'def _lib(): return ctypes.WinDLL("a") if x else ctypes.WinDLL("b")',
        'def _lib(name="a"): return ctypes.WinDLL(name)',
        'def _lib(): yield ctypes.WinDLL("a")',
        'async def _lib(): return ctypes.WinDLL("a")',
        '@wrapped\ndef _lib(): return ctypes.WinDLL("a")',
        'if x:\n    def _lib(): return ctypes.WinDLL("a")\nelse:\n    def _lib(): return fake',
        'def _lib():\n    lib = ctypes.WinDLL("a")\n    lib = fake(lib)\n    return lib',
        'def _lib():\n    lib = ctypes.WinDLL("a")\n    for lib in x: pass\n    return lib',
        '_l = fake()\ndef _lib():\n    global _l\n    _l = ctypes.WinDLL("a")\n    return _l',
        "def _lib(): return _lib()",
        "def _lib(): pass",
    ],
)
def test_a_function_that_may_return_something_else_is_no_library(loader: str) -> None:
    uses = "def f(h):\n    lib = _lib()\n    lib.CryptDestroyKey(h)\n"
    assert calls(_IMPORTS + loader + "\n" + uses) == ["pkg.mod._lib()", "lib.CryptDestroyKey(h)"]


def _use_of_second(loader: str, target: str = "_, lib") -> str:
    uses = f"def f(h):\n    {target} = _libs()\n    lib.CryptDestroyKey(h)\n"
    return calls(_IMPORTS + loader + uses)[-1]


def test_a_library_in_a_tuple_that_a_function_returns_is_that_library() -> None:
    loader = """
def _libs():
    crypt32 = ctypes.WinDLL("crypt32")
    return crypt32, ctypes.WinDLL("advapi32")
"""
    assert _use_of_second(loader) == 'ctypes.WinDLL("advapi32").CryptDestroyKey(h)'
    assert _use_of_second(loader, "(lib, _)") == 'ctypes.WinDLL("crypt32").CryptDestroyKey(h)'


@pytest.mark.parametrize(
    ("result", "target"),
    [
        ('fake, ctypes.WinDLL("a")', "lib, _"),
        ('*fake, ctypes.WinDLL("a")', "_, lib"),
        ('fake, ctypes.WinDLL("a")', "*_, lib"),
        ('fake, (fake, ctypes.WinDLL("a"))', "_, (_, lib)"),
        ('ctypes.WinDLL("a")', "_, lib"),
        ('(fake, ctypes.WinDLL("a")) if x else (fake, fake)', "_, lib"),
        ('fake, ctypes.WinDLL("a")', "lib"),
    ],
)
def test_an_unknown_place_of_a_tuple_is_no_library(result: str, target: str) -> None:
    loader = f"def _libs(): return {result}\n"
    assert _use_of_second(loader, target) == "lib.CryptDestroyKey(h)"


def test_tuples_that_differ_give_no_library() -> None:
    loader = """
def _libs():
    if x: return fake, ctypes.WinDLL("a")
    return fake, ctypes.WinDLL("b")
"""
    assert _use_of_second(loader) == "lib.CryptDestroyKey(h)"


def test_an_object_that_a_call_gives_is_not_an_alias() -> None:
    found = calls("""
        import win32crypt
        prov = win32crypt.CryptAcquireContext()
        def f():
            key = prov.CryptGenKey(1)
            key.CryptDestroyKey()
        """)
    assert found == ["prov.CryptGenKey(1)", "key.CryptDestroyKey()"]


def test_a_function_made_by_a_prototype_is_the_librarys() -> None:
    found = calls("""
        import ctypes
        proto = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
        destroy = proto(("CryptDestroyKey", ctypes.windll.advapi32), ((1, "hKey"),))
        def f(h): destroy(h)
        """)
    assert found == ["ctypes.windll.advapi32.CryptDestroyKey(h)"]


def test_an_alias_that_leads_to_itself_ends() -> None:
    assert calls("a = b\nb = a\nc = c.c()\ndef f(): a.x(); c.d()") == ["a.x()", "c.d()"]


def test_what_is_assigned_to_an_api_function_is_noted() -> None:
    module = module_of("""
        import ctypes
        lib = ctypes.windll.advapi32
        lib.CryptGenKey.errcheck = check
        """)
    assert module.attribute_stores == {"ctypes.windll.advapi32.CryptGenKey.errcheck"}


def test_flags_keep_their_names_and_null_its_value() -> None:
    found = calls("""
        from win32con import CRYPT_SILENT
        CRYPT_DELETEKEYSET = 0x10
        FLAGS = CRYPT_DELETEKEYSET | CRYPT_SILENT
        NULL = 0
        class Const:
            CRYPT_NEWKEYSET = 8
        def f(x):
            acquire(FLAGS, Const.CRYPT_NEWKEYSET, NULL, None, True)
        """)
    assert found == ["acquire((CRYPT_DELETEKEYSET | CRYPT_SILENT), CRYPT_NEWKEYSET, 0, null, 1)"]


# ---------------------------------------------------------------- methods and objects


CLASSES = """
    class Base:
        def free(self): pass
    class Key(Base):
        @staticmethod
        def make(n): pass
        @property
        def handle(self): pass
        def __init__(self): super().__init__(); self.peer = Peer()
        def f(self, other):
            self.free()
            self.make(1)
            other.free(self.handle)
            self.peer.close()
            new = Key()
            new.free()
    class Peer:
        def close(self): pass
    """


def test_methods_of_the_file_are_called_by_name_with_their_object() -> None:
    assert calls(CLASSES, "Key.f") == [
        "pkg.mod.Base.free(self)",
        "pkg.mod.Key.make(1)",
        "pkg.mod.Key.handle(self)",
        "other.free(%1)",
        "pkg.mod.Peer.close(self*.peer)",
        "pkg.mod.Key()",
        "pkg.mod.Base.free(new)",
    ]


def test_a_method_that_subclasses_replace_is_not_known() -> None:
    source = """
        class Base:
            def f(self):
                self.free()
                self.flush()
                self.close()
            def free(self): pass
            def flush(self): raise NotImplementedError
            def close(self): pass
        class Middle(Base): pass
        class Key(Middle):
            def free(self): super().free()
        """
    assert calls(source, "Base.f") == ["self.free()", "self.flush()", "pkg.mod.Base.close(self)"]
    assert calls(source, "Key.free") == ["pkg.mod.Base.free(self)"]


def test_an_annotated_parameter_is_an_object_of_its_class() -> None:
    source = """
        import ctypes
        class Provider:
            def __init__(self): self.lib = ctypes.windll.advapi32
            def close(self): pass
        class Key:
            def __init__(self, provider: "Provider"):
                self.provider = provider
            def f(self):
                self.provider.lib.CryptDestroyKey(1)
                self.provider.close()
        """
    assert calls(source, "Key.f") == [
        "ctypes.windll.advapi32.CryptDestroyKey(1)",
        "pkg.mod.Provider.close(self*.provider)",
    ]


def test_bases_and_owners_are_kept() -> None:
    module = module_of(CLASSES)
    assert module.classes["pkg.mod.Key"] == ("pkg.mod.Base",)
    (method,) = [each for each in module.functions if each.name == "Key.f"]
    assert method.qualified_name == "pkg.mod.Key.f"
    assert method.owner_class == "pkg.mod.Key"


# ---------------------------------------------------------------- expressions and assignments


def test_places_of_attributes_and_items() -> None:
    text = dump("""
        def f(o, t, i):
            o.key = t[0]
            o.key.value = t["k"]
            t[i].close()
            del o.key
        """)
    assert text == lines("""
        b0:
          o*.key = t[0]
          o*.key*.value = t["k"]
          call t[?].close()
          delete o*.key
          return (implicit)
        """)


def test_unpacking_reads_the_fields_of_a_call() -> None:
    text = dump("""
        def f(g):
            a, (b, c) = g()
            a, b = b, a
        """)
    assert text == lines("""
        b0:
          %1 = call (g)()
          a = %1[0]
          b = %1[1][0]
          c = %1[1][1]
          %2 = b
          %3 = a
          a = %2
          b = %3
          return (implicit)
        """)


def test_what_a_container_gets_escapes() -> None:
    text = dump("""
        def f(h, d):
            keys = [h]
            d["key"] = h
        """)
    assert "escape h\n  keys = unknown(h)" in text
    assert 'd["key"] = h\n  escape h' in text


def test_conditions_are_split_and_short_circuit() -> None:
    text = dump("""
        def f(a, b):
            if not (a is None or make(b) == 0) and a < b:
                one()
        """)
    assert text == lines("""
        b0:
          branch (a == null) ? b4 : b1
        b1:
          %1 = call make(b)
          branch (%1 == 0) ? b4 : b2
        b2:
          branch (a < b) ? b3 : b4
        b3:
          call one()
          jump b4
        b4:
          return (implicit)
        """)


def test_an_operand_that_is_given_on_keeps_its_path() -> None:
    text = dump("""
        def f(old):
            h = old or make()
        """)
    assert text == lines("""
        b0:
          %1 = old
          branch %1 ? b2 : b1
        b1:
          %2 = call make()
          %1 = %2
          jump b2
        b2:
          h = %1
          return (implicit)
        """)


def test_spread_arguments_and_keywords() -> None:
    assert calls("def f(a, k): g(1, *a, x=k, **k)") == ["g(1, elements(a), elements(k), x=k, ...)"]
    assert calls("def f(a, b): g(*(a, b))") == ["g(a, b)"]


def test_starred_target_gets_what_is_left() -> None:
    text = dump("def f(a, b): first, *rest = a, b, 3")
    assert "%2 = tuple(b, 3)" in text
    assert "rest = %2" in text


# ---------------------------------------------------------------- closures


def test_inner_functions_capture_what_they_read() -> None:
    source = """
        def f(prov):
            key = make(prov)
            count = 0
            def inner():
                nonlocal count
                count = use(key)
            return lambda: inner(prov)
        """
    text = dump(source)
    assert "inner = function pkg.mod.f.inner [count#pkg.mod.f, key]" in text
    assert "return function pkg.mod.f.<lambda>@8:12 [inner, prov]" in text
    module = module_of(source)
    (inner,) = [each for each in module.functions if each.name == "f.inner"]
    scopes = {each.target.root.scope for each in assigns(inner)}
    assert scopes == {ir.Scope.GLOBAL}


def assigns(function: ir.Function) -> list[ir.Assign]:
    instructions = [each for block in function.blocks for each in block.instructions]
    calls = [
        ir.Assign(each.result, ir.Unknown(), each.span)
        for each in instructions
        if isinstance(each, ir.Call) and each.result is not None
    ]
    return calls + [each for each in instructions if isinstance(each, ir.Assign)]


def test_a_default_argument_is_captured() -> None:
    text = dump("""
        def f(key):
            return lambda key=key: use(key)
        """)
    assert "[key]" in text


def test_globals_are_global() -> None:
    module = module_of("""
        prov = None
        def f():
            global prov
            prov = make()
        """)
    (store,) = assigns(module.functions[1])
    assert store.target == ir.Place(ir.Variable("prov", ir.Scope.GLOBAL))


# ---------------------------------------------------------------- exceptions


def test_finally_is_copied_for_every_exit() -> None:
    text = dump("""
        def f(h):
            for x in h:
                try:
                    if use(h): return make(h)
                    if skip(h): continue
                    break
                finally:
                    free(h)
        """)
    assert text.count("call free(h)") == 4  # raise, return, continue, break
    assert text.count("raise again") == 1


def test_a_return_value_is_taken_before_finally() -> None:
    text = dump("""
        def f(h):
            try:
                return h
            finally:
                h = None
        """)
    found = [line.strip() for line in text.splitlines()]
    assert found[found.index("%1 = h") :].index("h = null") < found.index("return %1")


def test_except_clauses_are_a_choice_with_a_way_out() -> None:
    text = dump("""
        def f(h):
            try:
                use(h)
            except OSError as error:
                show(error)
            else:
                good()
        """)
    assert text == lines("""
        b0: (handler b2)
          call use(h)
          jump b1
        b1:
          call good()
          jump b4
        b2:
          choose b3 (OSError) b5
        b3:
          error = unknown()
          call show(error)
          jump b4
        b4:
          return (implicit)
        b5:
          raise again
        """)


def test_a_bare_except_lets_nothing_out() -> None:
    for clause in ("except:", "except (KeyError, BaseException):"):
        text = dump(f"def f():\n try:\n  use()\n {clause}\n  pass\n")
        assert "raise" not in text


def test_exceptions_carry_their_canonical_names() -> None:
    module = module_of("""
        import ctypes as c, errors
        def f(x):
            try:
                if x: raise c.WinError()
                raise errors.Mine
            except (OSError, errors.Base): look()
            except x.unknown: other()
            raise
        """)
    terminators = [block.terminator for block in module.functions[1].blocks]
    raised = [each.exception for each in terminators if isinstance(each, ir.Raise)]
    assert sorted(raised) == ["", "", "ctypes.WinError", "errors.Mine"]
    (dispatch,) = [each for each in terminators if isinstance(each, ir.Choose)]
    assert dispatch.catches == (("OSError", "errors.Base"), ("",), None)


def test_assert_raises_when_it_fails() -> None:
    text = dump("def f(h): assert make(h), 'no key'")
    assert text == lines("""
        b0:
          %1 = call make(h)
          branch %1 ? b1 : b2
        b1:
          return (implicit)
        b2:
          raise AssertionError
        """)


# ---------------------------------------------------------------- loops


def test_while_true_ends_by_break_only() -> None:
    text = dump("""
        def f(h):
            while True:
                if use(h):
                    break
            done()
        """)
    assert text.count("branch") == 1 and "choose" not in text


def test_for_else_runs_when_nothing_breaks() -> None:
    text = dump("""
        def f(keys):
            for key in keys:
                if use(key): break
            else:
                none()
            done()
        """)
    assert text == lines("""
        b0:
          escape keys
          jump b1
        b1:
          choose b2 b3
        b2:
          key = keys[?]
          %1 = call use(key)
          branch %1 ? b4 : b1
        b3:
          call none()
          jump b4
        b4:
          call done()
          return (implicit)
        """)


def test_a_loop_over_written_out_variables_visits_each() -> None:
    text = dump("""
        def f(a, b):
            for key in (a, b):
                free(key)
        """)
    assert text.count("call free(key)") == 2 and "choose" not in text


def test_comprehensions_have_their_own_variables() -> None:
    text = dump("""
        def f(keys, key):
            [free(key) for key in keys if key]
            use(key)
        """)
    assert "key#2 = keys[?]" in text
    assert "call free(key#2)" in text
    assert "call use(key)\n" in text


# ---------------------------------------------------------------- with


def test_closing_closes_on_every_way_out() -> None:
    text = dump("""
        from contextlib import closing
        def f(o):
            with closing(o) as x:
                return use(x)
        """)
    assert text.count("call o.close()") == 2


def test_objects_of_the_file_are_entered_and_left() -> None:
    source = """
        class Key:
            def __enter__(self): return self
            def __exit__(self, *e): pass
            def use(self): pass
        def f():
            with Key() as k:
                k.use()
        """
    assert calls(source) == [
        "pkg.mod.Key()",
        "pkg.mod.Key.__enter__(%1)",
        "pkg.mod.Key.use(k)",
        "pkg.mod.Key.__exit__(%1, null, null, null)",
        "pkg.mod.Key.__exit__(%1, null, null, null)",
    ]


def test_suppress_goes_on_after_the_block() -> None:
    text = dump("""
        from contextlib import suppress
        def f():
            with suppress(BaseException):
                use()
            after()
        """)
    assert "raise" not in text and "call after()" in text


MANAGER = """
    from contextlib import contextmanager
    @contextmanager
    def key_of(prov, flags=0):
        h = make(prov, flags)
        try:
            yield h
        finally:
            free(h)
    """


def test_a_context_manager_of_the_file_is_inlined() -> None:
    source = dedent(MANAGER) + dedent("""
        def f(h):
            with key_of(h) as key:
                use(key)
        """)
    assert dump(source) == lines("""
        b0:
          prov = h
          flags = 0
          h#2 = call make(prov, flags)
          jump b1
        b1: (handler b3)
          %1 = 0
          key = h#2
          call use(key)
          jump b2
        b2:
          call free(h#2)
          return (implicit)
        b3:
          call free(h#2)
          raise again
        """)


def test_leaving_an_inlined_manager_runs_its_end_first() -> None:
    source = dedent(MANAGER) + dedent("""
        def f(all):
            for prov in all:
                with key_of(prov) as key:
                    if use(key): return key
                    if bad(key): break
            after()
        """)
    text = dump(source)
    assert text.count("call free(h)") == 2  # after the yield, and for an exception
    assert "branch (%1 == 1)" in text and "branch (%1 == 2)" in text
    after_free = text.partition("call free(h)")[2]
    assert "return %" in after_free


def test_a_context_manager_that_yields_twice_is_unknown() -> None:
    source = """
        from contextlib import contextmanager
        @contextmanager
        def key_of(x):
            if x: yield 1
            else: yield 2
        def f(h):
            with key_of(h) as k: use(k)
        """
    text = dump(source)
    assert "call pkg.mod.key_of(h)" in text and ".__enter__()" in text  # as of any object
    (manager,) = [each for each in module_of(source).functions if each.name == "key_of"]
    yields = [i for b in manager.blocks for i in b.instructions if isinstance(i, ir.Yield)]
    assert manager.generator and all(each.may_raise for each in yields)


def test_exit_stack_callbacks_run_at_the_end_in_reverse() -> None:
    text = dump("""
        from contextlib import ExitStack
        def f(prov):
            with ExitStack() as stack:
                key = make(prov)
                stack.callback(free, key)
                other = make(prov)
                stack.callback(lambda: free(other))
                use(key, other)
        """)
    found = [line.partition("call ")[2] for line in text.splitlines() if "call " in line]
    assert found[:5] == [
        "make(prov)", "make(prov)", "use(key, other)", "free(other)", "free(key)",
    ]  # fmt: skip
    assert found.count("free(key)") == 2 and found.count("free(other)") == 2


def test_an_exit_stack_that_is_handed_on_is_unknown() -> None:
    text = dump("""
        from contextlib import ExitStack
        def f(key):
            with ExitStack() as stack:
                stack.callback(free, key)
                return stack.pop_all()
        """)
    assert "call stack.callback(free, key)" in text


# ---------------------------------------------------------------- match


def test_match_is_a_chain_of_tests() -> None:
    text = dump("""
        def f(x):
            match x:
                case 1 | 2: low()
                case (a, None) if a: pair(a)
                case _: rest()
        """)
    assert text == lines("""
        b0:
          branch (x == 1) ? b2 : b1
        b1:
          branch (x == 2) ? b2 : b3
        b2:
          call low()
          jump b8
        b3:
          escape x
          choose b4 b7
        b4:
          a = x[0]
          branch (x[1] == null) ? b5 : b7
        b5:
          branch a ? b6 : b7
        b6:
          call pair(a)
          jump b8
        b7:
          call rest()
          jump b8
        b8:
          return (implicit)
        """)


# ---------------------------------------------------------------- positions


def test_positions_are_lines_and_columns_in_characters_from_one() -> None:
    source = "def f(h):\r\n    é = 'ü'; make(h)\r\n"
    (function,) = [each for each in lower(source, "a.py").functions if each.name == "f"]
    (call,) = [i for b in function.blocks for i in b.instructions if isinstance(i, ir.Call)]
    assert call.span == Span(2, 14, 2, 21)
    assert function.span == Span(1, 1, 2, 21)


def test_a_compound_statement_stands_at_its_keyword() -> None:
    source = "def f(k):\n    for x in k:\n        use(x)\n"
    (function,) = [each for each in lower(source, "a.py").functions if each.name == "f"]
    (choice,) = [b.terminator for b in function.blocks if isinstance(b.terminator, ir.Choose)]
    assert choice.span == Span(2, 5, 2, 8)


# ---------------------------------------------------------------- relevance


def test_irrelevant_functions_are_not_lowered_unless_they_belong_together() -> None:
    source = dedent("""
        def helper(h): pass
        def creator(): return API(helper(1))
        def caller(): creator()
        def elsewhere(): other()
        class Holder:
            def use(self): API()
            def rest(self): pass
        """)
    module = lower(source, "m.py", lambda text: "API" in text)
    names = {each.name for each in module.functions}
    assert names == {"helper", "creator", "caller", "Holder.use", "Holder.rest"}


def test_an_alias_of_what_is_relevant_is_relevant() -> None:
    source = dedent("""
        if fast:
            alias = lib.API
        second = alias
        def user(): second()
        def elsewhere(): other()
        """)
    module = lower(source, "m.py", lambda text: "API" in text)
    assert {each.name for each in module.functions} == {"<module>", "user"}


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("source", "span"),
    [
        ("\\\nx = 1\nf()\n", Span(3, 1, 3, 4)),
        ("x = 1\n\\\n  \\\nf()", Span(4, 1, 4, 4)),
        ("if x:\n    \\\n    f()\n", Span(3, 5, 3, 8)),
        ("if x:\n    pass\n\\\nf()\n", Span(4, 1, 4, 4)),
        ("x = 1 + \\\n  f()\n", Span(2, 3, 2, 6)),
    ],
)
def test_positions_count_lines_that_are_joined_to_nothing(source: str, span: Span) -> None:
    (function,) = lower(source, "a.py").functions
    blocks = [instruction for block in function.blocks for instruction in block.instructions]
    (call,) = [each for each in blocks if isinstance(each, ir.Call)]
    assert call.span == span


def test_half_a_surrogate_pair_is_a_character_of_a_string() -> None:
    module = lower("x = '\ud800'\nf(x)\n", "a.py")
    assert not module.problems
    assert function_text(module.functions[0], positions=False).count("call f(") == 1


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f():\n    print 'old' new\n", 2),
        ("x = 1\nif x\n", 2),
        ("ok()\nx = (\n", 2),
        ("x = '''abc\n", 1),
        ("a\n  b\n c\n", 2),
        ("a\n\0b\n", 1),
    ],
)
def test_what_is_not_python_is_a_problem_with_its_line(source: str, line: int) -> None:
    module = lower(source, "old.py")
    (problem,) = module.problems
    assert problem.span.line == line
    assert problem.reason.startswith("not Python 3: ")


def test_a_number_that_python_refuses_is_a_problem_with_its_line() -> None:
    module = module_of("import ctypes\n\nQ = " + "9" * 5000 + "\n")
    (problem,) = module.problems
    assert (problem.span.line, [each.name for each in module.functions]) == (3, ["<module>"])
    assert "digits" in problem.reason


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(text, id=name)
        for name, text in {
            "decimal": "9" * 4000,
            "hexadecimal": "0x" + "9" * 5000,
            "text": '"' + "9" * 5000 + '"',
            "2 ** 64": str(2**64),
        }.items()
    ],
)
def test_a_number_that_no_machine_word_holds_is_not_known(number: str) -> None:
    text = dump(f"Q = {number}\ndef f(x):\n    return x[{number}] * {number}\n")
    if not number.startswith('"'):
        assert "9" * 20 not in text and str(2**64) not in text


@pytest.mark.parametrize("deep", ["(" * 30_000, "not " * 30_000 + "x", "[" * 201 + "]" * 201])
def test_what_would_break_the_parser_is_a_problem(deep: str) -> None:
    module = lower(f"ok()\nx = {deep}\n", "deep.py")
    (problem,) = module.problems
    assert problem.span.line == 2
    assert "nested" in problem.reason


def test_what_explodes_when_copied_is_a_problem_of_its_function_only() -> None:
    nested = "pass"
    for _ in range(40):
        nested = f"try:\n    pass\nfinally:\n{indent(nested, '    ')}"
    source = f"def f():\n{indent(nested, '    ')}\ndef g(): pass\n"
    module = lower(source, "copies.py")
    (problem,) = module.problems
    assert problem.function == "f" and problem.span.line == 1
    assert [each.name for each in module.functions] == ["<module>", "g"]


def test_a_long_chain_loses_nothing() -> None:
    source = "x = " + " + ".join(["f()"] * 300) + "\ndef g(): free(h)\n"
    module = lower(source, "long.py")
    assert not module.problems
    assert len(module.functions) == 2


_STATEMENTS = [
    "x = f(a)", "return x", "break", "continue", "raise E", "raise", "del x", "yield x", "pass",
    "x, *y = z", "x[0] = y", "assert f(x)", "global g", "nonlocal n", "import a.b as c",
    "from . import *", "x += f()", "(y := f(x))", "await f()", "stack.callback(f, x)",
    "lib.f.errcheck = g", "x = [i for i in y if i]", "x = a if f() else b", "class C: k = f()",
]  # fmt: skip
_HEADERS = [
    "if x:", "while f(x):", "while True:", "for i in (a, b):", "for i in y:", "def g(n):",
    "with h() as k:", "with closing(x):", "with ExitStack() as stack:", "with manager(x) as m:",
    "class D(C):", "async def h():", "async with q:", "@contextmanager\ndef manager(a):",
]  # fmt: skip


def _block(header: str, body: list[str]) -> str:
    return header + "\n" + indent("\n".join(body), "    ")


_code = st.recursive(
    st.sampled_from(_STATEMENTS),
    lambda inner: st.one_of(
        st.builds(_block, st.sampled_from(_HEADERS), st.lists(inner, min_size=1, max_size=4)),
        st.builds(
            lambda body, handler, final: "\n".join(
                [_block("try:", body), _block("except E:", handler), _block("finally:", final)]
            ),
            *[st.lists(inner, min_size=1, max_size=3)] * 3,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_code, max_size=4))
def test_every_program_becomes_whole_graphs(body: list[str]) -> None:
    prelude = "from contextlib import *\n"
    module = lower(prelude + _block("def f(x):", [*body, "pass"]), "any.py")
    for function in module.functions:
        numbers = {block.number for block in function.blocks}
        for block in function.blocks:
            assert numbers.issuperset(ir.successors(block))
            assert block.handler is None or block.handler in numbers


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    module = lower(text, "any.py")
    assert module.functions or module.problems
