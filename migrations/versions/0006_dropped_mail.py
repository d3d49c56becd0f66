"""A mail that is no longer needed when its turn comes is dropped: it is no failure that waits for the operator."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ck_messages_known_state"


def upgrade() -> None:
    """Let a message be dropped."""
    op.drop_constraint(op.f(NAME), "messages", type_="check")
    op.create_check_constraint(op.f(NAME), "messages", "state in ('queued', 'sent', 'dropped', 'dead')")


def downgrade() -> None:
    """Those that were dropped are taken for dead again."""
    op.execute("update messages set state = 'dead' where state = 'dropped'")
    op.drop_constraint(op.f(NAME), "messages", type_="check")
    op.create_check_constraint(op.f(NAME), "messages", "state in ('queued', 'sent', 'dead')")
