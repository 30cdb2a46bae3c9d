"""The page of `--format html` in a browser: filters, keys, contrast, paper, many findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capilint import check, check_text
from capilint.checking import Report
from capilint.finding import Change, Fix, Severity
from capilint.findings.triage import Suppressed
from capilint.report import Style, render
from tests.browser import barriers, chromium, page_at
from tests.fixture_format import FIXTURES
from tests.reports import SESSION, finding, leak, source

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")
HOSTILE = "</script><img src=x onerror=alert(1)><svg onload=alert(2)>\u202e"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real findings of two files, in one of which a callee is, and hand-made ones of all kinds."""
    found = check(FIXTURES / "cpp" / "members" / "struct_filled_by_another_file", isolated=True)
    fix = Fix("destroy it", (Change("src/session.c", 9, 9, "        CryptDestroyKey(hKey);\n"),))
    mended = replace(leak(), fix=fix, help="destroy it before line 9", also=leak().steps[1:2])
    hidden = finding("CAP202", 4, message="a suppressed one")
    quiet = "".join(f"    // {number}\n" for number in range(30))
    folded = SESSION.replace("    return Crypt", f"{quiet}    return Crypt")
    far = check_text(folded, "far.c", isolated=True)
    told = (
        *found.findings,
        *far.findings,
        mended,
        finding("CAP901", 2, severity=Severity.NOTE, message=HOSTILE),
    )
    long = "".join(f"    line({number});\n" for number in range(60))
    given = Report(
        findings=told,
        suppressed=(Suppressed(hidden, "a.c", 4, HOSTILE),),
        sources={
            **found.sources,
            **far.sources,
            "src/session.c": source(SESSION, "src/session.c"),
            "a.c": source(f"// {HOSTILE}\nint x;\n{long}"),
        },
        seen=3,
        analysed=3,
        failing=frozenset(told[-1:]),
    )
    return _written(given, tmp_path_factory.mktemp("page"))


