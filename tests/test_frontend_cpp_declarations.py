"""What C++ text declares: classes and their members, functions, aliases, through macros."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint.frontends.cpp.facts.gather import declared_in_text
from capilint.frontends.cpp.facts.merge import merged
from capilint.frontends.cpp.facts.model import Class, Declarations, Signature
from capilint.frontends.cpp.parsing.outline import definitions, without_bodies


def declared(text: str) -> Declarations:
    return declared_in_text(text)


def only_class(text: str) -> Class:
    (classes,) = declared(text).classes.values()
    (found,) = classes
    return found


def in_class(members: str) -> Class:
    return only_class(f"class Key {{\n{members}\n}};")


def fields(found: Class) -> dict[str, str]:
    return {each.name: each.type_name for each in found.fields}


def method(declaration: str) -> Signature:
    (found,) = in_class(declaration).methods
    return found


def function(text: str) -> Signature:
    (functions,) = declared(text).functions.values()
    (found,) = functions
    return found


def types(signature: Signature) -> list[str]:
    return [each.type_name + ("..." if each.variadic else "") for each in signature.parameters]


# ---------------------------------------------------------------- heads of classes


@pytest.mark.parametrize(
    "head",
    [
        "class Key",
        "class KEY_EXPORT Key",
        "class __declspec(dllexport) Key",
        "class [[nodiscard]] Key",
        'class DEPRECATED("since 2") Key',
        "class alignas(8) Key",
        "typedef struct Key",
        "static struct Key",
    ],
)
def test_the_name_of_a_class_among_macros(head: str) -> None:
    found = only_class(head + " { ~Key() ; HCRYPTKEY m; } ;")
    assert (found.whole_name, fields(found)) == ("Key", {"m": "HCRYPTKEY"})


@pytest.mark.parametrize(
    ("clause", "bases"),
    [
        (": public Base", ("Base",)),
        (": Base, private virtual ns::Other", ("Base", "ns::Other")),
        ("final : public Holder<HCRYPTKEY, Close>", ("Holder<HCRYPTKEY, Close>",)),
        (": public Ts...", ("Ts...",)),
    ],
)
def test_base_classes(clause: str, bases: tuple[str, ...]) -> None:
    assert only_class(f"class EXPORT Key {clause} {{ int m; }};").bases == bases


def test_nested_and_unnamed_classes() -> None:
    found = declared(
        """
        namespace a::b {
            class Outer {
                struct Inner { HCRYPTKEY key; } inner, *more;
                struct { HCRYPTPROV prov; } hidden;
                union { int number; HCRYPTHASH hash; };
                int last;
            };
        }
        typedef struct { HCRYPTKEY key; } Plain, *PlainPointer;
        """
    )
    (outer,) = found.classes["a::b::Outer"]
    assert fields(outer) == {
        "inner": "Inner",
        "more": "Inner *",
        "hidden": "unnamed$hidden",
        "number": "int",
        "hash": "HCRYPTHASH",
        "last": "int",
    }
    assert fields(found.classes["a::b::Outer::Inner"][0]) == {"key": "HCRYPTKEY"}
    assert fields(found.classes["a::b::Outer::unnamed$hidden"][0]) == {"prov": "HCRYPTPROV"}
    assert fields(found.classes["Plain"][0]) == {"key": "HCRYPTKEY"}
    assert found.aliases["PlainPointer"].meaning == "Plain *"


def test_templates_and_their_specialisations() -> None:
    found = declared(
        """
        template <class H, BOOL (WINAPI *Close)(H) = CryptDestroyKey, int N = 3, typename... R>
        class Holder { H h; };
        template <> class Holder<HCRYPTHASH, &CryptDestroyHash> { HCRYPTHASH hash; };
        template <class T> struct Holder<T *> { T *pointer; };
        template class Holder<int>;
        """
    )
    primary, explicit, partial = found.classes["Holder"]
    shown = [(each.name, each.default, each.is_type, each.is_pack) for each in primary.template]
    assert shown == [
        ("H", "", True, False),
        ("Close", "CryptDestroyKey", False, False),
        ("N", "3", False, False),
        ("R", "", True, True),
    ]
    assert (explicit.arguments, explicit.template) == (("HCRYPTHASH", "&CryptDestroyHash"), ())
    assert partial.arguments == ("T *",)
    assert [each.name for each in partial.template] == ["T"]


# ---------------------------------------------------------------- members


@pytest.mark.parametrize(
    ("member", "name", "type_name", "default"),
    [
        ("HCRYPTKEY m_key;", "m_key", "HCRYPTKEY", ""),
        ("HCRYPTKEY m_key = 0;", "m_key", "HCRYPTKEY", "0"),
        ("HCRYPTKEY m_key{ 0 };", "m_key", "HCRYPTKEY", "{ 0 }"),
        ("const Key &other;", "other", "const Key &", ""),
        ("BYTE block[16][N];", "block", "BYTE[16][N]", ""),
        ("unsigned bits : 3;", "bits", "unsigned", ""),
        ("BOOL (WINAPI *close)(HCRYPTKEY key);", "close", "BOOL (*)(HCRYPTKEY)", ""),
        ("int (Key::*step)(int);", "step", "int (Key::*)(int)", ""),
        (
            "std::map<int, std::pair<int, Key>> all;",
            "all",
            "std::map<int, std::pair<int, Key>>",
            "",
        ),
        ("Array<(2 > 1)> odd;", "odd", "Array<(2> 1)>", ""),
        ("mutable volatile long count;", "count", "long", ""),
        ("struct Other *other;", "other", "Other *", ""),
        ("enum Mode mode;", "mode", "Mode", ""),
        ("HCRYPTKEY m_key GUARDED_BY(m_lock);", "m_key", "HCRYPTKEY", ""),
        ("unsigned __int64 size = 0;", "size", "unsigned __int64", "0"),
        ("char const *const text;", "text", "const char * const", ""),
    ],
)
def test_data_members(member: str, name: str, type_name: str, default: str) -> None:
    (found,) = in_class(member).fields
    assert (found.name, found.type_name, found.default) == (name, type_name, default)


def test_several_declarators_and_static_members() -> None:
    found = declared("class Key { HCRYPTKEY a = f(1, 2), *b, c[2]; static Key *s_first; };")
    (key,) = found.classes["Key"]
    shown = [(each.name, each.type_name, each.dimensions, each.static) for each in key.fields]
    assert shown == [
        ("a", "HCRYPTKEY", 0, False),
        ("b", "HCRYPTKEY *", 0, False),
        ("c", "HCRYPTKEY[2]", 1, False),
        ("s_first", "Key *", 0, True),
    ]
    assert found.variables == {"Key::s_first": "Key *"}


@pytest.mark.parametrize(
    ("declaration", "name", "returns", "parameters"),
    [
        ("Key() ;", "Key", "", []),
        ("explicit Key(HCRYPTKEY h = 0) ;", "Key", "", ["HCRYPTKEY"]),
        ("EXPORT Key(Key &&other) NOEXCEPT ;", "Key", "", ["Key &&"]),
        ("virtual ~Key() = default;", "~Key", "", []),
        ("Key::~Key();", "~Key", "", []),
        ("operator HCRYPTKEY() const ;", "operator HCRYPTKEY", "HCRYPTKEY", []),
        ("operator const BYTE *() ;", "operator const BYTE *", "const BYTE *", []),
        ("HCRYPTKEY *operator&() ;", "operator&", "HCRYPTKEY *", []),
        ("bool operator()(int a) const ;", "operator()", "bool", ["int"]),
        ("Key &operator=(const Key &) = delete;", "operator=", "Key &", ["const Key &"]),
        ("Key &operator[](int) ;", "operator[]", "Key &", ["int"]),
        ("Key *operator->() ;", "operator->", "Key *", []),
        ("bool operator==(Key a) ;", "operator==", "bool", ["Key"]),
        ("Out &operator<<(Out &o) ;", "operator<<", "Out &", ["Out &"]),
        ("void *operator new(size_t n) ;", "operator new", "void *", ["size_t"]),
        ("auto open(int n) -> std::vector<Key> ;", "open", "std::vector<Key>", ["int"]),
        ("BOOL WINAPI close(void) ;", "close", "BOOL", []),
        ("static const char *KEY_API name() ;", "name", "const char *", []),
        ("STDMETHOD(Sign)(BYTE *data) PURE;", "Sign", "STDMETHOD", ["BYTE *"]),
        ("STDMETHOD_(ULONG, Release)(void) PURE;", "Release", "ULONG", []),
        (
            "STDMETHOD(Put)(const BYTE b[], int n) override final;",
            "Put",
            "STDMETHOD",
            ["const BYTE *", "int"],
        ),
        ("[[nodiscard]] const Key *next() const & ;", "next", "const Key *", []),
        ("virtual void f() const override final ;", "f", "void", []),
        (
            "void each(void (*call)(HCRYPTKEY), ...) ;",
            "each",
            "void",
            ["void (*)(HCRYPTKEY)", "..."],
        ),
        ("void fill(BYTE out[16], int (&n)[2]) ;", "fill", "void", ["BYTE *", "int (&)[2]"]),
        (
            "void call(std::function<void(int)> f = {}) ;",
            "call",
            "void",
            ["std::function<void(int)>"],
        ),
        ("template <class... A> void emplace(A &&... a) ;", "emplace", "void", ["A &&..."]),
    ],
)
def test_methods(declaration: str, name: str, returns: str, parameters: list[str]) -> None:
    found = method(declaration)
    assert (found.name, found.returns, types(found)) == (name, returns, parameters)


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ("static void f() ;", {"static"}),
        ("virtual void f() = 0;", {"virtual", "pure"}),
        ("void f() const noexcept override ;", {"const", "noexcept", "virtual"}),
        ("void f() noexcept(false) ;", set()),
        ("void f() throw() ;", {"noexcept"}),
        ("explicit Key(int) ;", {"explicit"}),
        ("Key(Key &&) = default;", {"defaulted"}),
        ("Key(const Key &) = delete;", {"deleted"}),
        ("void f() { g(); }", {"has_body"}),
        ("Key() : m(0), n{1} { g(); }", {"has_body"}),
    ],
)
def test_what_is_said_of_a_method(declaration: str, said: set[str]) -> None:
    flags = ("static", "virtual", "const", "explicit", "deleted", "defaulted", "pure", "noexcept")
    found = method(declaration)
    assert {flag for flag in (*flags, "has_body") if getattr(found, flag)} == said


def test_annotations_of_parameters_are_no_types() -> None:
    found = function("BOOL f(_In_ HCRYPTPROV p, _Out_writes_(n) BYTE *out, IN OUT DWORD *n = 0);")
    shown = [(each.name, each.type_name, each.default) for each in found.parameters]
    assert shown == [("p", "HCRYPTPROV", ""), ("out", "BYTE *", ""), ("n", "DWORD *", "0")]


@pytest.mark.parametrize(
    "macros",
    [
        "Q_OBJECT",
        "DECLARE_DYNAMIC(Key)",
        "Q_OBJECT DECLARE_DYNAMIC(Key)",
        "DISALLOW_COPY(Key);",
        "BEGIN_MSG_MAP(Key)\n MESSAGE_HANDLER(WM_X, OnX)\n END_MSG_MAP()",
        "Q_PROPERTY(int x READ y)\nQ_ENUMS(A B)",
        'DECLARE_EVENT("a; b", { 1 })',
        "friend class Other; friend struct ns::More;",
        "using Base::Base;",
        'static_assert(sizeof(int) == 4, "");',
        "enum Mode { First, Second };",
        "#define UNUSED(x) (void)x\n#pragma region members",
        "/* } */ // {",
        ";;",
        "DECLARE_ONE\nFORWARD_TWO(m->)\nDECLARE_THREE",
    ],
)
def test_macros_and_other_things_lose_no_member(macros: str) -> None:
    found = in_class(f"{macros}\npublic:\n Key() ;\n {macros}\n ~Key() ;\n HCRYPTKEY m;")
    assert fields(found) == {"m": "HCRYPTKEY"}
    assert [each.name for each in found.methods] == ["Key", "~Key"]


@pytest.mark.parametrize("macro", ["BEGIN(ns)\n", "typedef ALIGN(f(8))", "_Struct_(n) typedef"])
def test_a_macro_in_front_makes_no_function_of_a_class(macro: str) -> None:
    text = f"{macro} struct Key {{\n  ~Key() {{ close(); }}\n  HCRYPTKEY m;\n}};\n"
    functions = definitions(text)
    assert [(each.scope, each.name) for each in functions] == [(("Key",), "~Key")]
    (found,) = declared(without_bodies(text, functions)).classes["Key"]
    assert fields(found) == {"m": "HCRYPTKEY"}


def test_macros_in_front_of_namespaces_and_templates() -> None:
    found = declared(
        "BEGIN(a) namespace ns { MACRO template <class T> class Key {}; } END using x::y;"
    )
    assert (list(found.classes), found.names) == (["ns::Key"], {"y": "x::y"})


def test_friends_belong_to_the_namespace_around() -> None:
    found = declared("namespace ns { class Key { friend void swap(Key &a, Key &b) ; }; }")
    assert list(found.functions) == ["ns::swap"]
    assert not found.classes["ns::Key"][0].methods


# ---------------------------------------------------------------- definitions out of classes


def test_definitions_out_of_the_class() -> None:
    found = declared(
        """
        namespace ns {
            class Key { Key(HCRYPTKEY) ; ~Key() ; void set(HCRYPTKEY h) ; void set(Key *k) ;
                        bool ok() const ; bool ok() ; };
            void Key::set(Key *k) ;
            bool Key::ok() const ;
        }
        ns::Key::Key(HCRYPTKEY h) ;
        ns::Key::~Key() ;
        void ns::Key::gone() ;
        """
    )
    (key,) = found.classes["ns::Key"]
    defined = [(each.name, types(each), each.const) for each in key.methods if each.has_body]
    assert defined == [
        ("Key", ["HCRYPTKEY"], False),
        ("~Key", [], False),
        ("set", ["Key *"], False),
        ("ok", [], True),
    ]
    assert len(key.methods) == 6
    assert not found.functions


def test_members_of_templates_defined_out_of_them() -> None:
    found = declared(
        "template <class T> class H { ~H() ; T get() ; };"
        "template <class T> H<T>::~H() ; template <class T> T H<T>::get() ;"
    )
    assert all(each.has_body for each in found.classes["H"][0].methods)


# ---------------------------------------------------------------- namespaces, functions, variables


def test_namespaces_and_usings() -> None:
    found = declared(
        """
        namespace ns { namespace { int hidden; } inline namespace v2 { int shown; } }
        namespace short_name = ns::v2;
        using namespace std;
        using ns::Key;
        using ns::a, ns::b;
        """
    )
    assert found.namespaces == {"ns", "ns::(unnamed)", "ns::v2"}
    assert found.usings == {(): {"std"}, ("ns",): {"ns::(unnamed)", "ns::v2"}}
    assert found.names == {
        "short_name": "ns::v2",
        "Key": "ns::Key",
        "a": "ns::a",
        "b": "ns::b",
    }
    assert found.variables == {"ns::(unnamed)::hidden": "int", "ns::v2::shown": "int"}


def test_aliases() -> None:
    found = declared(
        """
        typedef HCRYPTKEY KeyHandle, *KeyPointer;
        typedef BOOL (WINAPI *Close)(HCRYPTKEY, DWORD);
        using Text = const char *;
        template <class T> using Keys = Holder<T, CryptDestroyKey>;
        class Key { typedef HCRYPTKEY Handle; };
        """
    )
    assert {name: alias.meaning for name, alias in found.aliases.items()} == {
        "KeyHandle": "HCRYPTKEY",
        "KeyPointer": "HCRYPTKEY *",
        "Close": "BOOL (*)(HCRYPTKEY, DWORD)",
        "Text": "const char *",
        "Keys": "Holder<T, CryptDestroyKey>",
        "Key::Handle": "HCRYPTKEY",
    }


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("Key k;", "Key"),
        ("static const BYTE k[] = { 1, 2, 3 };", "const BYTE[]"),
        ("Key k(5);", "Key"),
        ('Key k(&other, "name");', "Key"),
        ("HCRYPTPROV h; Key k(h);", "Key"),
        ("int (*k[3])(int) = { 0 };", "int (*[3])(int)"),
        ("struct Key k = { 0 };", "Key"),
        ('extern "C" { extern HCRYPTPROV k; }', "HCRYPTPROV"),
        ("auto k = open(1, 2), other = 3;", "auto"),
    ],
)
def test_variables(text: str, type_name: str) -> None:
    assert declared(text).variables["k"] == type_name


def test_functions_with_their_redeclarations() -> None:
    found = declared(
        """
        extern "C" __declspec(dllimport) BOOL WINAPI CryptDestroyKey(HCRYPTKEY);
        BOOL CryptDestroyKey(HCRYPTKEY hKey);
        Key open(HCRYPTPROV prov, DWORD flags = 0);
        Key open(HCRYPTPROV p, DWORD flags) ;
        Key open(const char *name);
        template <> void show<int>(int);
        """
    )
    (destroy,) = found.functions["CryptDestroyKey"]
    assert [each.name for each in destroy.parameters] == ["hKey"]
    first, second = found.functions["open"]
    assert [each.default for each in first.parameters] == ["", "0"]
    assert types(second) == ["const char *"]
    assert found.functions["show"][0].arguments == ("int",)


def test_headers_are_joined() -> None:
    one = declared("class Key { int a; }; void f(int n = 1); namespace ns { int x; }")
    two = declared("class Key { int b; }; template <> class H<int> {}; void f(int); int y;")
    found = merged([one, two])
    assert [fields(each) for each in found.classes["Key"]] == [{"a": "int"}]
    assert [each.default for each in found.functions["f"][0].parameters] == ["1"]
    assert found.variables == {"ns::x": "int", "y": "int"}


# ---------------------------------------------------------------- any text


@pytest.mark.parametrize(
    "text",
    [
        "class Key { void f(; HCRYPTKEY m; };",
        "class Key { int a[; HCRYPTKEY m; };",
        "class Key { ) ] HCRYPTKEY m; };",
        "} class Key { HCRYPTKEY m; };",
        "#if 1\n} }\n#endif\nclass Key { HCRYPTKEY m; };",
        "x = y < z; class Key { HCRYPTKEY m; };",
    ],
)
def test_broken_text_loses_little(text: str) -> None:
    assert fields(declared(text).classes["Key"][0])["m"] == "HCRYPTKEY"


WORDS = """
    class struct template < > ( ) { } ; : :: , * & && = ~ operator typename namespace using typedef
    Key Holder int const friend [ ] ... enum " ' 0 -> extern #
"""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=40).map(" ".join))
def test_no_text_is_too_odd(text: str) -> None:
    declared_in_text(text)


def test_deep_and_long_texts() -> None:
    declared_in_text("namespace a {" * 3000)
    declared_in_text("class A { " * 2000 + "int x;" + "};" * 2000)
    declared_in_text("int f(" + "(" * 3000)
    declared_in_text("int f" + "(int g" * 2000 + ")" * 2000 + ";")
    declared_in_text("int " + "(*" * 2000 + "f" + ")(int)" * 2000 + ";")
    declared_in_text("template <class T = " * 2000 + ">" * 2000 + " class A;")
    declared_in_text("int x = " + "a < " * 5000 + ";")
    declared_in_text("A<" * 3000 + ">" * 3000 + " x;")
