"""Finding headers: where an `#include` looks, what it takes a name for, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from capilint.files.includes import Headers
from capilint.files.source import Input
from capilint.language import Language


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    monkeypatch.chdir(tree)
    return tree


def make(*paths: str) -> None:
    """Files that hold their own paths."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path, encoding="utf-8")


def found(
    name: str,
    *folders: str,
    by: str = "src/a.c",
    quoted: bool = True,
    headers: Headers | None = None,
) -> str | None:
    """The path of the header that an `#include` means."""
    source = (headers or Headers()).find(by, name, quoted, folders)
    return source.path if source else None


def link(path: str, target: Path, folder: bool = False) -> None:
    try:
        Path(path).symlink_to(target, target_is_directory=folder)
    except OSError:
        pytest.skip("no symbolic links here")


def test_a_quoted_name_is_looked_for_beside_the_file_and_then_in_the_folders_in_order() -> None:
    make("src/x.h", "inc/x.h", "inc/y.h", "more/x.h", "more/y.h", "z.h")
    assert found("x.h", "inc", "more") == "src/x.h"
    assert found("y.h", "inc", "more") == "inc/y.h"
    assert found("y.h", "more", "inc") == "more/y.h"
    assert found("z.h", "inc") is None
    assert found("z.h", by="a.c") == "z.h"
    assert found("z.h", ".") == "z.h"


def test_a_name_in_brackets_is_looked_for_in_the_folders_only() -> None:
    make("src/x.h", "inc/x.h")
    assert found("x.h", "inc", quoted=False) == "inc/x.h"
    assert found("x.h", quoted=False) is None
    assert found("windows.h", "inc", "gone", quoted=False) is None


def test_a_header_is_read_as_c() -> None:
    make("src/x.hpp")
    source = Headers().find("src/a.c", "x.hpp", True, ())
    assert source is not None
    assert (source.text, source.language) == ("src/x.hpp", Language.C)


def test_names_may_have_folders_and_climb() -> None:
    make("inc/win/x.h", "src/deep/y.h", "x.h")
    assert found("win/x.h", "inc") == "inc/win/x.h"
    assert found("../inc/./win//x.h") == "inc/win/x.h"
    assert found("deep/../../x.h") == "x.h"
    assert found("../tree/x.h", by="a.c") == "../tree/x.h"


