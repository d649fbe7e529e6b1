"""Files for machines that read the pages: styles and scripts, robots.txt, sitemap.xml, llms.txt."""

from collections.abc import AsyncIterator
from xml.sax.saxutils import escape

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api.params import Reading
from app.api.routes import answers, not_found
from app.resources import CATALOG
from app.views.explorer import pages
from app.views.questions import questions
from app.views.records import EVERYTHING, RECORDS

router = APIRouter(include_in_schema=False)


@router.get("/static/{name}")
async def static(request: Request) -> Response:
    """One of our own files; its name changes with its content, so it is kept for good."""
    found = pages.files().get(request.path_params["name"])
    if found is None:
        raise not_found("There is no such file.", [])
    kept = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "default-src 'none'"}
    return Response(found[1], media_type=found[0], headers=kept)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    """The icon where browsers look for it."""
    return Response(
        (pages.STATIC / "icon.svg").read_bytes(),
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=86400"},
    )


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Everything may be read; lists that are filtered are many and say nothing new."""
    lines = [
        "User-agent: *",
        "Disallow: /v1/",
        "Disallow: /search",
        "Disallow: /charts/",
        "Disallow: /*?",
        "Allow: /",
        "",
    ]
    if request.app.state.settings.public_url:
        lines += [f"Sitemap: {pages.base(request)}/sitemap.xml", ""]
    return Response("\n".join(lines), media_type="text/plain", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/sitemap.xml")
async def sitemap(request: Request) -> Response:
    """The address of every page that is worth finding."""
    base = pages.base(request)
    parts = answers(request)
    everything = type(parts)(EVERYTHING, parts.reader)

    async def pieces() -> AsyncIterator[bytes]:
        yield b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        for path in ("/", "/graph", "/timeline", *(f"/{resource.name}" for resource in CATALOG)):
            yield f"<url><loc>{escape(base + path)}</loc></url>\n".encode()
        question = await everything.question(Reading(EVERYTHING, RECORDS, b""))
        async for _, _, documents in everything.chunks(question):
            for document in documents:
                yield f"<url><loc>{escape(base + pages.page_of(orjson.loads(document)['url']))}</loc></url>\n".encode()
        yield b"</urlset>\n"

    return StreamingResponse(pieces(), media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/llms.txt")
async def llms(request: Request) -> Response:
    """What an assistant should know, and where it goes on."""
    base = pages.base(request)
    lines = [
        "# Initiatives API",
        "",
        "> An open database of international policy initiatives: who promised what to whom, under which initiative, by when, "
        "about what, and which source says so. Every value names its source, section and paragraph.",
        "",
        "Read-only, no key. Every page has its JSON at the same path under /v1, with the same parameters. An unknown parameter or "
        "value is an error that says what is allowed. What no source says is null. Sums are never added across currencies. A policy "
        "review is not a procurement. Where sources differ the record says so in `disputed`.",
        "",
        "## Start",
        "",
        f"- [OpenAPI document]({base}/openapi.json): all operations, parameters and examples",
        f"- [Index]({base}/v1): resources with counts, revision, license",
        f"- [Documentation]({base}/docs): the same as a page",
        "",
        "## Resources",
        "",
        *(f"- [{resource.name}]({base}/v1/{resource.name}): {resource.description}" for resource in CATALOG),
        "",
        "## Questions and their answers",
        "",
        *(
            f"- [{one.question}]({base}{_in_link(one.answer)}): {one.shows}"
            for one in questions(request.app.state.settings)
        ),
        "",
    ]
    return Response(
        "\n".join(lines), media_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"}
    )


def _in_link(address: str) -> str:
    """An address as it can stand in a link of Markdown."""
    return address.replace("(", "%28").replace(")", "%29")
