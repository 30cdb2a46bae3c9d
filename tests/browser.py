"""A headless Chromium for tests, by Playwright; what is missing is a reason to skip."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = (
    "--no-sandbox",  # the tests of a container run as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own. Skips the test where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("needs chromium (on Debian: apt-get install chromium)")
    if find_spec("playwright") is None:
        pytest.skip("needs playwright (the extra `dev`)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_at(browser: Browser, file: Path, **options: Any) -> Iterator[Page]:
    """A page that has loaded a file. What it logs, fails in or asks of others fails the test."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(15_000)  # milliseconds; nothing waits that long but what is not there
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda asked: asked.url == file.as_uri() or wrong.append(asked.url))
    try:
        page.goto(file.as_uri())
        yield page
        assert wrong == []
    finally:
        context.close()


def barriers(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now: rule and element."""
    from importlib.resources import files

    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
