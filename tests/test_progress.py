"""What a run tells of itself: `--statistics`, and the progress that a bar shows."""

from __future__ import annotations

import errno
import io
import sys
from pathlib import Path

import pytest

from capilint.progress import Progress
from tests.command_line import Cli

LEAK = """
int leak(HCRYPTPROV prov) {
    HCRYPTKEY key;
    return CryptGenKey(prov, CALG_RC4, 0, &key);
}
"""


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def test_statistics_tell_what_was_done(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "a.c").write_text(LEAK)
    (tmp_path / "b.c").write_text("int idle(void) { return 0; }\n")
    assert cli("check", "--isolated", "--statistics", str(tmp_path)) == 1
    assert "2 files seen, 1 of them analysed" in cli.err
    assert "1 function followed" in cli.err
    assert " s  front ends" in cli.err
    assert "files seen" not in cli.out


USER = """
int sign(struct session *session, BYTE *text, DWORD length) {
    HCRYPTHASH hash = session->hash;
    return pad(text) && CryptHashData(hash, text, length, 0);
}
"""
MAKER = """
int pad(BYTE *text) { return text[0] != 0; }
int sign(struct session *session, BYTE *text, DWORD length);

void once(struct session *session, HCRYPTPROV prov, BYTE *text) {
    if (!CryptCreateHash(prov, CALG_SHA1, 0, 0, &session->hash))
        return;
    CryptDestroyHash(session->hash);
    sign(session, text, 20);
}
"""


def test_what_only_uses_handles_is_not_followed_for_itself(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "user.c").write_text(USER)
    assert cli("check", "--isolated", "--statistics", str(tmp_path)) == 0
    assert "1 of them analysed" in cli.err
    assert "0 functions followed" in cli.err
    (tmp_path / "maker.c").write_text(MAKER)
    assert cli("check", "--isolated", "--statistics", str(tmp_path)) == 1
    assert "3 functions followed" in cli.err
    assert "maker.c:9:5: error: CAP201" in cli.out


def test_the_search_for_edits_is_a_phase_of_its_own(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "a.c").write_text(LEAK)
    cli("check", "--isolated", "--statistics", "--diff", str(tmp_path))
    assert " s  edits" in cli.err


class _Full(io.StringIO):
    """A standard error without room, as /dev/full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_where_statistics_have_no_room_nothing_is_lost(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.c").write_text(LEAK)
    monkeypatch.setattr(sys, "stderr", _Full())
    assert cli("check", "--isolated", "--statistics", str(tmp_path)) == 1
    assert "CAP101" in cli.out


def test_an_outer_phase_stands_still() -> None:
    shown: list[tuple[str, int, int]] = []
    progress = Progress(lambda *given: shown.append(given))
    with progress.phase("outer", 2):
        progress.step()
        with progress.phase("inner"):
            progress.step()
        progress.step()
    assert shown == [("outer", 1, 2), ("inner", 1, 0), ("outer", 2, 2)]
    assert list(progress.seconds) == ["outer", "inner"]
