"""Queues of incidents are answered from indexes that hold what is open, and nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = "kind = 'incident' and state in ('new', 'in_progress', 'on_hold')"
INCIDENTS = "kind = 'incident'"
MADE = (
    ("ix_records_open", ("id",), OPEN), ("ix_records_open_priority", ("priority", "id"), OPEN), ("ix_records_open_updated", ("updated_at", "id"), OPEN),
    ("ix_records_open_team", ("team_id", "priority", "id"), OPEN), ("ix_records_open_assignee", ("assignee_id", "priority", "id"), OPEN),
    ("ix_records_incidents", ("id",), INCIDENTS), ("ix_records_incidents_updated", ("updated_at", "id"), INCIDENTS),
    ("ix_records_incidents_priority", ("priority", "id"), INCIDENTS),
)  # fmt: skip


def upgrade() -> None:
    """Make them."""
    for name, columns, where in MADE:
        op.create_index(name, "records", list(columns), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Take them away."""
    for name, *_ in MADE:
        op.drop_index(name, "records")
