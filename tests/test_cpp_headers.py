"""Which headers are C++: by what a C compiler would read, too."""

from __future__ import annotations

import pytest

from capilint.files.cpp_headers import says_cpp
from capilint.files.source import Input, load_input
from capilint.language import Language


@pytest.mark.parametrize(
    "text",
    [
        "class Key { };",
        "class EXPORT Key : public Base<int> {",
        "class __declspec(dllexport) Key final {",
        "template <typename T> T *get();",
        "template<> struct Traits<int> {};",
        "namespace a::b {",
        "namespace {",
        "using namespace std;",
        "struct Key {\npublic:\n    int a;\n};",
        "struct Key { Key();\n    virtual ~Key();\n};",
        "struct Key {\n    ~Key() { }\n};",
        "enum class Kind { A };",
        "std::string name(void);",
        "inline void f(int a) { if (a) { throw a; } }",
        "inline Key made(int a, const Provider& provider);",
        "void Key::close();",
        'extern "C" void f(void);',
        '#ifdef __cplusplus\nextern "C" {\n#endif\nclass Key {};\n',
        "#ifndef __cplusplus\ntypedef int bool;\n#else\nclass A {};\n#endif\nclass B {};",
        "#ifdef __cplusplus\n#else\nclass C_too { };\n#endif",
    ],
)
def test_headers_of_cpp(text: str) -> None:
    assert says_cpp(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "int class;\nint f(int template, int namespace);",
        "/* class Key { public: }; std::string */ // namespace a {",
        'char *a = "class Key {"; char *b = "std::string";',
        '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif',
        "#if defined(__cplusplus) && X\nclass Key {};\n#endif\nint f(void);",
        "#ifdef __cplusplus\n#if A\nint a;\n#endif\nclass Key {};\n#endif\nint f(void);",
        "#ifndef __cplusplus\nint f(void);\n#else\nstd::string f();\n#endif",
        "#if !defined(__cplusplus)\nint f(void);\n#else\nclass Key {};\n#endif",
        "# if defined __cplusplus \\\n    && A\nclass Key {};\n# elif B\nint g(void);\n# endif",
        "[[gnu::pure]] int f(void);",
        "void throw(int throw);\n#define BOTH(a, b) f(a & b, const_a & b)",
        "struct bits { unsigned a : 3, : 5; };\nint g = ~f();",
        "#endif\n#else\nint f(void);",
    ],
)
def test_headers_of_c(text: str) -> None:
    assert not says_cpp(text.encode())


def test_a_header_is_read_as_what_it_says_unless_it_is_told() -> None:
    data = "\ufeffclass Key { };".encode("utf-16")

    def language(path: str, told: bool = False) -> Language:
        return load_input(Input(path, Language.C, told=told), data).language

    assert language("a.h") is language("A.H") is Language.CPP
    assert language("a.c") is language("a.h", told=True) is Language.C


def test_strange_text_is_read_in_linear_time() -> None:
    """Each of these is quadratic with careless patterns; the test would not end."""
    pieces = ("class a ", "/* ", '"', "\n", "{ \n~", "#if __cplusplus\n", "#if A\n", "::", "[[ ")
    for piece in pieces:
        says_cpp(b"__cplusplus\n" + piece.encode() * 200_000)
