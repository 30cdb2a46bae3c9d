"""What docs/editors.md and the extension for VS Code say agrees with the command, and works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("pytest_lsp", reason="the extra `dev` is not installed")

from capilint import __version__
from capilint.commands.command_line import parsed
from tests.doors import C_LEAK
from tests.editor import COMMAND, MANIFEST
from tests.tools import ROOT

EXTENSION = ROOT / "editors" / "vscode"
SCRIPT = (EXTENSION / MANIFEST["main"]).read_text(encoding="utf-8")
BESIDE = Path(sys.executable).parent  # where capilint is, and what the extra `dev` has
PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_configuration_starts_the_server() -> None:
    neovim = re.findall(r'cmd = \{ "(\w+)", "(\w+)" \}', "".join(blocks("lua")))
    emacs = re.findall(r'\("(\w+)" "(\w+)"\)', blocks("elisp")[0])
    helix = tomllib.loads(blocks("toml")[0])["language-server"]["capilint"]
    commands = [*neovim, *emacs, (helix["command"], *helix["args"])]
    assert [list(each) for each in commands] == 4 * [COMMAND]
    assert COMMAND[0] == "capilint"
    assert parsed(COMMAND[1:]).command == "server"


def test_the_extension_agrees_with_the_command() -> None:
    from capilint.server.actions import PATH_COMMAND, SHOW_PATH_COMMAND

    assert MANIFEST["version"] == __version__
    assert f'command: "{PATH_COMMAND}"' in SCRIPT
    registered = set(re.findall(r'registerCommand\("([\w.]+)"', SCRIPT))
    offered = {each["command"] for each in MANIFEST["contributes"]["commands"]}
    assert registered == offered | {SHOW_PATH_COMMAND}
    languages = re.findall(r'const languages = \["(\w+)", "(\w+)", "(\w+)"\]', SCRIPT)
    activated = [each.removeprefix("onLanguage:") for each in MANIFEST["activationEvents"]]
    assert [list(each) for each in languages] == [activated]
    assert f"capilint-{__version__}.vsix" in PAGE
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_extension_is_javascript() -> None:
    subprocess.run(["node", "--check", EXTENSION / MANIFEST["main"]], check=True)


NEOVIM = """\
vim.cmd("edit leak.c")
vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 100)
for _, found in ipairs(vim.diagnostic.get(0)) do print(found.code, found.lnum + 1) end
vim.api.nvim_win_set_cursor(0, { 6, 0 })
vim.cmd("CapilintPath")
vim.wait(60000, function() return #vim.fn.getqflist() > 0 end, 100)
for _, step in ipairs(vim.fn.getqflist()) do print(step.lnum, step.text) end
vim.cmd("qa!")
"""


def test_neovim_shows_a_finding_and_its_path(tmp_path: Path) -> None:
    neovim = shutil.which("nvim", path=f"{BESIDE}{os.pathsep}{os.environ['PATH']}")
    version = (0, 0) if neovim is None else _version(neovim)
    if neovim is None or version < (0, 8):
        pytest.skip("no nvim of 0.8 or newer")
    recent, older, path = blocks("lua")
    text = (recent if version >= (0, 11) else older) + path
    (tmp_path / "init.lua").write_text(text, encoding="utf-8")
    (tmp_path / "session.lua").write_text(NEOVIM, encoding="utf-8")
    told = _session([neovim, "--headless", "-u", "init.lua", "-c", "luafile session.lua"], tmp_path)
    assert re.findall(r"\S.*", told.stderr) == [
        "CAP101 6",
        "6 1. hKey is created here",
        "8 2. CryptEncrypt fails",
        "9 3. leaves with hKey alive",
    ]


def _version(neovim: str) -> tuple[int, int]:
    told = subprocess.run([neovim, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"NVIM v(\d+)\.(\d+)", told)
    assert version is not None
    return int(version[1]), int(version[2])


EMACS = """\
(require 'eglot)
(setq eglot-confirm-server-initiated-edits nil
      last-nonmenu-event ?x) ; as if the command came by the keyboard
(defun wait-until (holds)
  (let ((end (+ (float-time) 60)))
    (while (and (not (funcall holds)) (< (float-time) end))
      (accept-process-output nil 0.1))))
(find-file "leak.c")
(call-interactively 'eglot)
(wait-until (lambda () (flymake-start) (flymake-diagnostics)))
(dolist (each (flymake-diagnostics))
  (princ (format "%d %s\n" (line-number-at-pos (flymake-diagnostic-beg each))
                 (flymake-diagnostic-text each))))
(goto-char (flymake-diagnostic-beg (car (flymake-diagnostics))))
(cl-letf (((symbol-function 'completing-read)
           (lambda (_prompt items &rest _) (caar items))))
  (call-interactively 'eglot-code-actions))
(wait-until (lambda () (> (how-many "CryptDestroyKey(hKey)" (point-min)) 1)))
(princ (buffer-string))
"""


def test_emacs_shows_a_finding_and_mends_it(tmp_path: Path) -> None:
    emacs = shutil.which("emacs")
    if emacs is None or subprocess.run([emacs, "--batch", "-l", "eglot"], check=False).returncode:
        pytest.skip("no emacs with eglot (on Debian: apt-get install emacs-nox elpa-eglot)")
    (tmp_path / "init.el").write_text(blocks("elisp")[0], encoding="utf-8")
    (tmp_path / "session.el").write_text(EMACS, encoding="utf-8")
    told = _session([emacs, "--batch", "-l", "init.el", "-l", "session.el"], tmp_path).stdout
    assert re.search(r"^6 .*key `hKey` from CryptGenKey is not destroyed", told), told
    assert told.count("CryptDestroyKey(hKey);") == 2


def _session(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What an editor prints that is started in a project with a leak."""
    (folder / "leak.c").write_text(C_LEAK, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.capilint]\n", encoding="utf-8")
    path = f"{BESIDE}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
