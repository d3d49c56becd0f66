"""Access that ends: the register by its end, why an end did not work, and campaigns that look after themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FOR_GOOD = "'9999-12-31 00:00:00+00'::timestamp with time zone"


def upgrade() -> None:
    """Add the columns and indexes; a campaign that is open is looked at at once."""
    op.alter_column("grants", "error", type_=postgresql.JSONB(), postgresql_using="null")
    op.create_check_constraint(op.f("ck_grants_ending_is_looked_at"), "grants", "state <> 'ending' or next_at is not null")
    open_ = {"postgresql_where": sa.text("state <> 'ended'")}
    op.create_index("ix_grants_ends", "grants", [sa.text(f"coalesce(ends_at, {FOR_GOOD})"), "id"], **open_)
    op.create_index("ix_grants_ended", "grants", ["ended_at", "id"], postgresql_where=sa.text("state = 'ended'"))
    op.create_index("ix_grants_stuck", "grants", ["id"], postgresql_where=sa.text("error is not null"))
    op.add_column("campaigns", sa.Column("groups", postgresql.JSONB()))
    op.add_column("campaigns", sa.Column("unanswered", sa.Text(), server_default="keep", nullable=False))
    op.add_column("campaigns", sa.Column("next_at", sa.DateTime(timezone=True)))
    op.execute("update campaigns set next_at = due_at where state = 'open'")
    op.create_check_constraint(op.f("ck_campaigns_known_unanswered"), "campaigns", "unanswered in ('keep', 'revoke')")
    op.create_check_constraint(op.f("ck_campaigns_open_is_looked_at"), "campaigns", "(state = 'open') = (next_at is not null)")
    op.create_index("ix_campaigns_next", "campaigns", ["next_at"], postgresql_where=sa.text("next_at is not null"))
    op.create_index("ix_campaign_entries_grant_id", "campaign_entries", ["grant_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_campaign_entries_grant_id", "campaign_entries")
    op.drop_index("ix_campaigns_next", "campaigns")
    op.drop_constraint(op.f("ck_campaigns_open_is_looked_at"), "campaigns")
    op.drop_constraint(op.f("ck_campaigns_known_unanswered"), "campaigns")
    for column in ("next_at", "unanswered", "groups"):
        op.drop_column("campaigns", column)
    for index in ("ix_grants_stuck", "ix_grants_ended", "ix_grants_ends"):
        op.drop_index(index, "grants")
    op.drop_constraint(op.f("ck_grants_ending_is_looked_at"), "grants")
    op.alter_column("grants", "error", type_=sa.Text(), postgresql_using="null")
