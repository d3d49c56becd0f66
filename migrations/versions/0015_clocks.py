"""Clocks as an indexed copy of what events say."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _time(name: str, *, needed: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "clocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("target_minutes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _time("started_at"), _time("attached_at"), _time("stopped_at", needed=False), _time("first_due_at"), _time("due_at", needed=False),
        _time("breached_at", needed=False),
        sa.Column("worked_seconds", sa.BigInteger(), nullable=False),
        sa.Column("wall_seconds", sa.BigInteger(), nullable=False),
        _time("next_at", needed=False),
        sa.Column("next_percent", sa.SmallInteger()),
        _time("computed_at"),
        sa.CheckConstraint("state in ('running', 'paused', 'completed', 'canceled')", name=op.f("ck_clocks_known_state")),
        sa.CheckConstraint("(next_at is null) = (next_percent is null)", name=op.f("ck_clocks_next_whole")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_clocks_record_id_records")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_clocks_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
        sa.UniqueConstraint("record_id", "definition", "team_id", "round", name=op.f("uq_clocks_record_id_definition_team_id_round"), postgresql_nulls_not_distinct=True),
    )  # fmt: skip
    op.create_index("ix_clocks_next", "clocks", ["next_at", "id"], postgresql_where=sa.text("next_at is not null"))
    op.create_index("ix_clocks_due", "clocks", ["due_at", "id"], postgresql_where=sa.text("state = 'running'"))


def downgrade() -> None:
    """Take it away."""
    op.drop_table("clocks")
