"""Where the functions of a C++ file stand, whatever stands around them."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint.frontends.cpp.parsing.outline import (
    BraceMacros,
    Definition,
    definitions,
    without_bodies,
)


def found(text: str) -> list[Definition]:
    return definitions(dedent(text))


def names(text: str) -> list[str]:
    return ["::".join((*each.scope, each.name)) for each in found(text)]


def only(text: str) -> Definition:
    (definition,) = found(text)
    return definition


# ---------------------------------------------------------------- names and scopes


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("void close() {}", "close"),
        ("void ns::Key::close() {}", "ns::Key::close"),
        ("ns::Key::Key(H h) {}", "ns::Key::Key"),
        ("Key::~Key() {}", "Key::~Key"),
        ("Key:: ~ Key() {}", "Key::~Key"),
        ("Key& Key::operator=(const Key& other) {}", "Key::operator="),
        ("H* Key::operator&() {}", "Key::operator&"),
        ("bool Key::operator()(int a) const {}", "Key::operator()"),
        ("H Key::operator[](int a) {}", "Key::operator[]"),
        ("bool operator==(const Key& a, const Key& b) {}", "operator=="),
        ("Key::operator HCRYPTKEY() const {}", "Key::operator HCRYPTKEY"),
        ("Key::operator const BYTE*() {}", "Key::operator const BYTE *"),
        ("void* Key::operator new(size_t n) {}", "Key::operator new"),
        ("H Key::operator->() {}", "Key::operator->"),
        ("void Finder::Read$SII(int a) {}", "Finder::Read$SII"),
        ("void Schlüssel::schließen() {}", "Schlüssel::schließen"),
        ("struct S make(int a) {}", "make"),
        ("class Key *find() {}", "find"),
        ("enum Mode mode() {}", "mode"),
        ("std::map<int, void (*)(int)> table() {}", "table"),
        ("auto size() -> decltype(other.size()) {}", "size"),
        ("EXPORT BOOL WINAPI DllMain(HINSTANCE h) {}", "DllMain"),
        ("STDMETHODIMP Provider::Release() {}", "Provider::Release"),
        ("STDMETHODIMP_(ULONG) Provider::Release() {}", "Provider::Release"),
        ("STDMETHOD_(ULONG, Release)(void) {}", "Release"),
        ("STDMETHOD(Open)(const char* name) override {}", "Open"),
        ("IMPLEMENT_DYNAMIC(Key, CObject)\nvoid Key::close() {}", "Key::close"),
        ("ns_USE\nvoid Key::close() {}", "Key::close"),
        ("__declspec(dllexport) const char* name() {}", "name"),
        ("[[nodiscard]] int f() {}", "f"),
        ("_Success_(return != 0) BOOL f(_In_reads_bytes_(n) const BYTE* p, DWORD n) {}", "f"),
        ("void f() THREAD_ANNOTATION(lock) {}", "f"),
        ("void f() const LOCKS(lock) {}", "f"),
        ("Key::Key(H h) NOEXCEPT : m_h(h) {}", "Key::Key"),
        ("class Key { API CONSTEXPR Key() NOEXCEPT_IF(true) : m_h(0) {} };", "Key::Key"),
        ('void f(int a = g(1), const char* s = "){") {}', "f"),
        ("TEST_F(KeyTest, Closes) {}", "TEST_F"),
        ("static __forceinline int __stdcall f() {}", "f"),
        ('extern "C" int f() {}', "f"),
        ("template <class T> requires std::integral<T> && (sizeof(T) > 1) void f(T t) {}", "f"),
        ("template <class T> void f(T t) requires (sizeof(T) > 1) {}", "f"),
    ],
)
def test_the_name_of_a_function(text: str, name: str) -> None:
    assert names(text) == [name]


@pytest.mark.parametrize(
    ("around", "scope"),
    [
        ("namespace ns { % }", ("ns",)),
        ("namespace a::b { namespace c { % } }", ("a", "b", "c")),
        ("inline namespace v1 { % }", ("v1",)),
        ("namespace [[deprecated]] old { % }", ("old",)),
        ("namespace { % }", ("(unnamed)",)),
        ('extern "C" { % }', ()),
        ("EXTERN_C_BLOCK { % }", ()),
        ("class Key { % };", ("Key",)),
        ("struct Key final : public Base<int>, private Other { % };", ("Key",)),
        ("class KEY_EXPORT Key : public Base { % };", ("Key",)),
        (
            "class ATL_NO_VTABLE Key :\n public CComObjectRootEx<CComSingleThreadModel> { % };",
            ("Key",),
        ),
        ('class __declspec(uuid("00-00")) Key { % };', ("Key",)),
        ("class alignas(16) Key { % };", ("Key",)),
        ("class Outer::Inner { % };", ("Outer", "Inner")),
        ("template <> class Holder<const BYTE *, 2> { % };", ("Holder<const BYTE *,2>",)),
        ("template <class T> class Holder { % };", ("Holder",)),
        ("union Value { % };", ("Value",)),
        ("typedef struct tagKey { % } KEY;", ("tagKey",)),
        ("NAMESPACE_BEGIN(x)\nclass Key { % };", ("Key",)),
        ("class Key { public: % };", ("Key",)),
        ("namespace tests { TEST_CLASS(KeyTest) { public: % }; }", ("tests", "KeyTest")),
        ("DECLARE_INTERFACE_(IKey, IUnknown) { % };", ("IKey",)),
        ("class Key { Q_OBJECT\npublic slots: % };", ("Key",)),
    ],
)
def test_the_scope_of_a_function(around: str, scope: tuple[str, ...]) -> None:
    definition = only(around.replace("%", "void f() {}"))
    assert (definition.name, definition.scope) == ("f", scope)


def test_members_of_classes() -> None:
    source = """
        class Key : public Base {
            BEGIN_COM_MAP(Key)
                COM_INTERFACE_ENTRY(IKey)
            END_COM_MAP()
            enum { First, Second };
            int list[2] = {1, 2}; HCRYPTKEY m_key{0}; std::vector<int> more{1};
            Key(const Key&) = delete;
            Key() = default;
        public:
            explicit Key(HCRYPTKEY h) : Base{h}, m_key(h) {}
            DISALLOW_COPY(Key)
            static int count() { struct Local { void f() {} }; auto g = [] {}; }
            virtual ~Key() override { if (m_key) { } }
            class Inner { void f() {} } inner;
        };
        void after() {}
        """
    assert names(source) == ["Key::Key", "Key::count", "Key::~Key", "Key::Inner::f", "after"]
    assert [each.in_class for each in found(source)] == [True, True, True, True, False]


def test_a_friend_is_no_member() -> None:
    source = "namespace ns { class Key { friend bool operator==(Key a, Key b) {} void f() {} }; }"
    assert names(source) == ["ns::operator==", "ns::Key::f"]
    assert [each.in_class for each in found(source)] == [False, True]


def test_what_belongs_to_one_file_only() -> None:
    source = (
        "namespace { void f() {} } static void g() {} class A { static void h() {} }; void i() {}"
    )
    assert [each.internal for each in found(source)] == [True, True, False, False]


# ---------------------------------------------------------------- templates


@pytest.mark.parametrize(
    ("text", "scope", "own", "of_class", "arguments"),
    [
        ("template <class T> void f(T t) {}", (), "class T", "", ()),
        ("template <class T> void ns::f(T t) {}", ("ns",), "class T", "", ()),
        ("template <class T> void Holder<T>::f() {}", ("Holder",), "", "class T", ()),
        (
            "template <class T, int N> Holder<T, N>::~Holder() {}",
            ("Holder",),
            "",
            "class T, int N",
            (),
        ),
        ("template <class T> void Holder<T *>::f() {}", ("Holder<T *>",), "", "class T", ()),
        ("template <class... T> void Pack<T...>::f() {}", ("Pack",), "", "class... T", ()),
        (
            "template <class T> template <class U> void Holder<T>::f(U u) {}",
            ("Holder",),
            "class U",
            "class T",
            (),
        ),
        ("void Holder<HCRYPTKEY>::f() {}", ("Holder<HCRYPTKEY>",), "", "", ()),
        ("template <> void Holder<HCRYPTKEY>::f() {}", ("Holder<HCRYPTKEY>",), "", "", ()),
        ("template <> void close<HCRYPTKEY>(HCRYPTKEY h) {}", (), "", "", ("HCRYPTKEY",)),
        (
            "template <template <class> class C, class T = X<(1 > 0)>> void Y<C, T>::f() {}",
            ("Y",),
            "",
            "template <class> class C, class T = X<(1 > 0)>",
            (),
        ),
    ],
)
def test_templates(
    text: str, scope: tuple[str, ...], own: str, of_class: str, arguments: tuple[str, ...]
) -> None:
    each = only(text)
    assert each.scope == scope
    assert (each.template, each.class_template, each.arguments) == (own, of_class, arguments)


# ---------------------------------------------------------------- what stands around the name


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        ("static inline const ns::Key& f() {}", "const ns::Key &"),
        ("HCRYPTKEY f() {}", "HCRYPTKEY"),
        ("auto f() -> std::unique_ptr<Key> {}", "std::unique_ptr<Key>"),
        ("EXPORT_API HCRYPTKEY WINAPI f() {}", "HCRYPTKEY"),
        ("DECLARE_DYNAMIC(Key)\nHCRYPTKEY f() {}", "HCRYPTKEY"),
        ("Key::Key() {}", ""),
        ("Key::~Key() {}", ""),
    ],
)
def test_what_a_function_returns(text: str, returns: str) -> None:
    assert only(text).returns == returns


def test_initialisers_may_have_braces() -> None:
    text = (
        "Key::Key(H h) noexcept : Base<int>{h}, m_list({1, 2}), m_f([&] { return 1; }),\n"
        "    m_b{ 2 } // last {\n{ body(); }\nvoid after() {}"
    )
    key, after = definitions(text)
    assert text[key.body : key.end] == "{ body(); }"
    assert text[key.cut : key.body].startswith(": Base<int>{h}")
    assert (key.parameters, key.after, after.name) == ("H h", "noexcept", "after")


def test_an_initialiser_list_in_branches() -> None:
    text = "Key::Key()\n  : m_a(1)\n#ifdef MORE\n  , m_b{2}\n#endif\n{ body(); }\n"
    assert text[only(text).body :] == "{ body(); }\n"


@pytest.mark.parametrize("head", ["void f() ", "Key::Key() ", "Key::Key(H h) noexcept "])
def test_a_function_whose_body_is_a_try_block(head: str) -> None:
    text = f"{head}try {{ a(); }} /* so */ catch (const E& e) {{ b(); }}\ncatch (...) {{ c(); }}"
    each = only(text + " void after();")
    assert text[each.cut : each.cut + 3] == "try"
    assert text[each.body : each.end] == "{ a(); }"
    assert each.handlers_end == len(text)


def test_a_macro_may_be_the_last_clause() -> None:
    text = "HRESULT f() noexcept try { a(); }\nCATCH_RETURN()"
    each = only(text + " void after();")
    assert (each.after, each.handlers_end) == ("noexcept", len(text))


def test_a_constructor_whose_body_is_a_try_block() -> None:
    text = "Key::Key(H h) try : m_h{h} { a(); } catch (...) { b(); }"
    each = only(text)
    assert text[each.cut : each.body] == "try : m_h{h} "
    assert (text[each.body : each.end], each.handlers_end) == ("{ a(); }", len(text))


def test_braces_of_default_arguments_and_requirements() -> None:
    source = """
        void f(Options o = {}, Key k = Key{1}) { }
        template <class T> concept Closes = requires(T t) { t.close(); };
        template <class T> requires requires(T t) { t.close(); } void g(T t) { }
        int table[] = {1, 2}; Key one(1), two{2};
        auto callback = [](int a) { return a; };
        void h() { }
        """
    assert names(source) == ["f", "g", "h"]


# ---------------------------------------------------------------- literals and directives


@pytest.mark.parametrize(
    "text",
    [
        'auto s = R"({)";',
        'auto s = R"x( )" } )x";',
        'auto s = LR"(\n{"\n)";',
        "int n = 1'000'000; char c = '{';",
        "int n = 0xFF'FF; /* { */ // {",
        "#define OPEN {\n#define CLOSE }",
    ],
)
def test_braces_that_are_none(text: str) -> None:
    assert names(f"class Key {{\n{text}\nvoid f() {{}}\n}};\nvoid g() {{}}")[-2:] == ["Key::f", "g"]


def test_branches_that_open_a_brace_each_open_one() -> None:
    source = """
        #ifdef A
        class Key : public Base {
        #elif B
        class Key : public Other {
        #else
        class Key {
        #endif
            void f() {}
        };
        #ifdef A
        void g(int a) {
        #else
        void g() {
        #endif
        }
        #ifdef __cplusplus
        extern "C" {
        #endif
        void h() {}
        #ifdef __cplusplus
        }
        #endif
        void i() {}
        """
    assert names(source) == ["Key::f", "g", "h", "i"]


def test_a_head_in_two_branches_is_the_last_one() -> None:
    assert names("#if A\nint f(int a,\n#else\nint f(\n#endif\nint b) {}\nvoid g() {}") == ["f", "g"]


def test_braces_that_macros_open() -> None:
    text = "BEGIN(ns) class Key BODY void f() { FOR 1; END } END; void g() { } END void h() { }"
    meanings = {"BEGIN(ns)": "namespace ns {", "BODY": ": Base {", "FOR": "for (;;) {", "END": "}"}
    opened = {"BEGIN": 1, "BODY": 1, "FOR": 1, "END": -1}
    macros = BraceMacros(lambda word: opened.get(word, 0), lambda use: meanings[use])
    found = definitions(text, macros)
    assert [(each.name, each.scope) for each in found] == [
        ("f", ("ns", "Key")),
        ("g", ("ns",)),
        ("h", ()),
    ]
    assert text[found[0].body : found[0].end] == "{ FOR 1; END }"


def test_bodies_are_left_out_of_the_declarations() -> None:
    text = "class Key { Key() : a{1} { x; } void f() try { }\ncatch (...) { } int m; };"
    declarations = without_bodies(text, definitions(text))
    assert " ".join(declarations.split()) == "class Key { Key() ; void f() ; int m; };"
    (*_, row), (*_, written) = declarations.split("\n"), text.split("\n")
    assert row.index("int m;") == written.index("int m;")


def test_a_part_of_a_file() -> None:
    text = "void f() { class Key { void g() {} }; } void h() {}"
    (outer, _) = definitions(text)
    (inner,) = definitions(text, None, outer.body + 1, outer.end - 1)
    assert (inner.name, inner.scope, text[inner.body : inner.end]) == ("g", ("Key",), "{}")


# ---------------------------------------------------------------- any text


_PIECES = (
    *("{", "}", "(", ")", ";", ":", "::", "<", ">", ",", "=", "[[", "->", "~", 'R"(', '"', "'"),
    *("class ", "Key", " f", "try ", "namespace ", "template <", "operator", "catch (...)", "//"),
    *("\n#if A\n", "\n#else\n", "\n#endif\n", "/*", "requires ", " const ", "enum "),
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_any_text_will_do(text: str) -> None:
    for each in definitions(text):
        assert 0 <= each.start <= each.name_at < each.declarator_end <= each.cut <= each.body
        assert each.body < each.end <= each.handlers_end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "K::K() : " + ", ".join(f"m{n}{{1}}" for n in range(4000)) + " { }",
        "int f() " * 20_000 + "{ }",
        "void f(" + "X{}, " * 4000 + ") { }",
        "template <" * 4000 + "{ }",
        "namespace a { " * 3000 + "void f() { }",
        "a<" * 8000 + " f() { }",
        "a::" * 8000 + "f() { }",
        "f() const " * 8000 + "{ }",
        "class A B " * 8000 + "{ }",
        "requires " * 8000 + "{ }",
    ],
    ids=lambda text: text[:16],
)
def test_long_texts_take_no_time_to_speak_of(text: str) -> None:
    assert len(definitions(text)) <= 1