def _written(given: Report, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(render("html", given, Style()), encoding="ascii")
    return path


def listed(page: Page) -> list[str]:
    return page.locator("[role=option] .code").all_text_contents()


def title(page: Page) -> str:
    return page.locator("#detail h2").inner_text()


def test_the_path_is_drawn_into_the_source(browser: Browser, small: Path) -> None:
    with page_at(browser, small) as page:
        page.fill("#search", "used after it was destroyed")
        assert listed(page) == ["CAP201"]
        lines = page.locator("#detail article > .frame > .text > .line")
        states = {
            line.locator(".no").inner_text(): line.locator(".state").inner_text()
            for line in lines.all()
        }
        assert (states["18"], states["21"]) == ("live", "destroyed")
        assert page.locator(".line.live .pill").first.inner_text() == "\u2713 true"
        callees = page.locator(".call .frame .title .path").all_text_contents()
        assert [path.rpartition("/")[2] for path in callees] == ["session.cpp"] * 2
        numbers = page.locator("#detail .step .n").all_text_contents()
        assert numbers == ["step 1", "step 2", "step 3"]


def test_calls_of_what_nobody_wrote_lead_to_what_somebody_did(
    browser: Browser, tmp_path: Path
) -> None:
    name = "constructors_of_the_base_are_inherited.cpp"
    found = check(next(FIXTURES.rglob(name)), select=["CAP201"], isolated=True)
    with page_at(browser, _written(found, tmp_path)) as page:
        calls = page.locator("#detail .call > summary code").all_inner_texts()
        assert [call.rpartition("::")[2] for call in calls] == ["~OtherKey", "~Key", "~Holder"]
        line = page.locator("#detail .call .line.on .src").inner_text()
        assert line.strip() == "Close(m_handle);"


def test_filters_and_search(browser: Browser, small: Path) -> None:
    with page_at(browser, small) as page:
        every = listed(page)
        assert "CAP901" not in every, "notes are off as long as there is anything else"
        page.get_by_role("button", name="notes 1").click()
        assert "CAP901" in listed(page)
        page.get_by_role("button", name="CAP101").click()
        assert set(listed(page)) == {"CAP101"}
        assert page.locator("#codes [aria-pressed=true]").inner_text().startswith("CAP101")
        page.get_by_role("button", name="CAP101").click()
        page.check("#mendable")
        assert listed(page) == ["CAP101"]
        assert page.locator(".diff .add .src").all_inner_texts() == [
            "        CryptDestroyKey(hKey);"
        ]
        page.uncheck("#mendable")
        page.fill("#search", "src session.c encrypt")
        assert listed(page) == ["CAP101"]
        page.fill("#search", "no such thing")
        assert listed(page) == []
        assert "No finding passes" in page.locator("#detail").inner_text()
        page.fill("#search", "")
        page.get_by_role("button", name="Suppressed 1").click()
        assert listed(page) == ["CAP202"]
        assert HOSTILE[:30] in page.locator("#detail .advice").inner_text()
        page.select_option("#group", "code")
        assert page.locator(".head .title").all_text_contents() == ["CAP202 double-release"]


def test_what_is_far_from_the_path_is_folded(browser: Browser, small: Path) -> None:
    with page_at(browser, small) as page:
        page.fill("#search", "far.c")
        lines = page.locator("#detail .line")
        before = lines.count()
        assert page.locator("#detail .line .no").first.inner_text() == "3"
        page.locator("#detail .fold").click()
        assert lines.count() >= before + 25
        assert page.locator("#detail .fold").count() == 0


def test_everything_by_keyboard(browser: Browser, small: Path) -> None:
    with page_at(browser, small) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "who tabs sees where they are"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "detail"
        begin = title(page)
        page.keyboard.press("j")
        second = title(page)
        assert second != begin and page.url.partition("#")[2]
        page.keyboard.press("k")
        assert title(page) == begin
        page.keyboard.press("n")
        page.keyboard.press("n")
        assert page.evaluate("document.activeElement.dataset.step") == "1"
        page.keyboard.press("p")
        assert page.evaluate("document.activeElement.dataset.step") == "0"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "list"
        page.keyboard.press("End")
        chosen = page.locator("[aria-selected=true]").get_attribute("id")
        assert page.locator("#list").get_attribute("aria-activedescendant") == chosen
        page.keyboard.press("ArrowUp")
        assert page.locator("[aria-selected=true]").get_attribute("id") != chosen
        page.keyboard.press("/")
        page.keyboard.type("jump")  # letters are text there
        assert page.input_value("#search") == "jump"
        page.keyboard.press("Escape")
        assert page.input_value("#search") == "" and listed(page)
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        assert page.input_value("#group") == "code"
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#keys").is_visible()
        page.keyboard.press("x")
        assert page.locator("#detail details:not([open])").count() == 0


def test_an_address_leads_to_its_finding(browser: Browser, small: Path) -> None:
    with page_at(browser, small) as page:
        page.get_by_role("button", name="Suppressed 1").click()
        page.locator("[role=option]").click()
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        assert "a suppressed one" in title(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 400)])
def test_contrast_and_names(browser: Browser, small: Path, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    with page_at(browser, small, color_scheme=scheme, viewport=size) as page:
        page.get_by_role("button", name="notes 1").click()
        for number in range(page.locator("[role=option]").count()):
            page.locator("[role=option]").nth(number).click()
            if width == 400:
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert not page.locator("#list").is_visible()
            assert barriers(page) == []
            page.keyboard.press("Escape")


def test_the_theme_can_be_chosen(browser: Browser, small: Path) -> None:
    with page_at(browser, small, color_scheme="light") as page:
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.keyboard.press("t")
        assert page.evaluate(ground) == light
        page.click("#theme")
        assert page.evaluate(ground) != light
        assert page.evaluate("localStorage.getItem('capilint-theme')") == "dark", "for next time"


def test_paper_has_everything_opened(browser: Browser, small: Path, tmp_path: Path) -> None:
    with page_at(browser, small) as page:
        count = len(listed(page))
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("#print article").count() == count
        assert not page.locator("#app").is_visible()
        assert page.locator("#print details.call:not([open])").count() == 0
        assert page.locator("#print .fold").count() == 0
        assert page.locator("#print .step").first.is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("#print > *").count() == 0
        assert page.pdf().startswith(b"%PDF")


def test_without_scripts_there_is_a_list(browser: Browser, small: Path) -> None:
    with page_at(browser, small, java_script_enabled=False) as page:
        assert page.locator("noscript li").count() == page.locator("li:visible").count() > 2
        assert not page.locator("#app").is_visible()


def test_five_thousand_findings(browser: Browser, tmp_path: Path) -> None:
    one = check(FIXTURES / "c" / "goto" / "backward_retry_loses_the_key.c", isolated=True)
    (found,) = one.findings
    text = one.sources[found.path].text
    paths = [f"src/part{number % 500}/file.c" for number in range(5_000)]
    many = [
        replace(
            found,
            path=path,
            function=f"f{number}",
            steps=tuple(replace(each, path=path) for each in found.steps),
            route=tuple(each._replace(path=path) for each in found.route),
        )
        for number, path in enumerate(sorted(paths))
    ]
    sources = {path: source(text, path) for path in paths}
    given = Report(findings=tuple(many), sources=sources, seen=500, analysed=500)
    with page_at(browser, _written(given, tmp_path)) as page:
        nodes = "document.querySelectorAll('*').length"
        assert page.locator("#count").inner_text().startswith("5,000 findings in 500 files")
        assert page.evaluate(nodes) < 1_000
        page.focus("#list")
        page.keyboard.press("End")
        assert page.locator("[aria-selected=true]").get_attribute("aria-posinset") == "5000"
        for _ in range(20):
            page.keyboard.press("k")
        assert page.locator("[aria-selected=true]").get_attribute("aria-posinset") == "4980"
        page.fill("#search", "f4321")
        assert page.locator("#detail .place").inner_text().endswith("in f4321")
        page.fill("#search", "")
        assert page.evaluate(nodes) < 1_000
