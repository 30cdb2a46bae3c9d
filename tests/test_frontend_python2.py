"""Python 2 texts: what is found in them, and where. No fixtures, which must be Python 3."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.frontends.python import lower
from capilint.frontends.python.parsing.python2 import translate
from capilint.ir import Module
from capilint.ir.text import function_text
from capilint.language import Language

PRELUDE = "from ctypes import windll, c_void_p, byref\n"


def findings(text: str) -> list[tuple[str, int, int]]:
    """Code, line and column of what `capilint check` finds, less the prelude's line."""
    source = Input("old.py", Language.PYTHON, (PRELUDE + dedent(text)).encode())
    report = check([source], lambda _: Settings())
    assert not report.unreadable
    return [(each.code, each.span.line - 1, each.span.column) for each in report.findings]


def understood(text: str) -> Module:
    module = lower(dedent(text), "old.py")
    assert not module.problems
    return module


def dump(function: str) -> str:
    """The dump of the function `f`, in a file that has Python 2's syntax elsewhere too."""
    module = understood(f"{function}\nassert f <> None\n")
    (found,) = [each for each in module.functions if each.name == "f"]
    return function_text(found, positions=False)


def body(statement: str) -> str:
    """The dump of a function that consists of one statement, less the places in lambdas' names."""
    return re.sub("@2:[0-9]+", "", dump(f"def f(a, b, h, out):\n    {statement}\n"))


def test_findings_of_a_python_2_text_have_its_lines_and_columns() -> None:
    assert findings("""\
        def export(prov):
            key = c_void_p()
            print "made a key", ; print windll.advapi32.CryptGenKey(prov, 1, 1, byref(key))
            try:
                print >>out, "made a key"
            except ValueError, e:
                print e
            return 1
        """) == [("CAP101", 3, 33)]


def test_a_release_in_python_2_syntax_counts() -> None:
    assert (
        findings("""\
        def export(prov):
            key = c_void_p()
            if windll.advapi32.CryptGenKey(prov, 1, 1, byref(key)) <> 0:
                try:
                    work()
                except Exception, e:
                    print windll.advapi32.CryptDestroyKey(key)
                    raise Failure, e, trace
                print windll.advapi32.CryptDestroyKey(key)
        """)
        == []
    )


def test_a_path_that_raises_leaks() -> None:
    text = """\
        def export(prov):
            key = c_void_p()
            if windll.advapi32.CryptGenKey(prov, 1, 1, byref(key)):
                if not usable(prov): raise Failure, "unusable"
                windll.advapi32.CryptDestroyKey(key)
        """
    ((code, line, _),) = findings(text)
    assert (code, line) in [("CAP101", 3), ("CAP102", 3)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print h", "print(h)"),
        ("print", "print"),
        ("print h,", "print(h,)"),
        ("print (h), b", "print((h), b)"),
        ("print (h)", "print(h)"),
        ("print (a)(h)", "print((a)(h))"),
        ("print'%s' % h", "print('%s' % h)"),
        ("print >>out, h", "print(out, h)"),
        ("print>>out", "print(out)"),
        ("if a: print h; print b", "if a: print(h); print(b)"),
        ("print lambda: h", "print(lambda: h)"),
        ("print {a: b}[a:b]", "print({a: b}[a:b])"),
        ('exec "print h"', 'exec("print h")'),
        ("exec a in b, h", "exec(a, b, h)"),
        ("exec(a) in b", "exec((a), b)"),
        ("exec (a)", "exec(a)"),
        ("raise a, h", "raise a(h)"),
        ("raise a.b, (h, b), out", "raise a.b((h, b), out)"),
        ("return a <> b", "return a != b"),
        ("return`a`", "return repr(a)"),
        ("b(`a + h`, `h`)", "b(repr(a + h), repr(h))"),
        ("b(0777, 10L, 0xFFL, 07L, 0, 00, 1e5, .5)", "b(511, 10, 255, 7, 0, 0, 1e5, .5)"),
        (r"b(ur'\d', UR'''x''', u'y')", r"b(r'\d', r'''x''', u'y')"),
        ("b(key=lambda (x, y), z: x)", "b(key=lambda x, y, z: x)"),
        ("b(lambda(x, y): x)", "b(lambda x, y: x)"),
        ('b("print x <> `y` 10L") <> 1', 'b("print x <> `y` 10L") != 1'),
    ],
)
def test_old_syntax_means_what_the_new_one_does(old: str, new: str) -> None:
    assert body(old) == body(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("except A, e", "except A as e"),
        ("except A,e", "except A as e"),
        ("except (A, B), e", "except (A, B) as e"),
        ("except A.b, (code, text)", "except A.b as _caught"),
        ("except A, self.error", "except A as _caught"),
    ],
)
def test_old_handlers_catch_and_bind_what_they_did(old: str, new: str) -> None:
    text = "def f():\n  try: g()\n  {}: h(e)\n"
    assert dump(text.format(old)) == dump(text.format(new))


