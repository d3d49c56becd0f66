"""Surveys: what those who had a record said of how it went."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "surveys",
        sa.Column("record_id", sa.BigInteger(), sa.ForeignKey("records.id", name=op.f("fk_surveys_record_id")), nullable=False),
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("people.id", name=op.f("fk_surveys_person_id")), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("csat", sa.SmallInteger(), nullable=True),
        sa.Column("nps", sa.SmallInteger(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.CheckConstraint("csat between 1 and 5 and nps between 0 and 10", name=op.f("ck_surveys_within_scale")),
        sa.CheckConstraint("(answered_at is null) = (csat is null)", name=op.f("ck_surveys_answered_whole")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_surveys")),
    )
    op.create_index("ix_surveys_person", "surveys", ["person_id", "sent_at"])
    op.create_index("ix_surveys_sent", "surveys", ["sent_at", "record_id"])
    op.create_index("ix_surveys_answered", "surveys", ["answered_at", "record_id"], postgresql_where=sa.text("answered_at is not null"))


def downgrade() -> None:
    """Forget what was said."""
    op.drop_table("surveys")
