"""Named questions in plain words, each with the URL that answers it."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api import openapi, plain, schemas
from app.api.caching import validators
from app.api.errors import INVALID_QUERY, NOT_FOUND, OUTDATED, near
from app.api.routes import accept_revision, answers, link_header, not_found, public
from app.core.values import SLUG, Slug, Text
from app.settings import Settings, bundled

router = APIRouter()

FILE = "questions.yaml"


class Question(BaseModel):
    """A question, and where its answer is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    question: Annotated[Text, Field(pattern=r"\?$", description="In plain words.")]
    answer: Annotated[str, Field(pattern=r"^/v1/[a-z]+[/?][^\s]+$", description="The URL that answers it.")]
    shows: Annotated[Text, Field(description="What the answer says, and what it does not.")]
    needs: Annotated[
        Literal["better-sources"] | None, Field(description="What must be loaded for it to have an answer.")
    ] = None


def questions(settings: Settings) -> Sequence[Question]:
    """The questions that have an answer with these settings, in the order of their file."""
    asked = read((settings.seed_path or bundled("seed")) / FILE)
    return [one for one in asked if one.needs != "better-sources" or settings.better_sources]


@lru_cache(maxsize=8)
def read(path: Path) -> Sequence[Question]:
    """The questions of a file; none where there is none. Raises ValueError with what is wrong with it."""
    if not path.is_file():
        return ()
    text = path.read_text("utf-8")
    try:
        loaded = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not YAML: {error}") from None
    found = TypeAdapter(tuple[Question, ...]).validate_python(loaded)
    ids = [one.id for one in found]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise ValueError(f"{path.name} has two questions named {', '.join(twice)}")
    return found


def shown(one: Question) -> dict[str, Any]:
    """A question as it is served."""
    return {
        "id": one.id,
        "resource": "questions",
        "url": f"/v1/questions/{one.id}",
        "question": one.question,
        "answer": one.answer,
        "shows": one.shows,
    }


_SCHEMA: dict[str, Any] = {
    "title": "Question",
    "description": "A question in plain words.",
    "type": "object",
    "required": ["id", "resource", "url", "question", "answer", "shows"],
    "properties": {
        "id": {"type": "string", "pattern": SLUG, "description": "Name of the question."},
        "resource": {"type": "string", "const": "questions", "description": "What it is."},
        "url": {"type": "string", "description": "Path of the question."},
        "question": {"type": "string", "description": "In plain words."},
        "answer": {"type": "string", "description": "The URL that answers it."},
        "shows": {"type": "string", "description": "What the answer says, and what it does not."},
    },
}
_LIST: dict[str, Any] = {
    "title": "Questions",
    "type": "object",
    "required": ["data", "meta", "links"],
    "properties": {
        "data": {"type": "array", "description": "The questions, in the order of their file.", "items": _SCHEMA},
        "meta": {
            "title": "QuestionsMeta",
            "type": "object",
            "description": "How many there are.",
            "required": ["total"],
            "properties": {"total": {"type": "integer", "description": "How many questions there are."}},
        },
        "links": schemas.SELF,
    },
}


@router.api_route(
    "/v1/questions",
    **openapi.operation(
        "list_questions",
        "questions",
        "Questions that people ask",
        "Named questions in plain words, each with the URL that answers it: a way in, and examples of what can be asked.",
        parameters=openapi.CONDITIONAL,
        responses={"200": openapi.ok("The questions.", _LIST), **openapi.UNCHANGED},
        problems=(INVALID_QUERY, OUTDATED),
    ),
)
async def index(request: Request) -> Response:
    """All questions."""
    plain.nothing(request.scope["query_string"])
    asked = questions(request.app.state.settings)
    body = {
        "data": [shown(one) for one in asked],
        "meta": {"total": len(asked)},
        "links": {"self": "/v1/questions"},
    }
    return await _answer(request, "/v1/questions", body)


@router.api_route(
    "/v1/questions/{id}",
    **openapi.operation(
        "get_question",
        "questions",
        "One of the questions",
        "The question, what its answer shows, and the URL that answers it.",
        parameters=[
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "Name of the question.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
                "example": "compact-procurements",
            },
            *openapi.CONDITIONAL,
        ],
        responses={"200": openapi.ok("The question.", _SCHEMA), **openapi.UNCHANGED},
        problems=(NOT_FOUND, INVALID_QUERY, OUTDATED),
    ),
)
async def question(request: Request) -> Response:
    """One question."""
    id = request.path_params["id"]
    known = {one.id: one for one in questions(request.app.state.settings)}
    if id not in known:
        raise not_found(
            "There is no such question.", [f"/v1/questions/{one}" for one in near(id, known)] or ["/v1/questions"]
        )
    plain.nothing(request.scope["query_string"])
    return await _answer(request, f"/v1/questions/{id}", shown(known[id]), answer=known[id].answer)


async def _answer(request: Request, path: str, body: Any, **links: str) -> Response:
    revision, digest, _ = await answers(request).dataset()
    accept_revision(request, revision)
    content = orjson.dumps(body)
    headers = validators(revision, digest, f"{path} {hashlib.sha256(content).hexdigest()}")
    rels = {"self": path, "cite-as": public(request, path), **({"related": links["answer"]} if links else {})}
    headers["Link"] = link_header(rels)
    return Response(content, headers=headers, media_type="application/json")
