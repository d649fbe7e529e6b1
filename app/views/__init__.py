"""Hand-written endpoints about several resources."""

from app.views import docs, exports, graph, index, questions, records, search, service
from app.views.explorer import routes as explorer

VIEWS = (
    index.router,
    records.router,
    search.router,
    graph.router,
    questions.router,
    exports.router,
    docs.router,
    service.router,
    explorer.router,
)

LISTS = ("records", "search", "suggest", "graph", "paths", "questions", "exports")
"""What they offer under `/v1`."""
