"""The extension in VS Code itself: `python -m tests.vscode [FOLDER]`, by hand, in two minutes.

    editors/vscode ─ vsce ─▶ .vsix ─┐
    npm: code-server ─ its VS Code ─┴─ headless Chromium: a finding, its quick fixes, its path, its
                                                          edit; a picture of each in FOLDER

Of code-server only the VS Code in it is used, without what its install scripts build and download.
Needs Node 20, npm, Chromium, and the extra `dev`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.request import urlopen

from tests.browser import chromium
from tests.doors import C_LEAK
from tests.tools import ROOT, npm_package, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

CODE_SERVER = "4.100.3"  # VS Code 1.100, for Node 20
PATIENCE = 120  # seconds
ACTIONS = [
    "Mend CAP101: give hKey to CryptDestroyKey on every path that leaves",
    "Suppress CAP101 here, with a reason",
    "Show the path of CAP101 (3 steps)",
]


def vscode_server() -> Path:
    """The script that starts VS Code's server."""
    folder = npm_package("code-server", CODE_SERVER) / "lib" / "vscode"
    if not (folder / "node_modules").exists():
        options = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
        run(["npm", "install", *options], folder)
    return folder / "out" / "server-main.js"


def packaged(folder: Path) -> Path:
    """The extension, built and packaged as docs/editors.md says."""
    source = folder / "extension"
    shutil.copytree(ROOT / "editors" / "vscode", source)
    run(["npm", "install", "--no-audit", "--no-fund"], source)
    run(["npm", "run", "package"], source)
    (package,) = source.glob("*.vsix")
    return package


@contextmanager
def served(folder: Path, package: Path) -> Iterator[str]:
    """The address of a VS Code that has the extension; its command is this checkout's."""
    data, extensions = folder / "data", folder / "extensions"
    (data / "data" / "Machine").mkdir(parents=True)
    settings = {"capilint.command": [str(Path(sys.executable).parent / "capilint"), "server"]}
    (data / "data" / "Machine" / "settings.json").write_text(json.dumps(settings), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ["--server-data-dir", data, "--extensions-dir", extensions]
    start = ["node", vscode_server(), *places, "--accept-server-license-terms"]
    run([*start, "--install-extension", package], folder)
    serving = ["--host", "127.0.0.1", "--port", str(port), "--without-connection-token"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*map(str, start), *serving],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}/"
        _wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(address, timeout=PATIENCE).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def walk_through(page: Page, address: str, file: Path, pictures: Path) -> None:
    """See a finding in a file, its quick fixes and its path, and have it mended."""
    authority = address.removeprefix("http://").rstrip("/")
    payload = json.dumps([["openFile", f"vscode-remote://{authority}{file}"]])
    page.goto(f"{address}?folder={quote(str(file.parent))}&payload={quote(payload)}")
    page.get_by_text("Yes, I trust the authors").click()
    page.wait_for_selector(".squiggly-error")
    page.keyboard.press("Control+Shift+M")
    page.get_by_text("3. leaves with hKey alive").wait_for()
    page.screenshot(path=pictures / "finding.png")
    _at_finding(page)
    page.keyboard.press("Control+.")
    offered = page.locator(".action-widget .monaco-list-row.action")
    offered.nth(len(ACTIONS) - 1).wait_for()
    assert [text.strip() for text in offered.all_inner_texts()] == ACTIONS
    page.screenshot(path=pictures / "quick-fixes.png")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("Locations (3)").wait_for()
    page.screenshot(path=pictures / "path.png")
    page.keyboard.press("Escape")
    _at_finding(page)
    page.keyboard.press("Control+.")
    offered.first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector(".squiggly-error", state="detached")
    page.keyboard.press("Control+S")
    page.screenshot(path=pictures / "mended.png")


def _at_finding(page: Page) -> None:
    page.keyboard.press("Control+1")
    page.keyboard.press("Control+G")
    page.keyboard.type("6:12")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)


def main() -> None:
    """Print what was seen. An assertion, or what is not seen in time, ends with a traceback."""
    pictures = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "vscode")
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "work" / "leak.c"
        file.parent.mkdir()
        file.write_text(C_LEAK, encoding="utf-8")
        with served(folder, packaged(folder)) as address, chromium() as browser:
            page = browser.new_page(viewport={"width": 1300, "height": 760})
            page.set_default_timeout(1000 * PATIENCE)
            walk_through(page, address, file, pictures)
            page.wait_for_timeout(1000)
        assert file.read_text(encoding="utf-8").count("CryptDestroyKey(hKey)") == 2
    print(f"a finding, its quick fixes, its path and its edit were seen: {pictures}")


if __name__ == "__main__":
    main()