def test_no_name_climbs_out_of_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("one/.git/HEAD", "one/src/a.c", "one/x.h", "y.h", "two/inc/deep/b.h", "two/inc/z.h")
    here = Path.cwd()
    (here.parent / "outside.h").write_text("", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    assert found("../x.h", by="one/src/a.c") == "one/x.h"
    assert found("../../y.h", by="one/src/a.c") is None
    assert found("../y.h", by="two/a.c") == "y.h"
    assert found("../../outside.h", by="two/a.c") is None
    assert found("../inc/z.h", "two/inc", by="one/src/a.c") == "two/inc/z.h"
    assert found("../inc/../y.h", "two/inc", by="one/src/a.c") is None
    monkeypatch.chdir("one/src")
    assert found("../x.h", by="a.c") == "../x.h"
    monkeypatch.chdir(tmp_path / "elsewhere")
    there = [(here / path).as_posix() for path in ("two/a.c", "two/inc/deep/c.c")]
    headers = Headers([Input(path, Language.C) for path in there])
    z = (here / "two/inc/z.h").as_posix()
    assert found("../z.h", by=there[1], headers=headers) == z
    assert found("../y.h", by=there[0], headers=headers) is None


def test_a_name_with_a_folder_may_begin_at_a_root_above_the_file() -> None:
    make("lib/enc/x.h", "sub/lib/enc/x.h", "sub/lib/y.h", "../lib/z.h", "w.h")
    by = "sub/lib/enc/win/a.c"
    assert found("lib/enc/x.h", by=by, quoted=False) == "sub/lib/enc/x.h"
    assert found("enc\\x.h", by=by) == "sub/lib/enc/x.h"
    assert found("lib/enc/x.h", ".", by=by) == "lib/enc/x.h"
    assert found("lib/enc/x.h", by="other/a.c", quoted=False) == "lib/enc/x.h"
    here = Path.cwd().as_posix()
    assert found("lib/y.h", by=f"{here}/{by}", quoted=False) == f"{here}/sub/lib/y.h"
    assert found("w.h", by=by) is None
    assert found("../w.h", by=by) is None


def test_a_folder_for_headers_stands_beside_those_above_the_file() -> None:
    make("lib/include/enc/x.h", "lib/Headers/y.h", "include/z.h", "lib/src/include/z.h", "lib/w.h")
    by = "lib/src/enc/a.c"
    assert found("enc/x.h", by=by, quoted=False) == "lib/include/enc/x.h"
    assert found("y.h", by=by) == "lib/Headers/y.h"
    assert found("z.h", by=by) == "lib/src/include/z.h"
    assert found("z.h", by="other/a.c") == "include/z.h"
    assert found("z.h", by="other/a.c", quoted=False) is None
    assert found("w.h", by=by) is None
    here = Path.cwd().as_posix()
    assert found("y.h", by=f"{here}/{by}") == f"{here}/lib/Headers/y.h"


def test_no_root_is_above_the_working_directory() -> None:
    make("../lib/z.h", "../include/z.h", "../other/src/a.c")
    assert found("z.h", by="src/a.c") is None
    outside = Path("..").resolve().as_posix()
    assert found("lib/z.h", by="src/a.c", quoted=False) is None
    assert found("lib/z.h", by="../other/src/a.c", quoted=False) is None
    assert found("lib/z.h", by=f"{outside}/other/src/a.c", quoted=False) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../", "win", "x.h/y.h", "gone/x.h"])
def test_what_names_no_file_is_not_found(name: str) -> None:
    make("src/x.h", "src/win/x.h")
    assert found(name) is None


def test_backslashes_separate_folders() -> None:
    make("inc/win/x.h")
    assert found("..\\inc\\win\\x.h") == "inc/win/x.h"


def test_case_counts_only_where_it_must() -> None:
    make("src/WinCrypt_Helper.h", "inc/Win/Util.h", "src/b.h")
    assert found("wincrypt_helper.H") == "src/WinCrypt_Helper.h"
    assert found("WIN/util.h", "inc") == "inc/Win/Util.h"
    if not Path("SRC").exists():  # a file system that tells the two apart
        make("src/B.h")
        assert (found("b.h"), found("B.h")) == ("src/b.h", "src/B.h")


@pytest.mark.parametrize("name", ["{}/src/x.h", "C:\\src\\x.h", "c:x.h", "\\\\server\\x.h"])
def test_an_absolute_name_is_no_header_of_the_tree(name: str) -> None:
    make("src/x.h")
    assert found(name.format(Path.cwd().as_posix()), "/", ".") is None


def test_the_same_header_reached_in_two_ways_is_one() -> None:
    make("src/x.h", "lib/sub/y.h")
    headers = Headers()
    first = headers.find("src/a.c", "x.h", True, ())
    assert first is headers.find("lib/b.c", "sub/../../src/x.h", True, ())
    assert first is headers.find("lib/sub/y.h", "X.H", False, ("../tree/lib/../src/",))
    absolute = (str(Path.cwd() / "src"),)
    assert first is headers.find("lib/b.c", "x.h", False, absolute)


def test_paths_are_in_the_style_of_the_inputs(tmp_path: Path) -> None:
    make("src/x.h", "../sdk/s.h")
    here = Path.cwd().as_posix()
    sdk = (tmp_path / "sdk").as_posix()
    assert found("x.h", f"{here}/src", quoted=False) == "src/x.h"
    assert found("x.h", by=f"{here}/src/a.c") == f"{here}/src/x.h"
    assert found("x.h", "src", by=f"{here}/b.c") == f"{here}/src/x.h"
    assert found("s.h", sdk) == f"{sdk}/s.h"
    assert found("s.h", by="../sdk/a.c") == "../sdk/s.h"


def test_a_header_that_is_an_input_keeps_its_path() -> None:
    make("src/x.h")
    given = (Path.cwd() / "src" / "x.h").as_posix()
    assert found("x.h", headers=Headers([Input(given, Language.C)])) == given


def test_no_link_is_followed(tmp_path: Path) -> None:
    make("../outside/x.h", "../outside/win/y.h", "src/own.h", "sdk/x.h")
    link("src/x.h", tmp_path / "outside" / "x.h")
    link("src/win", tmp_path / "outside" / "win", folder=True)
    link("src/again.h", tmp_path / "tree" / "src" / "own.h")
    assert found("x.h") is None
    assert found("x.h", "sdk") == "sdk/x.h"
    assert found("win/y.h") is None
    assert found("again.h") is None


def test_a_folder_that_the_user_names_may_be_a_link(tmp_path: Path) -> None:
    make("../outside/x.h")
    link("sdk", tmp_path / "outside", folder=True)
    headers = Headers()
    assert found("x.h", "sdk", headers=headers) == "sdk/x.h"
    assert found("x.h", "../outside", headers=headers) == "sdk/x.h"  # the same file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_only_regular_files_are_read() -> None:
    make("sdk/x.h", "src/y.h/z.h")
    os.mkfifo("src/x.h")
    assert found("x.h") is None
    assert found("x.h", "sdk") == "sdk/x.h"
    assert found("y.h") is None


def test_what_is_there_and_cannot_be_read_is_told_once() -> None:
    make("src/huge.h")
    os.truncate("src/huge.h", 30 * 1024 * 1024)
    Path("src/binary.h").write_bytes(b"int x;\n\0")
    headers = Headers()
    for by in ("src/a.c", "src/b.c"):
        assert found("huge.h", by=by, headers=headers) is None
        assert found("binary.h", by=by, headers=headers) is None
    told = {item.path: item.reason for item in headers.unreadable}
    assert set(told) == {"src/huge.h", "src/binary.h"} and len(headers.unreadable) == 2
    assert "limit of 20 MiB" in told["src/huge.h"] and "line 2" in told["src/binary.h"]


def test_an_input_is_told_of_by_the_run_itself() -> None:
    make("src/x.h")
    Path("src/x.h").write_bytes(b"\0")
    headers = Headers([Input("src/x.h", Language.C)])
    assert found("x.h", headers=headers) is None
    assert headers.unreadable == []


def test_a_folder_without_permission_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    make("inc/x.h", "more/x.h")
    scandir = os.scandir

    def closed(path: str) -> object:
        if path == "inc":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    headers = Headers()
    assert found("x.h", "inc", "more", headers=headers) == "more/x.h"
    assert [item.path for item in headers.unreadable] == ["inc"]


def test_each_folder_is_listed_once_and_each_header_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(*(f"inc/h{number}.h" for number in range(20)))
    counts = {"scandir": 0, "stat": 0}
    for name in counts:

        def counted(
            *arguments: object, name: str = name, real: object = getattr(os, name)
        ) -> object:
            counts[name] += 1
            return real(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(os, name, counted)
    headers = Headers()
    for file in range(100):
        for number in range(20):
            assert found(
                f"h{number}.h", "gone", "inc", by=f"src{file % 5}/{file}.c", headers=headers
            )
    assert counts["scandir"] <= 7
    assert counts["stat"] <= 20


def test_a_bounded_search_opens_what_settings_name_and_nothing_else_outside() -> None:
    make("src/a.c", "src/x.h", "../out.h", "../sdk/sdk.h")
    headers = Headers(within=["."])
    assert found("x.h", headers=headers) == "src/x.h"
    assert found("../../out.h", headers=headers) is None
    assert found("sdk.h", "../sdk", headers=headers) == "../sdk/sdk.h"
    assert not headers.unreadable


def test_a_header_with_another_content_than_that_of_its_file() -> None:
    make("src/a.c", "src/x.h")
    headers = Headers([Input("src/x.h", Language.C, b"unsaved")])
    source = headers.find("src/a.c", "x.h", True, ())
    assert source is not None
    assert source.text == "unsaved"
