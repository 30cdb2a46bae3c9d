"""What names mean in C++: types through scopes and templates, members, overloads."""

from __future__ import annotations

import pytest

from capilint.frontends.cpp.facts.gather import declared_in_text
from capilint.frontends.cpp.facts.lookup import Lookup
from capilint.frontends.cpp.facts.model import Instance, Scope, Type
from capilint.frontends.cpp.facts.templates import text_of

KEYS = """
typedef HCRYPTKEY KeyHandle;
typedef KeyHandle *KeyPointer;
BOOL CryptDestroyKey(HCRYPTKEY);
namespace std_like { class string {}; }
namespace ns {
    using std_like::string;
    void close_hash(HCRYPTHASH);
    class Key {
    public:
        enum Mode { First };
        typedef HCRYPTKEY Handle;
        struct Part { Handle handle; };
        static Key *s_first;
        HCRYPTKEY m_key;
    };
    namespace inner { class Deep : public Key {}; }
    template <class H, void (*Close)(H) = ::CryptDestroyKey> class Holder { H h; };
    template <class T> using Keys = Holder<T, CryptDestroyKey>;
    struct BaseTraits { typedef HCRYPTKEY Handle; };
    struct KeyTraits : BaseTraits { static void close(Handle); };
    template <class Traits> struct TraitsHolder {
        typedef typename Traits::Handle Handle;
        Handle m_handle;
        Key m_keys[2];
        TraitsHolder *m_next;
    };
    namespace { class Hidden {}; }
    inline namespace v2 { class Shown {}; }
}
namespace alias = ns::inner;
using namespace ns;
template <class T> struct Outer { struct In { T t; }; };
template <class... A> struct Tuple {};
template <template <class> class C> struct Of { C<int> c; };
template <class D> struct Base { D *self; };
struct Crtp : Base<Crtp> {};
"""


def resolved(text: str, scope: Scope = (), source: str = KEYS) -> str:
    return text_of(Lookup(declared_in_text(source)).type_of(text, scope))


# ---------------------------------------------------------------- types


@pytest.mark.parametrize(
    ("text", "scope", "meaning"),
    [
        ("HCRYPTKEY", (), "HCRYPTKEY"),
        ("const KeyPointer *&", (), "const HCRYPTKEY**&"),
        ("struct ns::Key[2]", (), "ns::Key[]"),
        ("unsigned", (), "unsigned int"),
        ("long unsigned int", (), "unsigned long"),
        ("Key", (), "ns::Key"),
        ("::ns::Key &&", ("x",), "ns::Key&&"),
        ("::Key", ("ns",), "ns::Key"),
        ("Key", ("ns", "inner"), "ns::Key"),
        ("inner::Deep", ("ns",), "ns::inner::Deep"),
        ("alias::Deep", (), "ns::inner::Deep"),
        ("Part", ("ns", "Key"), "ns::Key::Part"),
        ("Part", ("ns", "inner", "Deep"), "ns::Key::Part"),
        ("Deep::Part", ("ns", "inner"), "ns::Key::Part"),
        ("Handle", ("ns", "inner", "Deep"), "HCRYPTKEY"),
        ("Key::Mode", ("ns",), "ns::Key::Mode"),
        ("string", ("ns",), "std_like::string"),
        ("Hidden", ("ns", "Key"), "ns::(unnamed)::Hidden"),
        ("ns::Shown", (), "ns::v2::Shown"),
        ("std::vector<KeyHandle>", (), "std::vector<HCRYPTKEY>"),
        ("std::map<int, Key *>::iterator", ("ns",), "std::map<int,ns::Key*>::iterator"),
        ("unknown::Name", ("ns",), "unknown::Name"),
        ("auto", (), "auto"),
    ],
)
def test_types(text: str, scope: Scope, meaning: str) -> None:
    assert resolved(text, scope) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("ns::Holder<KeyHandle>", "ns::Holder<HCRYPTKEY,CryptDestroyKey>"),
        ("ns::Holder<HCRYPTKEY, &CryptDestroyKey>", "ns::Holder<HCRYPTKEY,CryptDestroyKey>"),
        ("ns::Holder<HCRYPTKEY,::CryptDestroyKey>", "ns::Holder<HCRYPTKEY,CryptDestroyKey>"),
        ("ns::Holder<HCRYPTHASH, &close_hash>", "ns::Holder<HCRYPTHASH,ns::close_hash>"),
        ("ns::Holder<HCRYPTKEY, KeyTraits::close>", "ns::Holder<HCRYPTKEY,ns::KeyTraits::close>"),
        ("ns::Keys<HCRYPTKEY>", "ns::Holder<HCRYPTKEY,CryptDestroyKey>"),
        ("ns::TraitsHolder<KeyTraits>", "ns::TraitsHolder<ns::KeyTraits>"),
        ("ns::TraitsHolder<ns::KeyTraits>::Handle *", "HCRYPTKEY*"),
        ("Outer<Key>::In", "Outer<ns::Key>::In"),
        ("Tuple<int, Key, const char *>", "Tuple<int,ns::Key,const char*>"),
        ("Of<ns::TraitsHolder>", "Of<ns::TraitsHolder>"),
    ],
)
def test_instances_of_templates(text: str, meaning: str) -> None:
    lookup = Lookup(declared_in_text(KEYS))
    found = lookup.type_of(text, ())
    assert text_of(found) == meaning
    if not found.stars:
        assert found.instance is not None
        assert lookup.type_of(found.base, ()).instance == found.instance
        assert lookup.class_named(found.base, ("ns", "Key")) == found.instance


