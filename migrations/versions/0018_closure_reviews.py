"""What follows a resolution: reviews, what solved the same before, and reviews of quality."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0022"
branch_labels = None
depends_on = None

# What is resolved now goes on as before: it closes when its window is over, counted anew by the flow, and is not reviewed any more.
RESOLVED = """
    insert into closure_reviews (record_id, resolved_at, state, missing, reviewed_at, policy, next_at)
    select r.id, i.resolved_at, 'complete', '[]', desk_now(), '', desk_now() from records r join incidents i on i.id = r.id
    where r.state = 'resolved' and i.resolved_at is not null and i.closed_at is null
      and (not exists (select 1 from replays p where p.record_id = r.id)
           or exists (select 1 from events e where e.record_id = r.id and e.name = 'incident.resolve'))"""


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _record(table: str, name: str = "record_id") -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], ["records.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.BigInteger(), nullable=False), key


def upgrade() -> None:
    """Make the tables, and let what is resolved now close as it would have."""
    op.create_table(
        "closure_reviews",
        *_record("closure_reviews"),
        _time("resolved_at", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("missing", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("cause_id", sa.BigInteger(), sa.ForeignKey("notes.id", name=op.f("fk_closure_reviews_cause_id")), nullable=True),
        _time("reviewed_at"), _time("reminded_at"),
        sa.Column("policy", sa.Text(), nullable=False),
        _time("next_at"),
        sa.CheckConstraint("state in ('waiting', 'complete', 'returned', 'waived')", name=op.f("ck_closure_reviews_known_state")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_closure_reviews")),
    )  # fmt: skip
    waits = sa.text("next_at is not null")
    op.create_index("ix_closure_reviews_next", "closure_reviews", ["next_at", "record_id"], postgresql_where=waits)
    op.create_index("ix_closure_reviews_policy", "closure_reviews", ["policy", "record_id"], postgresql_where=waits)
    op.create_index("ix_closure_reviews_returned", "closure_reviews", ["record_id"], postgresql_where=sa.text("state = 'returned'"))
    op.create_table(
        "solved_before",
        *_record("solved_before"),
        *_record("solved_before", "earlier_id"),
        sa.PrimaryKeyConstraint("record_id", "earlier_id", name=op.f("pk_solved_before")),
    )
    op.create_index(op.f("ix_solved_before_earlier_id"), "solved_before", ["earlier_id"])
    op.create_table(
        "quality_reviews",
        *_record("quality_reviews"),
        sa.Column("because", sa.Text(), nullable=False),
        _time("asked_at", nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), sa.ForeignKey("people.id", name=op.f("fk_quality_reviews_reviewer_id")), nullable=True),
        sa.Column("answers", postgresql.JSONB(none_as_null=True), nullable=False),
        _time("done_at"),
        sa.CheckConstraint("because in ('sample', 'major')", name=op.f("ck_quality_reviews_known_because")),
        sa.CheckConstraint("(done_at is null) = (reviewer_id is null)", name=op.f("ck_quality_reviews_done_whole")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_quality_reviews")),
    )
    op.create_index("ix_quality_reviews_open", "quality_reviews", ["record_id"], postgresql_where=sa.text("done_at is null"))
    op.create_index("ix_quality_reviews_done", "quality_reviews", ["done_at", "record_id"], postgresql_where=sa.text("done_at is not null"))
    op.execute(RESOLVED)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("quality_reviews")
    op.drop_table("solved_before")
    op.drop_table("closure_reviews")
