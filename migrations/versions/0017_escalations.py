"""Steps of ladders that were taken, and what people read of them; each clock knows since when it is watched."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _id(name: str, target: str, table: str, *, nullable: bool = False) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, sa.BigInteger(), nullable=nullable), key


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables; of what was stored before, nothing that is past is announced."""
    op.add_column("clocks", _time("told_until", nullable=True))
    op.add_column("clocks", sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.execute("update clocks set told_until = desk_now()")
    op.create_table(
        "escalations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_id("record_id", "records", "escalations"),
        sa.Column("definition", sa.Text(), nullable=False),
        *_id("team_id", "teams", "escalations", nullable=True),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        _time("due_at"), _time("taken_at"),
        *_id("event_id", "events", "escalations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint(
            "record_id", "definition", "team_id", "round", "percent", "after",
            name=op.f("uq_escalations_record_id_definition_team_id_round_percent_after"), postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    op.create_index("ix_escalations_taken", "escalations", ["taken_at"])
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_id("person_id", "people", "notices"),
        *_id("record_id", "records", "notices"),
        *_id("event_id", "events", "notices"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        _time("created_at"), _time("read_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("event_id", "person_id", name=op.f("uq_notices_event_id_person_id")),
    )  # fmt: skip
    op.create_index("ix_notices_person", "notices", ["person_id", "id"])
    op.create_index("ix_notices_unread", "notices", ["person_id", "id"], postgresql_where=sa.text("read_at is null"))


def downgrade() -> None:
    """Take them away."""
    op.drop_table("notices")
    op.drop_table("escalations")
    op.drop_column("clocks", "failures")
    op.drop_column("clocks", "told_until")
