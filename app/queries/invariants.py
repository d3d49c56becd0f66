"""The invariants of faults.md as queries: each returns the rows that break it, and says why in plain words.

A query yields (row, text), the first broken row first; none means that the invariant holds.
"""

from typing import Final, NamedTuple

from app.rules.consumers import LISTENERS


class Invariant(NamedTuple):
    """One promise, the name it has in faults.md, and the query of what breaks it."""

    name: str
    promise: str
    sql: str


_LISTENED: Final = ", ".join(f"('{event}', '{flow}')" for event, flows in LISTENERS.items() for flow in flows)
_TIMES: Final = ", ".join(f"'{kind}.{act}_time'" for kind in ("incident", "request", "task") for act in ("log", "correct", "remove"))

INVARIANTS: Final = (
    Invariant("I1", "every request has an item", """
        select 'record ' || r.number, r.number || ' asks for nothing: it has no item.'
        from records r where r.kind = 'request'
        and not exists (select from items i where i.request_id = r.id) order by r.id"""),
    Invariant("I1", "every record is whole", """
        select 'record ' || number, number || ' has no row of its kind (' || kind || ').' from records where id not in (
            select id from requests union all select id from items union all select id from tasks
            union all select id from incidents union all select id from problems union all select id from known_errors
            union all select id from changes) order by records.id"""),
    Invariant("I4", "every record has a history", """
        select 'record ' || r.number, r.number || ' has no event: somebody wrote it past the desk.'
        from records r where not exists (select from events e where e.stream = r.number) order by r.id"""),
    Invariant("I4", "every stream has its events", """
        select 'stream ' || s.name, s.name || ' has ' || s.seq || ' events by its head, and none is there.'
        from streams s where not exists (select from events e where e.stream = s.name) order by s.name"""),
    Invariant("I4", "every note is as it was written", """
        select 'note ' || n.id, 'Note ' || n.id || ' on ' || r.number || ' was changed after it was written.'
        from notes n join records r on r.id = n.record_id
        where n.erased_at is null and n.digest <> encode(sha256(convert_to(n.body, 'UTF8')), 'hex') order by n.id"""),
    Invariant("I2", "whatever happened is heard by its flow", """
        with listened (name, consumer) as (values {_LISTENED}),
        since as (select l.name, l.consumer, min(d.event_id) as first from listened l
                  join events e on e.name = l.name join deliveries d on d.event_id = e.id and d.consumer = l.consumer
                  group by 1, 2)
        select 'event ' || e.id || ' (' || e.stream || ', no. ' || e.seq || ')',
               e.name || ' of ' || e.stream || ' was never queued for ' || s.consumer || '.'
        from since s join events e on e.name = s.name and e.id >= s.first and e.actor <> 'importer'
        where not exists (select from deliveries d where d.event_id = e.id and d.consumer = s.consumer) order by e.id""".replace("{_LISTENED}", _LISTENED)),
    Invariant("I2", "what we resolved closes by itself, or waits for somebody", """
        select 'record ' || r.number, r.number || ' is resolved, and nothing will close it.'
        from records r join incidents i on i.id = r.id left join closure_reviews c on c.record_id = r.id and c.resolved_at = i.resolved_at
        where r.kind = 'incident' and r.state = 'resolved' and coalesce(c.next_at is null and c.state <> 'returned', true)
        and (select e.name from events e where e.record_id = r.id and e.after ->> 'state' = 'resolved' order by e.seq desc limit 1)
            = 'incident.resolve' order by r.id"""),
    Invariant("I2", "no delivery without its event", """
        select 'delivery ' || d.id, 'Delivery ' || d.id || ' is of event ' || d.event_id || ', which is gone.'
        from deliveries d where not exists (select from events e where e.id = d.event_id) order by d.id"""),
    Invariant("I2", "nothing with work due stands still", """
        select 'record ' || r.number, r.number || ' is ' || r.state || ' since ' || r.updated_at || ' and nothing works on it.'
        from records r where r.kind = 'item' and r.state in ('requested', 'approved', 'fulfilling', 'fulfilled', 'compensating')
        and r.updated_at < desk_now() - interval '60 seconds'
        and not exists (select from deliveries d where d.state <> 'done'
                        and d.record_id in (select t.id from tasks t where t.parent_id = r.id union all select r.id))
        and not exists (select from steps s left join records t on t.id = s.task_id where s.item_id = r.id
                        and s.state = 'waiting' and (t.id is null or t.state in ('pending', 'open', 'in_progress')))
        and not exists (select from checks c where c.item_id = r.id and c.done_at is null)
        and not exists (select from checks c where c.item_id = r.id and c.done_at is null
                        and c.due_at > desk_now() - interval '5 minutes')
        and not exists (select from events e where e.record_id = r.id and e.actor = 'importer') order by r.id"""),
    Invariant("I2", "whoever waits for approval is asked", """
        select 'record ' || r.number, r.number || ' waits for approval and has no open round.'
        from records r where r.kind = 'item' and r.state = 'awaiting_approval'
        and not exists (select from approval_rounds a where a.record_id = r.id and a.state = 'open') order by r.id"""),
    Invariant("I3", "no effect twice", """
        with effects as (select record_id, stream, after ->> 'step' as step, count(*) as times, max(id) as last
                         from events where name = 'item.step' and after ->> 'state' = 'done' group by 1, 2, 3),
        again as (select e.record_id, s.step, count(*) as times from events e,
                  lateral jsonb_array_elements_text(e.after -> 'steps') as s (step)
                  where e.name = 'item.reopen' and jsonb_typeof(e.after -> 'steps') = 'array' group by 1, 2)
        select 'event ' || f.last || ' (' || f.stream || ')',
               'Step ' || f.step || ' of ' || f.stream || ' was carried out ' || f.times || ' times.'
        from effects f join items i on i.id = f.record_id left join again a on a.record_id = f.record_id and a.step = f.step
        where f.times > i.revision + coalesce(a.times, 0) order by f.last"""),
    Invariant("I3", "a step that is done was carried out", """
        select 'step ' || s.id, 'Step ' || s.key || ' of ' || r.number || ' is marked done, and no event says so.'
        from steps s join records r on r.id = s.item_id where s.state = 'done' and s.kind = 'automatic'
        and not exists (select from events e where e.record_id = r.id and e.name = 'item.step'
                        and e.after ->> 'step' = s.key and e.after ->> 'state' = 'done') order by s.id"""),
    Invariant("I3", "a finished item has no unfinished step", """
        select 'step ' || s.id, r.number || ' is ' || r.state || ', but its step ' || s.key || ' is ' || s.state || '.'
        from steps s join records r on r.id = s.item_id join items i on i.id = s.item_id
        where s.revision = i.revision and (r.state in ('fulfilled', 'closed') and s.state not in ('done', 'skipped')
        or r.state = 'canceled' and s.state = 'running') order by s.id"""),
    Invariant("I3", "nobody holds the same access twice", """
        select 'grant ' || max(g.id), p.login || ' holds ' || g.target || ' ' || count(*) || ' times.'
        from grants g join people p on p.id = g.person_id where g.state <> 'ended'
        group by p.login, g.kind, g.target having count(*) > 1 order by 1"""),
    Invariant("I2", "no access outlives its end unseen", """
        select 'grant ' || g.id, 'The access of ' || p.login || ' to ' || g.target || ' should have ended at ' || coalesce(g.ends_at, g.next_at)
               || ', and nothing looks at it.'
        from grants g join people p on p.id = g.person_id
        where g.state = 'ending' and g.next_at is null
        or g.state = 'open' and g.ends_at is not null and (g.next_at is null or g.next_at > g.ends_at)
        or g.state <> 'ended' and g.next_at < desk_now() - interval '15 minutes' order by g.id"""),
    Invariant("I2", "no campaign outlives its last day unseen", """
        select 'campaign ' || c.id, 'Campaign ' || c.id || ' should have been looked at, and nothing does.'
        from campaigns c where c.state = 'open'
        and (c.next_at is null or c.next_at > c.due_at or c.next_at < desk_now() - interval '15 minutes') order by c.id"""),
    Invariant("I6", "a vote stands as it was cast", """
        select 'vote ' || v.id, 'Vote ' || v.id || ' on ' || r.number || ' is not what its voter said.'
        from votes v join approval_rounds a on a.id = v.round_id join records r on r.id = a.record_id
        left join lateral (select e.after ->> 'choice' as choice, e.actor_id, e.after ->> 'subject' as subject
                           from events e where e.record_id = r.id and e.name = r.kind || '.vote'
                           and (e.after ->> 'seat')::bigint = v.seat_id order by e.seq desc limit 1) said on true
        where said.choice is distinct from v.choice or said.actor_id is distinct from v.voter_id
        or said.subject is distinct from v.subject_hash or v.subject_hash <> a.subject_hash order by v.id"""),
    Invariant("I6", "a vote that was cast is kept", """
        select 'event ' || e.id || ' (' || e.stream || ', no. ' || e.seq || ')', 'The vote it tells of is gone.'
        from events e where e.name like '%.vote' and not exists (
            select from votes v where v.seat_id = (e.after ->> 'seat')::bigint and v.voter_id = e.actor_id) order by e.id"""),
    Invariant("I6", "nobody decides for himself", """
        select 'vote ' || v.id, 'Vote ' || v.id || ' on ' || r.number || ' is by its requester or beneficiary.'
        from votes v join approval_rounds a on a.id = v.round_id join records r on r.id = a.record_id
        where v.voter_id in (r.requester_id, r.beneficiary_id) order by v.id"""),
    Invariant("I6", "one vote per seat and voter in a round", """
        select 'vote ' || max(v.id), 'Round ' || v.round_id || ' holds several votes of one voter or seat.'
        from votes v group by v.round_id, v.voter_id having count(*) > 1
        union all select 'vote ' || max(v.id), 'Seat ' || v.seat_id || ' holds several votes.'
        from votes v group by v.seat_id having count(*) > 1 order by 1"""),
    Invariant("I6", "what runs is what was approved", """
        select 'record ' || r.number, r.number || ' is ' || r.state || ', but '
               || case when a.id is null then 'nobody approved it.' when a.state <> 'approved' then 'its last round is ' || a.state || '.'
                       else 'its plan is not the one that was approved.' end
        from records r join items i on i.id = r.id
        left join lateral (select * from approval_rounds where record_id = r.id order by number desc limit 1) a on true
        where r.state in ('approved', 'fulfilling', 'on_hold', 'failed', 'fulfilled', 'closed', 'compensating')
        and (a.id is null and not exists (select from events e where e.record_id = r.id
                                          and (e.name = 'item.pass' or e.actor = 'importer'))
             or a.state <> 'approved' or (a.id is not null and a.subject_hash is distinct from i.plan_hash)) order by r.id"""),
    Invariant("I12", "a replayed history has an event for each line", """
        select 'record ' || r.number, r.number || ' was played from ' || p.lines || ' lines, and has ' || count(e.id) || ' events of them.'
        from replays p join records r on r.id = p.record_id left join events e on e.record_id = r.id and e.name = r.kind || '.replay'
        group by r.id, p.lines having count(e.id) <> p.lines order by r.id"""),
    Invariant("I4", "worked time is what was written down", """
        with told as (select distinct on ((after ->> 'entry')::bigint) (after ->> 'entry')::bigint as entry, (after ->> 'minutes')::bigint as minutes, record_id
                      from events where name in ({_TIMES}) order by (after ->> 'entry')::bigint, id desc)
        select 'time entry ' || coalesce(e.id, o.entry), 'Of entry ' || coalesce(e.id, o.entry) || ' ' || coalesce(e.minutes, 0)
               || ' minutes are kept, and its last event says ' || coalesce(o.minutes, 0) || '.'
        from told o full join time_entries e on e.id = o.entry
        where coalesce(e.minutes, 0) <> coalesce(o.minutes, 0) or e.record_id <> o.record_id order by 1""".replace("{_TIMES}", _TIMES)),
    Invariant("I8", "a family of incidents has two generations", """
        select 'record ' || r.number, r.number || ' is part of an incident that is itself part of another.'
        from incidents c join incidents p on p.id = c.parent_id join records r on r.id = c.id where p.parent_id is not null order by r.id"""),
    Invariant("I7", "every mail has an identity of its own", """
        select 'message ' || max(id), 'Message-ID ' || message_id || ' is on ' || count(*) || ' messages.'
        from messages group by message_id having count(*) > 1
        union all select 'message ' || id, 'Message ' || id || ' is marked sent, and has no time of sending.'
        from messages where state = 'sent' and sent_at is null order by 1"""),
    # twice the lease: a hand-over has 15 seconds, a run or a step 12
    Invariant("I10", "no lease outlives its holder", """
        select 'delivery ' || id, 'Delivery ' || id || ' for ' || consumer || ' is ' || state || ' since its lease ended at ' || lease_until || '.'
        from deliveries where state in ('handed', 'running') and lease_until < clock_timestamp() - interval '30 seconds'
        union all select 'step ' || s.id, 'Step ' || s.key || ' of ' || r.number || ' is running since its lease ended at ' || s.lease_until || '.'
        from steps s join records r on r.id = s.item_id
        where s.state = 'running' and s.lease_until < clock_timestamp() - interval '30 seconds' order by 1"""),
)  # fmt: skip

