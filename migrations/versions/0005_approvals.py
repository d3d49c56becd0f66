"""Approvals whole: who answers instead of whom, questions, equal rounds; and what a vote must be, said by the database."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Four eyes, and more of it: a vote is for a seat of an open round, bound to what the round decides on; its voter is the
# seat's person or somebody who was named in that person's place; neither of them orders, benefits or stands in for who does.
VOTES = """
create or replace function vote_guard() returns trigger language plpgsql as $$
declare
    round approval_rounds%rowtype;
    seat seats%rowtype;
    rec records%rowtype;
begin
    if tg_op = 'DELETE' then
        raise exception 'votes are never deleted' using errcode = 'insufficient_privilege';
    end if;
    if tg_op = 'UPDATE' and (new.seat_id, new.round_id, new.voter_id) is distinct from (old.seat_id, old.round_id, old.voter_id) then
        raise exception 'a vote stays with its seat and voter' using errcode = 'check_violation';
    end if;
    select * into round from approval_rounds where id = new.round_id;
    if round.state <> 'open' then
        raise exception 'round % is decided', new.round_id using errcode = 'check_violation';
    end if;
    if new.subject_hash is distinct from round.subject_hash then
        raise exception 'the vote is about something else than round %', new.round_id using errcode = 'check_violation';
    end if;
    select * into seat from seats where id = new.seat_id and round_id = new.round_id;
    if seat.id is null then
        raise exception 'seat % is not of round %', new.seat_id, new.round_id using errcode = 'check_violation';
    end if;
    select * into rec from records where id = round.record_id;
    if new.voter_id in (rec.requester_id, rec.beneficiary_id) or seat.person_id in (rec.requester_id, rec.beneficiary_id) then
        raise exception 'nobody decides for himself' using errcode = 'check_violation';
    end if;
    if exists (select from delegations where person_id in (rec.requester_id, rec.beneficiary_id)
               and delegate_id in (new.voter_id, seat.person_id) and starts_at <= new.at and new.at < ends_at) then
        raise exception 'a delegate of the requester does not decide' using errcode = 'check_violation';
    end if;
    if new.voter_id not in (seat.person_id, coalesce(seat.handed_to_id, seat.person_id)) and not exists (
        select from delegations where person_id = seat.person_id and delegate_id = new.voter_id
        and starts_at <= new.at and new.at < ends_at) then
        raise exception 'the seat is somebody else''s' using errcode = 'check_violation';
    end if;
    return new;
end $$;
"""

BEFORE = """
create or replace function vote_guard() returns trigger language plpgsql as $$
declare
    round approval_rounds%rowtype;
    rec records%rowtype;
begin
    if tg_op = 'DELETE' then
        raise exception 'votes are never deleted' using errcode = 'insufficient_privilege';
    end if;
    select * into round from approval_rounds where id = new.round_id;
    if round.state <> 'open' then
        raise exception 'round % is decided', new.round_id using errcode = 'check_violation';
    end if;
    if not exists (select from seats where id = new.seat_id and round_id = new.round_id) then
        raise exception 'seat % is not of round %', new.seat_id, new.round_id using errcode = 'check_violation';
    end if;
    select * into rec from records where id = round.record_id;
    if new.voter_id in (rec.requester_id, rec.beneficiary_id) then
        raise exception 'nobody decides for himself' using errcode = 'check_violation';
    end if;
    if exists (select from delegations where person_id in (rec.requester_id, rec.beneficiary_id)
               and delegate_id = new.voter_id and starts_at <= new.at and new.at < ends_at) then
        raise exception 'a delegate of the requester does not decide' using errcode = 'check_violation';
    end if;
    return new;
end $$;
"""
KINDS = "kind in ('reply', 'work_note', 'reason', 'closing', 'question', 'answer')"
KINDS_BEFORE = "kind in ('reply', 'work_note', 'reason', 'closing')"


def upgrade() -> None:
    """Go forward."""
    op.add_column("approval_rounds", sa.Column("shape", sa.Text(), nullable=False, server_default=""))
    op.alter_column("approval_rounds", "shape", server_default=None)
    op.add_column("approvals", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("seats", sa.Column("instead_of_id", sa.BigInteger(), nullable=True))
    op.add_column("seats", sa.Column("handed_to_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_seats_instead_of_id"), "seats", "seats", ["instead_of_id"], ["id"])
    op.create_foreign_key(op.f("fk_seats_handed_to_id"), "seats", "people", ["handed_to_id"], ["id"])
    op.create_index("ix_approvals_look", "approvals", ["look_at", "id"],
                    postgresql_where=sa.text("state = 'asked' and look_at is not null"))  # fmt: skip
    op.create_index("ix_seats_handed", "seats", ["handed_to_id"],
                    postgresql_where=sa.text("state = 'asked' and handed_to_id is not null"))  # fmt: skip
    op.create_index("ix_one_time_links_subject", "one_time_links", ["subject"],
                    postgresql_where=sa.text("used_at is null and subject is not null"))  # fmt: skip
    op.drop_constraint("ck_notes_known_kind", "notes")
    op.create_check_constraint("known_kind", "notes", KINDS)
    op.execute(VOTES)


def downgrade() -> None:
    """Go back; for tests only."""
    op.execute(BEFORE)
    op.drop_constraint("ck_notes_known_kind", "notes")
    op.create_check_constraint("known_kind", "notes", KINDS_BEFORE)
    for name, table in (("subject", "one_time_links"), ("handed", "seats"), ("look", "approvals")):
        op.drop_index(f"ix_{table}_{name}", table_name=table)
    op.drop_column("seats", "handed_to_id")
    op.drop_column("seats", "instead_of_id")
    op.drop_column("approvals", "look_at")
    op.drop_column("approval_rounds", "shape")
