"""What must never happen, said by the database: functions, triggers, sequences, the clock."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEQUENCES = ("incident", "request", "item", "task", "problem", "known_error", "change")

CLOCK = """
insert into desk_clock (id, "offset") values (1, interval '0');

create function desk_now() returns timestamptz language sql stable as
$$ select now() + "offset" from desk_clock where id = 1 $$;

create function desk_clock_guard() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new."offset" < old."offset" then
        raise exception 'desk_clock moves forward only' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger desk_clock_guard before insert or update or delete on desk_clock
    for each row execute function desk_clock_guard();
"""

EVENTS = """
create function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger events_append_only before update or delete on events for each row execute function append_only();
create trigger events_no_truncate before truncate on events for each statement execute function append_only();
create trigger anchors_append_only before update or delete on anchors for each row execute function append_only();
create trigger anchors_no_truncate before truncate on anchors for each statement execute function append_only();
"""

# Whoever waits for events hears of each stream; an import's history wakes nobody.
NOTIFY = """
create function events_notify() returns trigger language plpgsql as $$
begin
    if new.actor <> 'importer' then
        perform pg_notify('desk_events', new.stream);
    end if;
    return null;
end $$;
create trigger events_notify after insert on events for each row execute function events_notify();
"""

# Four eyes: requester, beneficiary and whoever either delegated to never vote; a vote holds until the round is decided.
VOTES = """
create function vote_guard() returns trigger language plpgsql as $$
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
create trigger vote_guard before insert or update or delete on votes for each row execute function vote_guard();
"""

UNDO = """
drop trigger vote_guard on votes;
drop function vote_guard();
drop trigger events_notify on events;
drop function events_notify();
drop trigger events_append_only on events;
drop trigger events_no_truncate on events;
drop trigger anchors_append_only on anchors;
drop trigger anchors_no_truncate on anchors;
drop function append_only();
drop trigger desk_clock_guard on desk_clock;
drop function desk_clock_guard();
drop function desk_now();
delete from desk_clock;
"""


def upgrade() -> None:
    """Go forward."""
    for name in SEQUENCES:
        op.execute(f"create sequence number_{name}")
    for script in (CLOCK, EVENTS, NOTIFY, VOTES):
        op.execute(script)


def downgrade() -> None:
    """Go back; for tests only."""
    op.execute(UNDO)
    for name in SEQUENCES:
        op.execute(f"drop sequence number_{name}")
