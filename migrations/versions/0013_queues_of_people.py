"""Saved views of queues, and changes to many records at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope in ('mine', 'team', 'shared')", name=op.f("ck_saved_views_known_scope")),
        sa.CheckConstraint("(scope = 'team') = (team_id is not null)", name=op.f("ck_saved_views_team_of_a_team")),
        _key("saved_views", "owner_id", "people"), _key("saved_views", "team_id", "teams"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_views_owner_id_name")),
    )  # fmt: skip
    op.create_index("ix_saved_views_scope", "saved_views", ["scope", "team_id"])
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'running', 'done', 'undone')", name=op.f("ck_bulk_jobs_known_state")),
        _key("bulk_jobs", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_jobs")),
    )
    op.create_index("ix_bulk_jobs_due", "bulk_jobs", ["next_at"], postgresql_where=sa.text("next_at is not null"))
    op.create_index("ix_bulk_jobs_person", "bulk_jobs", ["person_id", "id"])
    op.create_table(
        "bulk_lines",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("state in ('pending', 'done', 'failed')", name=op.f("ck_bulk_lines_known_state")),
        _key("bulk_lines", "job_id", "bulk_jobs"), _key("bulk_lines", "record_id", "records"),
        sa.PrimaryKeyConstraint("job_id", "record_id", name=op.f("pk_bulk_lines")),
    )  # fmt: skip
    op.create_index("ix_bulk_lines_pending", "bulk_lines", ["job_id", "record_id"], postgresql_where=sa.text("state = 'pending'"))


def downgrade() -> None:
    """Take them away."""
    for table in ("bulk_lines", "bulk_jobs", "saved_views"):
        op.drop_table(table)