def test_inside_an_instance() -> None:
    lookup = Lookup(declared_in_text(KEYS))
    made = lookup.class_named("ns::TraitsHolder<KeyTraits>", ())
    assert made is not None
    types = {each.name: text_of(lookup.field_type(made, each)) for each in lookup.fields(made)}
    assert types == {
        "m_handle": "HCRYPTKEY",
        "m_keys": "ns::Key[]",
        "m_next": "ns::TraitsHolder<ns::KeyTraits>*",
    }
    assert lookup.class_named("TraitsHolder", made.scope, made.bindings) == made


SPECIALISED = """
template <class T, class D = int> struct Part { T primary; };
template <> struct Part<char> { int explicitly; };
template <class T> struct Part<T *> { T pointed; };
template <class T> struct Part<List<T>> { T listed; };
template <class T> struct Part<T, T> { T twice; };
template <class T> struct Part<const T *, long> { T fixed; };
"""


@pytest.mark.parametrize(
    ("arguments", "field", "type_name"),
    [
        ("long", "primary", "long"),
        ("char", "explicitly", "int"),
        ("HCRYPTKEY *", "pointed", "HCRYPTKEY"),
        ("HCRYPTKEY **", "pointed", "HCRYPTKEY*"),
        ("List<HCRYPTKEY>", "listed", "HCRYPTKEY"),
        ("long, long", "twice", "long"),
        ("const BYTE *, long", "fixed", "BYTE"),
    ],
)
def test_specialisations(arguments: str, field: str, type_name: str) -> None:
    lookup = Lookup(declared_in_text(SPECIALISED))
    made = lookup.class_named(f"Part<{arguments}>", ())
    assert made is not None
    (member,) = lookup.fields(made)
    assert (member.name, text_of(lookup.field_type(made, member))) == (field, type_name)


# ---------------------------------------------------------------- classes


def test_members_through_bases() -> None:
    lookup = Lookup(
        declared_in_text(
            """
            struct A { int a; void f(int); static int s; };
            struct B : A, Unknown { int b; void f(); };
            struct C : B { using A::f; };
            template <class T> struct D : A { T d; };
            """
        )
    )

    def instance(name: str) -> Instance:
        made = lookup.class_named(name, ())
        assert made is not None
        return made

    b, d = instance("B"), instance("D<int>")
    assert [base and base.name for base in lookup.bases(b)] == ["A", None]
    assert (lookup.is_complete(b), lookup.is_complete(d)) == (False, True)
    found = lookup.field(d, "a")
    assert found is not None and found[0] == instance("A")
    assert [len(each.parameters) for _, each in lookup.methods(b, "f")] == [0]
    assert [len(each.parameters) for _, each in lookup.methods(instance("D<int>"), "f")] == [1]
    assert lookup.methods(b, "g") == []
    assert lookup.variable("s", ("B",)) == ("A::s", "int")
    assert lookup.variable("B::s", ()) == ("A::s", "int")
    assert lookup.variable("a", ("B",)) is None


SPECIAL = """
struct Plain { HCRYPTKEY key; };
struct Set { HCRYPTKEY key = 0; };
struct Owner { Owner(HCRYPTKEY); ~Owner(); Owner(const Owner &); };
struct Moving { Moving(); Moving(Moving &&); ~Moving(); Moving &operator=(Moving &&other); };
struct Fixed { Fixed(const Fixed &) = delete; Fixed(); };
struct Said { Said() = default; Said(const Said &) = default; ~Said() = default; };
struct HasMoving { Moving member; };
struct Refers { HCRYPTKEY &key; };
struct Takes { Takes(int n = 1); Takes &operator=(Takes other); };
struct Elements { Owner owners[2]; };
struct Points { Owner *owner; Owner &other; static Owner all; };
struct Derived : Moving {};
struct Later : Unknown {};
template <class T> struct Endless : Endless<T *> { ~Endless(); };
"""


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        # default, copy, move, copy assignment, move assignment
        ("Plain", "implicit implicit implicit implicit implicit"),
        ("Owner", "none user none implicit none"),
        ("Moving", "user deleted user deleted user"),
        ("Fixed", "user deleted none implicit none"),
        ("Said", "implicit implicit none implicit none"),
        ("HasMoving", "implicit deleted implicit deleted implicit"),
        ("Refers", "deleted implicit implicit deleted none"),
        ("Takes", "user implicit none user none"),
        ("Elements", "deleted implicit implicit implicit implicit"),
        ("Derived", "implicit deleted implicit deleted implicit"),
    ],
)
def test_special_members(name: str, kinds: str) -> None:
    lookup = Lookup(declared_in_text(SPECIAL))
    made = lookup.class_named(name, ())
    assert made is not None
    asked = ("default", "copy", "move", "copy-assignment", "move-assignment")
    assert " ".join(lookup.special(made, kind).name.lower() for kind in asked) == kinds


