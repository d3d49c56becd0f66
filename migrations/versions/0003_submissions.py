"""One door for orders: wait for the twin of an order, then see whether it was taken, in one call."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Volatile on purpose: the select then sees what the twin has committed while this one waited for the lock.
SUBMISSION = """
create function request_of_submission(key text) returns bigint language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(key, 0));
    return (select id from requests where submission_key = key);
end $$;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SUBMISSION)


def downgrade() -> None:
    """Go back; for tests only."""
    op.execute("drop function request_of_submission(text)")
