"""What the catalogue named has a title in each language, so that every reader finds it in their own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; items and their requests get both titles from the version they were ordered with, tasks keep the one they have."""
    op.add_column("records", sa.Column("title_pt", sa.Text()))
    op.execute(
        "update records set title = parsed -> 'name' ->> 'en', title_pt = parsed -> 'name' ->> 'pt'"
        " from items join catalog_versions on hash = catalog_hash where records.id = items.id and parsed -> 'name' ? 'en'"
    )
    op.execute(
        "update records set title = named.title, title_pt = named.title_pt from ("
        " select request_id, string_agg(title, ' · ' order by first) as title, string_agg(coalesce(title_pt, title), ' · ' order by first) as title_pt"
        " from (select request_id, title, title_pt, min(items.id) as first from items join records on records.id = items.id"
        " where part_of is null group by request_id, title, title_pt) as each group by request_id"
        ") as named where records.id = named.request_id"
    )


def downgrade() -> None:
    """Forget the second language."""
    op.drop_column("records", "title_pt")
