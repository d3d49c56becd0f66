"""An inbox of every kind of news, what each person wants to hear in which way, and mail that waits for the morning."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None
OLD = "uq_notices_event_id_person_id"
NEW = "uq_notices_event_id_person_id_name"
CAME = "read_at is null", "done_at is null", "done_at is not null"


def upgrade() -> None:
    """Widen the notices; each that comes is told to the stream process, for the bell of whoever has a page open."""
    op.add_column("people", sa.Column("news", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False))
    op.add_column("messages", sa.Column("held_until", sa.DateTime(timezone=True)))
    for name in ("snoozed_until", "done_at"):
        op.add_column("notices", sa.Column(name, sa.DateTime(timezone=True)))
    for name in ("event_id", "record_id"):
        op.alter_column("notices", name, nullable=True)
    op.drop_constraint(OLD, "notices")
    op.create_unique_constraint(NEW, "notices", ["event_id", "person_id", "name"])
    op.drop_index("ix_notices_person", "notices")
    for name, which in zip(("open", "done"), CAME[1:], strict=True):
        op.create_index(f"ix_notices_{name}", "notices", ["person_id", "id"], postgresql_where=sa.text(which))
    op.execute("""
        create function tell_inboxes() returns trigger language plpgsql as $$
        begin
            perform pg_notify('desk_events', 'inbox:' || string_agg(distinct person_id::text, ','))
            from (select person_id, row_number() over () / 400 as part from fresh) each group by part;
            return null;
        end $$""")
    op.execute("""
        create trigger tell_inboxes after insert on notices referencing new table as fresh
        for each statement execute function tell_inboxes()""")


def downgrade() -> None:
    """Leave what ladders told."""
    op.execute("drop trigger tell_inboxes on notices")
    op.execute("drop function tell_inboxes()")
    op.execute("delete from notices where event_id is null or record_id is null or name not in ('clock_warning', 'clock_over')")
    for name in ("open", "done"):
        op.drop_index(f"ix_notices_{name}", "notices")
    op.create_index("ix_notices_person", "notices", ["person_id", "id"])
    op.drop_constraint(NEW, "notices")
    op.create_unique_constraint(OLD, "notices", ["event_id", "person_id"])
    for name in ("event_id", "record_id"):
        op.alter_column("notices", name, nullable=False)
    for name in ("snoozed_until", "done_at"):
        op.drop_column("notices", name)
    op.drop_column("messages", "held_until")
    op.drop_column("people", "news")
