"""A team with old code takes capilint up: from a baseline to the next commit that is clean.

30 old findings ─ baseline ─ a new one ─ blocked by the hook ─ and by CI ─┐
accepted ─ its edit made ─ seen in the editor ─ looked at in the page ────┘
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("pytest_lsp", reason="the extra `dev` is not installed")

from tests.browser import chromium, page_at
from tests.checkout import commit_all
from tests.command_line import Cli
from tests.doors import parsed
from tests.editor import Editor, applied, edits_of, in_editor
from tests.fixture_format import FIXTURES
from tests.sarif_validator import NOTES, validated
from tests.tools import ROOT, require, run

OLD = {
    "c/goto": "*.c",
    "c/leak": "*.c",
    "cpp/exceptions": "*.cpp",
    "python/control_flow": "*.py",
}
NEW = """
BOOL WrapSecret(HCRYPTPROV prov, BYTE *data, DWORD *size, DWORD most)
{
    HCRYPTKEY fresh;
    if (!CryptGenKey(prov, CALG_AES_256, 0, &fresh))
        return FALSE;
    if (!CryptEncrypt(fresh, 0, TRUE, 0, data, size, most))
        return FALSE;
    CryptDestroyKey(fresh);
    return TRUE;
}
"""
NEW_LINE = NEW.split("\n")[4]
PLACE = re.compile(r"^([\w./-]+):\d+:\d+: \w+: (CAP\d+) ", re.MULTILINE)


class Team:
    """A repository with old code, and what its people do there."""

    def __init__(self, folder: Path, cli: Cli) -> None:
        self.folder = folder
        self.cli = cli
        run(["git", "init", "--quiet"], folder)
        for source, pattern in OLD.items():
            (folder / source).mkdir(parents=True)
            marked = [
                each
                for each in sorted((FIXTURES / source).glob(pattern))
                if "expect: " in each.read_text(encoding="utf-8")
            ]
            for each in marked[:8]:
                (folder / source / each.name).write_bytes(each.read_bytes())
        commit_all(folder, "ten years of code")

    def install_the_hook(self) -> None:
        """The hook as it is published, run by this Python: nothing is installed for it."""
        (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
        hook |= {"language": "system", "entry": f'"{sys.executable}" -m {hook["entry"]}'}
        text = yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]})
        (self.folder / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
        run([sys.executable, "-m", "pre_commit", "install"], self.folder)

    def ci(self, status: int) -> Counter[str]:
        """The step of the recipe for GitLab: how many results of each state its log has."""
        step = parsed(".gitlab-ci.yml")["capilint"]["script"][-1]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        run([require("bash"), "-c", step], self.folder, status, {"PATH": path})
        log = json.loads((self.folder / "capilint.sarif").read_text(encoding="utf-8"))
        return Counter(each["baselineState"] for each in log["runs"][0]["results"])

    def page(self) -> dict[str, Any]:
        """What the HTML report has."""
        status = self.cli("check", "--suggest-fixes", "-o", "html:report.html", ".")
        assert status == 1, self.cli.err
        text = (self.folder / "report.html").read_text(encoding="ascii")
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
        assert found is not None
        data: dict[str, Any] = json.loads(found[1])
        return data


def mended_in_editor(folder: Path, path: Path) -> str:
    """The text of a file with the edit that an editor is offered for its one finding."""
    texts = []

    async def script(editor: Editor) -> None:
        name, text = path.as_posix(), path.read_text(encoding="utf-8")
        editor.open(name)
        while not (offered := await editor.actions(name, text.split("\n").index(NEW_LINE))):
            await asyncio.sleep(0.1)  # until the document was checked
        assert [code for code, _ in editor.codes(name) or ()] == ["CAP101"]
        action = await editor.client.code_action_resolve_async(offered[0])
        texts.append(applied(text, edits_of(action.edit)))

    in_editor(folder, script)
    return texts[0]


@pytest.mark.xdist_group("npm")
def test_old_findings_rest_and_a_new_one_is_stopped_seen_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / ".git" / "cache"))
    team = Team(tmp_path, cli := Cli(capsys))

    assert cli("check", ".") == 1
    old = PLACE.findall(cli.out)
    assert len(old) >= 30
    assert {path.rpartition(".")[2] for path, _ in old} == {"c", "cpp", "py"}

    assert cli("baseline", ".") == 0
    assert f"{len(old)} findings ({len(old)} new, 0 dropped)" in cli.out
    Path("capilint.toml").write_text('baseline = "capilint-baseline.json"\n', encoding="utf-8")
    Path(".gitignore").write_text("capilint.sarif\nreport.html\n", encoding="utf-8")
    assert cli("check", ".") == 0
    assert f"{len(old)} known findings not shown" in cli.out
    team.install_the_hook()
    commit_all(tmp_path, "capilint")

    path = min(Path().glob("c/goto/*.c"))
    clean = path.read_text(encoding="utf-8")
    path.write_text(clean + NEW, encoding="utf-8")
    blocked = commit_all(tmp_path, "a new function", status=1)
    assert PLACE.findall(blocked) == [(path.as_posix(), "CAP101")], blocked
    assert "key `fresh` from CryptGenKey is not destroyed" in blocked
    assert team.ci(status=1) == {"unchanged": len(old), "new": 1}
    log = Path("capilint.sarif").read_text(encoding="utf-8")

    data = team.page()
    assert Counter(each["set"] for each in data["findings"]) == {"reported": 1, "known": len(old)}
    seen = data["findings"][0]
    assert (seen["handle"], seen["function"]) == ("fresh", "WrapSecret")
    added = [text.strip() for sign, _, text in seen["diff"][0]["rows"] if sign == "+"]
    assert "CryptDestroyKey(fresh);" in added
    (frame,) = seen["frames"]
    assert [state for _, _, state in frame["passed"]][-1] == "live"
    with chromium() as browser, page_at(browser, tmp_path / "report.html") as shown:
        assert "fresh is created here" in shown.inner_text("main")

    mended = mended_in_editor(tmp_path, path)
    assert mended.startswith(clean) and mended.count("CryptDestroyKey(fresh)") == 2
    assert cli("check", "--fix", ".") == 0, cli.out
    assert path.read_text(encoding="utf-8") == mended
    commit_all(tmp_path, "a new function")
    assert team.ci(status=0) == {"unchanged": len(old)}
    assert run(["git", "log", "--format=%s"], tmp_path).splitlines()[0] == "a new function"

    (tmp_path / ".git" / "sarif").mkdir()
    problems = validated(tmp_path / ".git" / "sarif", log)  # the last: it may skip
    assert [each for each in problems if each.partition(":")[0] not in NOTES] == []
