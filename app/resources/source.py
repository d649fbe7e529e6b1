"""Sources: the publications that say it, and the datasets that facts of the world are taken from."""

from app.core.declare import Resource
from app.core.fields import ours
from app.core.filters import Choice, Dates, Links
from app.core.provenance import Reliability, Source, SourceBase, SourceKind
from app.core.record import Record, RecordRead
from app.core.values import Slug


class SourceRead(SourceBase, RecordRead):
    """A publication that statements cite."""

    credits: list[Slug] = ours("Organizations that it names as its own sources.", example=["indian-express"])


SOURCES = Resource(
    name="sources",
    table=Source,
    read=SourceRead,
    description="Who says so: articles, documents and datasets, with how far each is trusted.",
    example="trust-compact-article",
    filters=(
        Choice(Source.kind, SourceKind, also=("type",)),
        Choice(Source.reliability, Reliability, also=("grade",)),
        Dates(Source.published, Source.published_first, Source.published_last, also=("date",)),
        Dates(Source.updated, Source.updated_first, Source.updated_last),
        Links(Source, "credits", Record, name="credit", example="indian-express"),
    ),
    also={"articles": "/v1/sources", "documents": "/v1/sources", "references": "/v1/sources"},
)