@pytest.mark.parametrize(
    ("name", "destructor", "constructor"),
    [
        ("Plain", False, False),
        ("Set", False, True),
        ("Owner", True, False),
        ("Said", False, False),
        ("HasMoving", True, True),
        ("Elements", True, False),
        ("Points", False, False),
        ("Derived", True, True),
        ("Later", False, False),
        ("Endless<int>", True, False),
    ],
)
def test_what_begins_and_ends_an_object(name: str, destructor: bool, constructor: bool) -> None:
    lookup = Lookup(declared_in_text(SPECIAL))
    made = lookup.class_named(name, ())
    assert made is not None
    assert lookup.has_destructor(made) == destructor
    assert lookup.needs_default_constructor(made) == constructor


# ---------------------------------------------------------------- overloads

CALLS = """
namespace ns {
    class Other { public: operator HCRYPTKEY() const; };
    class Key {
    public:
        Key(HCRYPTKEY h); Key(const Key &); Key(Key &&); explicit Key(const char *);
        HCRYPTKEY get(); HCRYPTKEY get() const;
        operator HCRYPTKEY() const;
    };
    class Derived : public Key {};
    void set(HCRYPTKEY h, int mode = 0);
    void set(const Key &key);
    void set(Key &&key);
    void set(const char *name);
    void set(int a, int b, int c, ...);
    void point(Key *key);
    void point(void *any);
    void point(const BYTE *bytes);
    void change(Key &key);
    void only(Key key);
    void two(int a, HCRYPTKEY b);
    void two(HCRYPTKEY a, int b);
    template <class T> void pass(T value);
    void pass(HCRYPTKEY h);
    template <class T> void deep(T *value);
    template <class T> void deep(T value);
}
"""


def argument(lookup: Lookup, text: str) -> Type | None:
    """`Key` is a name of that type, `Key!` a temporary, `?` unknown."""
    if text == "?":
        return None
    found = lookup.type_of(text.rstrip("!"), ("ns",))
    return found._replace(reference="&&") if text.endswith("!") else found


@pytest.mark.parametrize(
    ("name", "arguments", "chosen"),
    [
        ("set", ["HCRYPTKEY"], "set(HCRYPTKEY,int)"),
        ("set", ["DWORD"], "set(HCRYPTKEY,int)"),
        ("set", ["HCRYPTKEY", "int!"], "set(HCRYPTKEY,int)"),
        ("set", ["Key"], "set(const Key&)"),
        ("set", ["const Key!"], "set(const Key&)"),
        ("set", ["Key!"], "set(Key&&)"),
        ("set", ["Derived"], "set(const Key&)"),
        ("set", ["Derived!"], "set(Key&&)"),
        ("set", ["Other"], "set(HCRYPTKEY,int)"),
        ("set", ["char *"], "set(const char*)"),
        ("set", ["int!", "int!", "int!", "Key", "?"], "set(int,int,int,...)"),
        ("set", ["?"], None),
        ("set", ["?", "?"], "set(HCRYPTKEY,int)"),
        ("set", [], None),
        ("point", ["Key *"], "point(Key*)"),
        ("point", ["Derived *!"], "point(Key*)"),
        ("point", ["Other *"], "point(void*)"),
        ("point", ["BYTE *"], "point(const BYTE*)"),
        ("change", ["Key"], "change(Key&)"),
        ("change", ["Key!"], None),
        ("change", ["const Key"], None),
        ("change", ["HCRYPTKEY"], None),
        ("only", ["HCRYPTKEY"], "only(Key)"),
        ("two", ["int!", "int!"], None),
        ("two", ["HCRYPTKEY", "int!"], "two(HCRYPTKEY,int)"),
        ("pass", ["HCRYPTKEY"], "pass(HCRYPTKEY)"),
        ("pass", ["Key"], "pass(T)"),
        ("deep", ["Key *"], "deep(T*)"),
        ("deep", ["Key"], "deep(T)"),
    ],
)
def test_overloads(name: str, arguments: list[str], chosen: str | None) -> None:
    lookup = Lookup(declared_in_text(CALLS))
    candidates = lookup.functions(name, ("ns",))
    found = lookup.overload(candidates, [argument(lookup, each) for each in arguments], ("ns",))
    key = None if found is None else lookup.signature_key(found, {}).removeprefix("ns::")
    assert key == chosen


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ("Key", "Key(const Key&)"),
        ("Key!", "Key(Key&&)"),
        ("Derived!", "Key(Key&&)"),
        ("HCRYPTKEY", "Key(HCRYPTKEY)"),
        ("Other", "Key(HCRYPTKEY)"),
        ("char *!", "Key(const char*)"),
    ],
)
def test_constructors(given: str, chosen: str) -> None:
    lookup = Lookup(declared_in_text(CALLS))
    made = lookup.class_named("ns::Key", ())
    assert made is not None
    found = lookup.overload(lookup.constructors(made), [argument(lookup, given)], made.scope)
    assert found is not None
    assert lookup.signature_key(found, {}, made) == f"ns::Key::{chosen}"


