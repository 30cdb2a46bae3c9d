"""`make release`: everything names one version, and what is released is built into `dist/`.

    capilint/__init__.py ── version ──┬─ CHANGELOG.md has its section
                                      ├─ the recipes name its tag
                                      └─ dist/: wheel, sdist, capilint.1, capilint.cdx.json

The bill of materials (CycloneDX) lists what pip installs with the wheel today.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_TAGS = re.compile(r"(?:capilint@|rev: )(v\d[\w.]*)")


def problems(root: Path) -> Iterator[str]:
    """What keeps the checkout from being released, in words for people."""
    found = _VERSION.search(_text(root / "capilint" / "__init__.py"))
    if found is None:
        yield "capilint/__init__.py has no __version__"
        return
    version = found[1]
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", _changelog(root), re.M):
        yield f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD`"
    if re.search(
        r"^## \[Unreleased\]\s*^[^#\s]|^## \[Unreleased\]\s*^### ", _changelog(root), re.M
    ):
        yield "CHANGELOG.md has unreleased changes; move them into the version's section"
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        for tag in sorted(set(_TAGS.findall(_text(page))) - {f"v{version}"}):
            yield f"{page.relative_to(root).as_posix()} names {tag}, and this is v{version}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _changelog(root: Path) -> str:
    return _text(root / "CHANGELOG.md")


def build(root: Path, folder: Path) -> None:
    """Build everything into a folder that is made anew. Needs the extra `release`."""
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "build", "--outdir", folder, root)
    (wheel,) = folder.glob("*.whl")
    _run(sys.executable, "-m", "twine", "check", "--strict", *folder.iterdir())
    (folder / "capilint.1").write_text(manual(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, with_pip=False, symlinks=sys.platform != "win32")
        python = next(path for path in Path(scratch).glob("*/python*") if path.stem == "python")
        _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel)
        bill = folder / "capilint.cdx.json"
        _run(sys.executable, "-m", "cyclonedx_py", "environment", "-o", bill, python)


def manual() -> str:
    """The manual page of the command, from its parser."""
    from argparse_manpage.manpage import Manpage

    from capilint.commands.command_line import whole_parser

    parser, _ = whole_parser()
    parser.man_short_description = "find handle bugs"  # type: ignore[attr-defined]
    return str(Manpage(parser))


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


def main() -> int:
    """Check, then build; 1 where there is a problem."""
    found = list(problems(ROOT))
    for problem in found:
        print(f"not released: {problem}", file=sys.stderr)
    if not found:
        build(ROOT, ROOT / "dist")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
