"""Indexes for links that the database follows backwards, when a record that they lead to is changed or goes."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LINKS = (
    ("commitment_status_events", "source"),
    ("commitment_status_events", "statement"),
    ("mineral_uses", "via"),
    ("record", "merged_into"),
    ("record", "reference"),
)
"""Tables and their columns."""


def upgrade() -> None:
    for table, column in LINKS:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    for table, column in LINKS:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
