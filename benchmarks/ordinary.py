"""The application that most people would write: FastAPI, SQLModel with relationships, response models.

    python -m benchmarks.ordinary sqlite:///file.db PORT

It reads the same tables as the project and answers a list of commitments, and one, with the links of each.
"""

import sys
from collections.abc import Iterator
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, Session, SQLModel, create_engine, func, select


class Link(SQLModel):
    record: str = Field(primary_key=True, foreign_key="commitment.id")
    position: int = Field(primary_key=True)
    target: str


class Participation(Link, table=True):
    __tablename__ = "commitment_participants"
    role: str | None
    basis: str | None
    commitment: "Commitment" = Relationship(back_populates="participants")


class Topic(Link, table=True):
    __tablename__ = "commitment_topics"
    commitment: "Commitment" = Relationship(back_populates="topics")


class Mineral(Link, table=True):
    __tablename__ = "commitment_minerals"
    commitment: "Commitment" = Relationship(back_populates="minerals")


class Event(SQLModel, table=True):
    __tablename__ = "commitment_status_events"
    record: str = Field(primary_key=True, foreign_key="commitment.id")
    position: int = Field(primary_key=True)
    status: str
    as_of: str
    source: str
    statement: str
    commitment: "Commitment" = Relationship(back_populates="events")


class Statement(SQLModel, table=True):
    id: str = Field(primary_key=True)
    record: str = Field(foreign_key="commitment.id")
    cited: str | None
    source: str
    section: str | None
    section_title: str | None
    paragraph: int | None
    position: int
    commitment: "Commitment" = Relationship(back_populates="statements")


class Record(SQLModel, table=True):
    id: str = Field(primary_key=True, foreign_key="commitment.id")
    title: str
    summary: str | None
    commitment: "Commitment" = Relationship(back_populates="common")


class CommitmentBase(SQLModel):
    id: str = Field(primary_key=True)
    initiative: str | None
    pillar: str | None
    program: str | None
    kind: str
    modality: str | None
    status: str
    start: str | None
    due: str | None
    amount: int | None
    currency: str | None
    quantity: int | None


class Commitment(CommitmentBase, table=True):
    common: Record = Relationship(back_populates="commitment", sa_relationship_kwargs={"uselist": False})
    participants: list[Participation] = Relationship(back_populates="commitment")
    topics: list[Topic] = Relationship(back_populates="commitment")
    minerals: list[Mineral] = Relationship(back_populates="commitment")
    events: list[Event] = Relationship(back_populates="commitment")
    statements: list[Statement] = Relationship(back_populates="commitment")


class LinkRead(SQLModel):
    target: str


class ParticipationRead(LinkRead):
    role: str | None
    basis: str | None


class EventRead(SQLModel):
    status: str
    as_of: str
    source: str
    statement: str


class CitationRead(SQLModel):
    cited: str | None
    source: str
    section: str | None
    section_title: str | None
    paragraph: int | None


class RecordRead(SQLModel):
    title: str
    summary: str | None


class CommitmentRead(CommitmentBase):
    common: RecordRead
    participants: list[ParticipationRead]
    topics: list[LinkRead]
    minerals: list[LinkRead]
    events: list[EventRead]
    statements: list[CitationRead]


class CommitmentPage(SQLModel):
    total: int
    data: list[CommitmentRead]


app = FastAPI()
engine = create_engine(sys.argv[1], connect_args={"check_same_thread": False})
LINKS = [
    selectinload(getattr(Commitment, name))
    for name in ("common", "participants", "topics", "minerals", "events", "statements")
]


def session() -> Iterator[Session]:
    with Session(engine) as made:
        yield made


SessionOf = Annotated[Session, Depends(session)]


@app.get("/commitments", response_model=CommitmentPage)
def list_commitments(
    session: SessionOf,
    initiative: str | None = None,
    kind: str | None = None,
    limit: Annotated[int, Query(le=500)] = 50,
) -> dict[str, object]:
    found, count = select(Commitment).options(*LINKS), select(func.count()).select_from(Commitment)
    if initiative:
        found, count = (one.where(Commitment.initiative == initiative) for one in (found, count))
    if kind:
        found, count = (one.where(Commitment.kind == kind) for one in (found, count))
    return {"total": session.exec(count).one(), "data": session.exec(found.order_by(Commitment.id).limit(limit)).all()}


@app.get("/commitments/{id}", response_model=CommitmentRead)
def get_commitment(id: str, session: SessionOf) -> Commitment:
    found = session.exec(select(Commitment).options(*LINKS).where(Commitment.id == id)).first()
    if found is None:
        raise HTTPException(404)
    return found


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=False, log_level="warning")
