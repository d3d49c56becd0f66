"""Records are found by their words, in Portuguese and English, without accents; triggers keep what is searched."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Folded first, then stemmed: "conexao" finds "Conexão", "printers" finds "printer".
CONFIGURATIONS = """
create text search configuration desk_pt (copy = portuguese);
alter text search configuration desk_pt alter mapping for hword, hword_part, word with unaccent, portuguese_stem;
create text search configuration desk_en (copy = english);
alter text search configuration desk_en alter mapping for hword, hword_part, word with unaccent, english_stem;
"""

# A vector holds at most a megabyte, so of very long talk the newest 100,000 characters are searched.
FUNCTIONS = """
create function search_words(said text) returns tsvector language sql stable as
$$ select to_tsvector('desk_pt', said) || to_tsvector('desk_en', said) $$;

create function search_refresh(wanted bigint) returns void language sql as $$
    insert into search_texts (record_id, words, inside, plain)
    select r.id,
           setweight(search_words(concat_ws(' ', r.title, r.title_pt)), 'A') || setweight(search_words(coalesce(i.description, '')), 'B')
               || setweight(search_words(left(coalesce(said.public, ''), 100000)), 'C'),
           setweight(search_words(left(coalesce(said.inside, ''), 100000)), 'C'),
           lower(unaccent(concat_ws(' ', r.title, r.title_pt)))
    from records r left join incidents i on i.id = r.id
    left join lateral (
        select string_agg(n.body, ' ' order by n.id desc) filter (where n.kind <> 'work_note') as public,
               string_agg(n.body, ' ' order by n.id desc) filter (where n.kind = 'work_note') as inside
        from notes n where n.record_id = r.id and n.erased_at is null) said on true
    where r.id = wanted
    on conflict (record_id) do update set words = excluded.words, inside = excluded.inside, plain = excluded.plain
$$;

create function search_refresh_record() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and tg_table_name = 'records' then  -- nothing else is known of it yet: the short way, for many at once
        insert into search_texts (record_id, words, inside, plain)
        values (new.id, setweight(search_words(concat_ws(' ', new.title, new.title_pt)), 'A'), '', lower(unaccent(concat_ws(' ', new.title, new.title_pt))))
        on conflict (record_id) do nothing;
    else
        perform search_refresh(new.id);
    end if;
    return null;
end $$;
create function search_refresh_note() returns trigger language plpgsql as $$
begin
    perform search_refresh(new.record_id);
    return null;
end $$;
"""

TRIGGERS = """
create trigger records_search after insert or update of title, title_pt on records for each row execute function search_refresh_record();
create trigger incidents_search after insert on incidents for each row when (new.description <> '') execute function search_refresh_record();
create trigger incidents_search_changed after update of description on incidents for each row
    when (new.description is distinct from old.description) execute function search_refresh_record();
create trigger notes_search after insert or update of body, erased_at on notes for each row execute function search_refresh_note();
"""

GONE = """
drop trigger notes_search on notes;
drop trigger incidents_search_changed on incidents;
drop trigger incidents_search on incidents;
drop trigger records_search on records;
drop function search_refresh_note();
drop function search_refresh_record();
drop function search_refresh(bigint);
drop function search_words(text);
"""


def upgrade() -> None:
    """Make the table, fill it, and let triggers keep it."""
    op.execute(CONFIGURATIONS)
    op.create_table(
        "search_texts",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("inside", postgresql.TSVECTOR(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_search_texts_record_id_records")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_search_texts")),
    )
    op.execute(FUNCTIONS)
    op.execute("select search_refresh(id) from records")
    op.create_index("ix_search_texts_words", "search_texts", ["words"], postgresql_using="gin")
    op.create_index("ix_search_texts_inside", "search_texts", ["inside"], postgresql_using="gin")
    op.create_index("ix_search_texts_plain", "search_texts", ["plain"], postgresql_using="gin", postgresql_ops={"plain": "gin_trgm_ops"})
    op.execute(TRIGGERS)


def downgrade() -> None:
    """Take it all away."""
    op.execute(GONE)
    op.drop_table("search_texts")
    op.execute("drop text search configuration desk_pt")
    op.execute("drop text search configuration desk_en")
