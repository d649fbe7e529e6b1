"""Hand-written endpoints about several resources."""

from app.views import docs, index, records, service

VIEWS = (index.router, records.router, docs.router, service.router)
