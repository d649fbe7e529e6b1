"""Saved questions: each is well formed and its URL has an answer."""

from urllib.parse import urlsplit

import pytest

from app.settings import Settings
from app.views.questions import FILE, questions, read
from tests.conftest import served
from tests.seeds import SEED

ALL = read(SEED / FILE)
BETTER = [one for one in ALL if one.needs]
PLAIN = [one for one in ALL if not one.needs]


def found(answer):
    """How much an answer of any endpoint holds."""
    body = answer.json()
    return len(body.get("data", body.get("nodes", ())))


def test_there_are_about_twenty(client):
    assert 18 <= len(ALL) <= 30
    assert {"compact-procurements", "minerals-in-semiconductors", "due-by-2030", "what-is-disputed"} <= {
        one.id for one in ALL
    }
    assert len({one.answer for one in ALL}) == len({one.question for one in ALL}) == len(ALL)


@pytest.mark.parametrize("one", PLAIN, ids=lambda one: one.id)
def test_its_url_has_an_answer(client, one):
    answer = client.get(one.answer)
    assert (answer.status_code, answer.json().get("detail")) == (200, None)
    assert found(answer) >= 1
    assert urlsplit(one.answer).scheme == ""


def test_better_sources_answer_what_the_article_cannot(fresh_database):
    fresh_database.prepare(SEED)
    with served(fresh_database, better_sources=True) as client:
        listed = client.get("/v1/questions").json()["data"]
        assert [one["id"] for one in listed] == [one.id for one in ALL]
        for one in ALL:
            answer = client.get(one.answer)
            assert answer.status_code == 200 and found(answer) >= 1, one.id


def test_they_are_listed(client):
    answer = client.get("/v1/questions")
    body = answer.json()
    assert [one["id"] for one in body["data"]] == [one.id for one in PLAIN]
    assert body["meta"]["total"] == len(PLAIN)
    first = body["data"][0]
    assert first == {
        "id": "compact-procurements",
        "resource": "questions",
        "url": "/v1/questions/compact-procurements",
        "question": "What is India to buy under COMPACT?",
        "answer": "/v1/commitments?initiative=compact&kind=procurement",
        "shows": ALL[0].shows,
    }
    alone = client.get(first["url"])
    assert alone.json() == first
    assert '</v1/commitments?initiative=compact&kind=procurement>; rel="related"' in alone.headers["link"]
    assert client.get("/v1/questions", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_the_question_of_the_purchases_has_exactly_three_answers(client):
    asked = client.get("/v1/questions/compact-procurements").json()["answer"]
    assert sorted(one["id"] for one in client.get(asked).json()["data"]) == [
        "acquire-javelin", "acquire-p-8i", "acquire-stryker",
    ]  # fmt: skip


def test_faults_teach(client):
    answer = client.get("/v1/questions/compact-procurement")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["did_you_mean"] == ["/v1/questions/compact-procurements"]
    assert client.get("/v1/questions/what-is-disputed").status_code == 404
    (fault,) = client.get("/v1/questions?q=lithium").json()["errors"]
    assert fault["reason"] == "unknown_parameter"


def test_another_seed_folder_has_its_own_questions(tmp_path):
    assert questions(Settings(seed_path=tmp_path)) == []
    (tmp_path / FILE).write_text(
        "- {id: who, question: 'Who?', answer: '/v1/places?kind=country', shows: Countries.}\n", "utf-8"
    )
    read.cache_clear()
    (one,) = questions(Settings(seed_path=tmp_path))
    assert one.id == "who"


@pytest.mark.parametrize(
    "text",
    [
        "- {id: Who, question: 'Who?', answer: '/v1/places?kind=country', shows: Countries.}",
        "- {id: who, question: Who, answer: '/v1/places?kind=country', shows: Countries.}",
        "- {id: who, question: 'Who?', answer: 'https://example.org/v1/places', shows: Countries.}",
        "- {id: who, question: 'Who?', answer: '/v1/places?kind=country'}",
        "- {id: who, question: Who?, answer: [}",
        "- {id: who, question: 'Who?', answer: '/v1/places?kind=country', shows: C., color: red}",
        "- {id: who, question: 'Who?', answer: '/v1/places?kind=country', shows: C., needs: luck}",
        "- &a {id: who, question: 'Who?', answer: '/v1/places?kind=country', shows: C.}\n- *a",
    ],
)
def test_what_is_not_well_formed_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text, "utf-8")
    read.cache_clear()
    with pytest.raises(ValueError):
        read(tmp_path / FILE)
