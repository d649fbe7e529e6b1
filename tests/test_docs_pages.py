"""The docs pages in a real browser: they show the document and ask the server, and nobody else."""

import httpx
import pytest

from tests.test_browser import browser, site, watched  # noqa: F401 - fixtures


def opened(page, tag, name):
    """An operation of the docs page, unfolded."""
    page.goto("/docs")
    page.locator(f"#operations-tag-{tag}").click(timeout=60_000)
    operation = page.locator(f"#operations-{tag}-{name}")
    operation.locator(".opblock-summary").click()
    return operation


def test_docs_ask_what_is_filled_in_and_nothing_else(browser, site):  # noqa: F811
    with watched(browser, site) as page:
        operation = opened(page, "commitments", "list_commitments")
        operation.locator("tr[data-param-name=kind] select").select_option(["procurement"], timeout=30_000)
        operation.locator("button.execute").click()
        answer = operation.locator(".live-responses-table")
        answer.locator(".response-col_status").last.wait_for(timeout=30_000)
        assert (
            operation.locator(".request-url pre").first.inner_text()
            == f"{site}/v1/commitments?kind=procurement&limit=50"
        )
        assert "acquire-javelin" in answer.inner_text()
        snippets = operation.locator(".request-snippets")
        for name in ("curl", "Python", "JavaScript"):
            snippets.locator(".btn").get_by_text(name, exact=True).click()
            assert f"{site}/v1/commitments?kind=procurement&limit=50" in snippets.inner_text()


def test_links_to_an_operation_open_it_with_its_code_samples(browser, site):  # noqa: F811
    paths = httpx.get(f"{site}/openapi.json").json()["paths"]
    for path in ("/v1/minerals", "/v1/graph", "/healthz"):
        described = paths[path]["get"]
        tag, name = described["tags"][0], described["operationId"]
        with watched(browser, site) as page:
            page.goto(f"/docs#/{tag}/{name}")
            operation = page.locator(f"#operations-{tag}-{name}.is-open")
            operation.locator(".try-out, .execute-wrapper").first.wait_for(timeout=60_000)
            assert page.locator(".opblock.is-open").count() == 1
            summary = operation.get_by_text("Code samples", exact=True)
            code = operation.locator("details pre")
            assert not code.first.is_visible()
            summary.click()
            assert code.first.is_visible()
            expected = [one["source"].replace("http://127.0.0.1:8000", site) for one in described["x-codeSamples"]]
            assert [f"{text.rstrip()}\n" for text in code.all_inner_texts()] == expected


def test_docs_of_a_record_are_filled_in(browser, site):  # noqa: F811
    with watched(browser, site) as page:
        operation = opened(page, "minerals", "get_mineral")
        assert operation.locator("tr[data-param-name=id] input").input_value(timeout=30_000) == "gallium"
        operation.locator("button.execute").click()
        operation.locator(".live-responses-table .response-col_status").last.wait_for(timeout=30_000)
        assert "atomic_number" in operation.locator(".live-responses-table").inner_text()


def test_reference_shows_everything(browser, site):  # noqa: F811
    with watched(browser, site) as page:
        page.goto("/redoc")
        menu = page.locator(".menu-content")
        menu.get_by_text("Provenance").wait_for(timeout=90_000)
        for words in ("First request", "initiatives", "statements", "service"):
            assert menu.get_by_text(words, exact=True).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/problems", "/problems/invalid-query"])
def test_problem_pages(browser, site, path, scheme):  # noqa: F811
    with watched(browser, site, color_scheme=scheme, viewport={"width": 320, "height": 800}) as page:
        page.goto(path)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