ENTRIES: Final = """
    select e.id, e.stream, e.seq, e.name, e.actor, e.actor_id, e.at, e.before::text, e.after::text, e.note_digest,
           e.previous, e.hash, e.record_id, s.seq, s.hash, r.id, r.kind, r.state, n.digest
    from events e left join streams s on s.name = e.stream left join records r on r.number = e.stream
    left join notes n on n.id = e.note_id order by e.stream, e.seq"""

ROUNDS: Final = """
    select r.number, a.id, a.number, a.state, p.position, p.needs, p.state,
           array_agg(coalesce(s.instead_of_id, s.id) order by s.id), array_agg(v.choice order by s.id)
    from approval_rounds a join records r on r.id = a.record_id join approvals p on p.round_id = a.id
    left join seats s on s.approval_id = p.id
    left join lateral (select choice from votes v join seats o on o.id = v.seat_id
                       where v.round_id = a.id and o.person_id = s.person_id limit 1) v on true
    where a.state in ('approved', 'rejected') group by r.number, a.id, p.id order by a.id, p.position"""

REQUESTS: Final = """
    select r.number, r.state, array_agg(i.state order by i.id)
    from records r join items on items.request_id = r.id join records i on i.id = items.id
    where r.kind = 'request' group by r.id order by r.id"""

CHUNKS: Final = """
    select a.id, a.name, a.size, a.sha256, coalesce(r.number, 'an order not yet sent'), c.position, c.data
    from attachments a left join records r on r.id = a.record_id left join attachment_chunks c on c.attachment_id = a.id
    order by a.id, c.position"""
ORPHANS: Final = "select attachment_id, count(*) from attachment_chunks where attachment_id not in (select id from attachments) group by 1"