def test_const_overloads_mean_the_one_without() -> None:
    lookup = Lookup(declared_in_text(CALLS))
    made = lookup.class_named("ns::Key", ())
    assert made is not None
    found = lookup.overload([each for _, each in lookup.methods(made, "get")], [], made.scope)
    assert found is not None and not found.const


# ---------------------------------------------------------------- functions


def test_functions_by_scope() -> None:
    lookup = Lookup(
        declared_in_text(
            """
            void f(); void g();
            namespace a { void f(int); namespace { void hidden(); } class Key {}; void g(Key &); }
            namespace b { using a::f; }
            namespace c = a;
            """
        )
    )

    def shown(name: str, scope: Scope = (), near: tuple[Scope, ...] = ()) -> list[str]:
        return [lookup.signature_key(each, {}) for each in lookup.functions(name, scope, near)]

    assert shown("f") == ["f()"]
    assert shown("f", ("a", "Key")) == ["a::f(int)"]
    assert shown("::f", ("a",)) == ["f()"]
    assert shown("f", ("b",)) == ["a::f(int)"]
    assert shown("c::f") == ["a::f(int)"]
    assert shown("hidden", ("a",)) == ["a::(unnamed)::hidden()"]
    assert shown("g", (), (("a",),)) == ["g()", "a::g(Key&)"]
    assert shown("a::missing") == []


@pytest.mark.parametrize(
    ("declared", "given", "bound"),
    [
        ("T value", "ns::Key", {"T": "ns::Key"}),
        ("const T &value", "ns::Key", {"T": "ns::Key"}),
        ("T &value", "const ns::Key", {"T": "const ns::Key"}),
        ("T *value", "HCRYPTKEY *", {"T": "HCRYPTKEY"}),
        ("T *value", "HCRYPTKEY[2]", {"T": "HCRYPTKEY"}),
        ("T &&value", "ns::Key", {"T": "ns::Key&"}),
        ("T &&value", "ns::Key!", {"T": "ns::Key"}),
        ("const Holder<T> &value", "Holder<HCRYPTKEY, int>", {"T": "HCRYPTKEY"}),
        ("Holder<T, U> value", "FromHolder", {"T": "HCRYPTKEY", "U": "long"}),
        ("T *value", "HCRYPTKEY", {}),
        ("int value", "int", {}),
    ],
)
def test_deduction(declared: str, given: str, bound: dict[str, str]) -> None:
    lookup = Lookup(
        declared_in_text(
            f"""
            namespace ns {{ class Key {{}}; }}
            template <class T, class D> class Holder {{}};
            class FromHolder : public Holder<HCRYPTKEY, long> {{}};
            template <class T, class U> void f({declared});
            """
        )
    )
    (signature,) = lookup.functions("f", ())
    assert lookup.deduced(signature, [argument(lookup, given)]) == bound


def test_signatures_of_declaration_and_definition() -> None:
    lookup = Lookup(declared_in_text(KEYS))
    keys = set()
    for head in (
        "Key *open(HCRYPTKEY, const ns::Key &, BYTE *, Handle)",
        "ns::Key *open(const KeyHandle k, Key const &o, BYTE b[2], ::ns::Key::Handle h = 0)",
    ):
        (key,) = declared_in_text(f"class X {{ {head}; }};").classes["X"]
        (signature,) = key.methods
        owner = lookup.class_named("ns::Key", ())
        keys.add(lookup.signature_key(signature, {}, owner))
    assert keys == {"ns::Key::open(HCRYPTKEY,const Key&,BYTE*,HCRYPTKEY)"}
