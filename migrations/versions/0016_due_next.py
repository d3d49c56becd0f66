"""Open incidents in the order in which their clocks are due."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NEXT_DUE = "coalesce(next_due_at, '9999-01-01 00:00:00+00'::timestamptz)"
OPEN = "kind = 'incident' and state in ('new', 'in_progress', 'on_hold')"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_records_open_due", "records", [sa.text(NEXT_DUE), "id"], postgresql_where=sa.text(OPEN))


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_records_open_due", "records")
