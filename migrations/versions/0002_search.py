"""The search index, and where names and titles can be begun to be typed."""

import sqlalchemy as sa
from alembic import op

from app.core import index
from app.core.db import Characters
from app.resources import CATALOG

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_start",
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("key", Characters(), nullable=False),
        sa.Column("record", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["record.id"], name=op.f("fk_search_start_record"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("rank", "key", "record", name=op.f("pk_search_start")),
    )
    op.create_index(op.f("ix_search_start_record"), "search_start", ["record"], unique=False)
    connection = op.get_bind()
    for statement in index.CREATE[connection.dialect.name]:
        op.execute(statement)
    index.rebuild(connection, CATALOG)


def downgrade() -> None:
    for statement in index.DROP[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_index(op.f("ix_search_start_record"), table_name="search_start")
    op.drop_table("search_start")
