"""What is about the same is found without reading everything."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_records_category", "records", ["category", "id"], postgresql_where=sa.text("category is not null"))


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_records_category", table_name="records")
