"""Runs migrations on the connection that `app.startup` hands over, or on DATABASE_URL from the command line."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from app.core.changes import Dataset
from app.core.db import Characters, Choices, Json, engine
from app.resources import CATALOG
from app.settings import settings

assert CATALOG.resources and Dataset, "all tables are declared before they are compared"


def render(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our own column types as a migration imports them."""
    if kind == "type" and isinstance(item, Choices):
        values = ", ".join(repr(value) for value in item.enums)
        return f"Choices({values}, name={item.name!r}, native_enum=False, create_constraint=True)"
    if kind == "type" and isinstance(item, Characters | Json):
        return f"{type(item).__name__}()"
    return False


def run(connection: Connection) -> None:
    """All of it in one transaction, on SQLite too."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=render,
        transactional_ddl=True,
        render_as_batch=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine(settings().database_url).begin() as made:
        run(made)
