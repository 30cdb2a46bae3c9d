"""Bytes become text with lines, or a reason why not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from capilint.files import source
from capilint.files.source import UnreadableError, decode, load, mentions, read_bytes
from capilint.language import Language

NAME = re.compile(rb"\bCryptGenKey\b").search


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"int x;", "int x;"),
        ("/* \u00e9\u4e2d */".encode(), "/* \u00e9\u4e2d */"),
        (b"\xef\xbb\xbfint x;", "int x;"),
        ("int \u00fc;".encode("utf-16"), "int \u00fc;"),
        (b"\xfe\xff" + "int x;".encode("utf-16-be"), "int x;"),
        ("int x;".encode("utf-32"), "int x;"),
        (b"// caf\xe9 \x80", "// caf\u00e9 \u20ac"),  # Windows-1252
        (b"// \x81\xe9", "// \x81\u00e9"),  # not even that: Latin-1
        (b"", ""),
    ],
)
def test_c_text_is_decoded_by_its_mark_or_by_what_fits(data: bytes, text: str) -> None:
    assert decode(data, Language.C) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# -*- coding: koi8-r -*-\nx = '\xc1'", "\u0430"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\nx = '\xe0'", "\u0430"),
        (b"\n# coding=koi8-r\nx = '\xc1'", "\u0430"),
        (b"x = 1\n# coding: koi8-r\ny = '\xc1'", "\u00c1"),  # too late: a statement came first
        (b"\n\n# coding: koi8-r\ny = '\xc1'", "\u00c1"),  # line 3 does not count
        (b"# coding: utf-8\nx = '\xe9'", "\u00e9"),  # a lie; the next best
        (b"# coding: utf-7\nx = '+2AA-'", "\ufffd"),  # half of a pair, which no report can show
    ],
)
def test_python_obeys_the_coding_line(data: bytes, text: str) -> None:
    assert f"'{text}'" in decode(data, Language.PYTHON)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\n\x01\x00\x00", "NUL byte in line 2"),
        (b"# coding: no-such-thing\n", "unknown encoding 'no-such-thing' in line 1"),
        (b"#!python\n# coding: hex\n", "unknown encoding 'hex' in line 2"),
        (b"\xff\xfei\x00n", "utf-16"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=re.escape(reason)):
        decode(data, Language.PYTHON)


def test_a_coding_line_in_c_is_a_comment() -> None:
    assert decode(b"# coding: no-such-thing\n", Language.C).startswith("#")


def test_all_line_ends_are_one() -> None:
    loaded = load("a.c", b"one\r\ntwo\rthree\nfour\x0cstill four", Language.C)
    assert loaded.lines == ("one", "two", "three", "four\x0cstill four")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16", "utf-32"])
def test_names_are_found_in_every_marked_encoding(encoding: str) -> None:
    assert mentions("x = CryptGenKey()".encode(encoding), NAME)
    assert not mentions("x = CryptGenKeys()".encode(encoding), NAME)


def test_reading_refuses_what_is_no_ordinary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read_bytes(str(tmp_path / "gone.c"))
    with pytest.raises(UnreadableError, match="not a regular file"):
        read_bytes(str(tmp_path))
    with pytest.raises(UnreadableError, match="null"):
        read_bytes("a\0b.c")
    monkeypatch.setattr(source, "LARGEST_FILE", 8)
    (tmp_path / "big.c").write_bytes(b"123456789")
    with pytest.raises(UnreadableError, match="9 bytes"):
        read_bytes(str(tmp_path / "big.c"))


def test_python_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST_PYTHON_FILE", 1024)
    text = b"x = 1\n" * 200
    with pytest.raises(UnreadableError, match=r"1200 bytes: .* 1 KiB for Python"):
        load("a.py", text, Language.PYTHON)
    assert load("a.c", text, Language.C).text == text.decode()


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="no files without a size")
def test_files_whose_size_is_not_told_are_read_to_their_end() -> None:
    assert read_bytes("/proc/version") == Path("/proc/version").read_bytes() != b""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.c")
    with pytest.raises(UnreadableError, match="not a regular file"):
        read_bytes(str(tmp_path / "pipe.c"))