@pytest.mark.parametrize("head", ["except A, B", "except A, m.B", "except A, B, c"])
def test_handlers_of_python_3_14_stay_as_they_are(head: str) -> None:
    text = f"try: g()\n{head}: h()\n"
    assert translate(text).text == text


def test_print_is_a_function_where_the_file_says_so() -> None:
    text = 'from __future__ import print_function\nprint ("%s") % 0777\n'
    assert translate(text).text == text.replace("0777", "0o777")


def test_tabs_count_to_the_next_multiple_of_eight() -> None:
    text = (
        "def f(prov):\n"
        "    key = c_void_p()\n"
        "    if prov:\n"
        "\twindll.advapi32.CryptGenKey(prov, 1, 1, byref(key))\n"
        "    else:\n"
        "    \tprint '''\n"
        "\ttext'''\n"
    )
    assert findings(text) == [("CAP101", 4, 2)]
    assert "\n\ttext" in translate(text).text


def test_strings_comments_and_continued_lines_stay_as_they_are() -> None:
    text = (
        "# print x <> 0777\n"
        's = """\n'
        "print x, `y`\n"
        "\texcept A, e:\n"
        '"""\n'
        "f(a,\n"
        "\tb)  # it's raise A, b\n"
        "c = d + \\\n"
        "\te\n"
        "print x\n"
    )
    assert translate(text).text == text.replace("print x\n", "print (x)\n")


@pytest.mark.parametrize(
    "text",
    [
        "def f(a, (b, c)):\n    print a\n",  # has no counterpart within its lines
        "print 'x\n",
        "except A, e\n",
    ],
)
def test_what_stays_unclear_is_the_problem_it_was_in_python_3(text: str) -> None:
    (problem,) = lower(text, "old.py").problems
    with pytest.raises(SyntaxError) as failure:
        compile(text, "old.py", "exec")
    assert problem.reason == f"not Python 3: {failure.value.msg}"
    assert problem.span.line == failure.value.lineno


_PIECES = st.sampled_from(
    [
        *("print", "exec", "raise", "except", "lambda", "try:", "in", "x", "CryptGenKey", "0777"),
        *("10L", "ur'x'", "'", '"""', "`", "<>", ">>", "(", ")", "[", "]", ",", ":", ";", "="),
        *("\n", "\r\n", "\r", "\\\n", "\t", "    ", " ", "\f", "#", "é", "_caught", "A", "."),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_text_is_survived_and_keeps_its_lines(text: str) -> None:
    translation = translate(text)
    assert len(_lines(translation.text)) == len(_lines(text))
    module = lower(text, "old.py")
    assert module.functions or module.problems


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join))
def test_words_that_stay_are_found_at_their_columns(text: str) -> None:
    translation = translate(text)
    offset = 0
    for number, line in enumerate(_lines(translation.text), start=1):
        original = _lines(text)[number - 1]
        for position in range(len(line)):
            if line.startswith("CryptGenKey", position):
                column = translation.column(number, offset + position)
                assert original[column - 1 :].startswith("CryptGenKey")
        offset += len(line)


def _lines(text: str) -> list[str]:
    """The lines with their ends."""
    parts = text.replace("\r\n", "\0").replace("\r", "\1").replace("\n", "\n\2")
    parts = parts.replace("\0", "\r\n\2").replace("\1", "\r\2")
    return parts.split("\2")
