"""How long people worked on records, and the timer that each may have running."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _id(name: str, target: str, table: str, *, nullable: bool = False) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, sa.BigInteger(), nullable=nullable), key


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "time_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_id("record_id", "records", "time_entries"),
        *_id("person_id", "people", "time_entries"),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        *_id("note_id", "notes", "time_entries", nullable=True),
        _time("started_at", nullable=True), _time("ended_at", nullable=True), _time("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entries")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_time_entries_some_time")),
        sa.CheckConstraint(
            "(started_at is null) = (ended_at is null) and started_at <= ended_at", name=op.f("ck_time_entries_whole_timer"),
        ),
    )  # fmt: skip
    op.create_index("ix_time_entries_record", "time_entries", ["record_id", "id"])
    op.create_index("ix_time_entries_person", "time_entries", ["person_id", "worked_on"])
    op.create_table(
        "timers",
        *_id("person_id", "people", "timers"),
        *_id("record_id", "records", "timers"),
        _time("started_at"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_timers")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("timers")
    op.drop_table("time_entries")
