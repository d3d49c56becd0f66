"""Incidents whole: families, questions of a category, what they hurt; tags; and history that comes from another desk."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    """Go forward."""
    op.add_column("incidents", sa.Column("parent_id", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("fields", JSON, nullable=False, server_default="{}"))
    op.alter_column("incidents", "fields", server_default=None)
    op.add_column("incidents", sa.Column("resolved_by_id", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("submission_key", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_incidents_parent_id"), "incidents", "incidents", ["parent_id"], ["id"])
    op.create_foreign_key(op.f("fk_incidents_resolved_by_id"), "incidents", "people", ["resolved_by_id"], ["id"])
    op.create_unique_constraint(op.f("uq_incidents_submission_key"), "incidents", ["submission_key"])
    op.create_check_constraint("known_major", "incidents", "major in ('none', 'proposed', 'accepted', 'rejected', 'demoted')")
    op.create_check_constraint("not_own_parent", "incidents", "parent_id <> id")
    op.create_index(op.f("ix_incidents_parent_id"), "incidents", ["parent_id"])
    op.create_index("ix_incidents_waiting", "incidents", ["resolved_at", "id"],
                    postgresql_where=sa.text("resolved_at is not null and closed_at is null"))  # fmt: skip
    _assets()
    op.create_table(
        "tags",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_tags_record_id")),
        sa.PrimaryKeyConstraint("record_id", "tag", name=op.f("pk_tags")),
    )
    op.create_index("ix_tags_tag", "tags", ["tag", "record_id"])
    _imports()


def _assets() -> None:
    op.create_table(
        "configuration_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("criticality", sa.SmallInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("criticality between 1 and 4", name=op.f("ck_configuration_items_criticality")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_configuration_items_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_configuration_items_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_items")),
        sa.UniqueConstraint("key", name=op.f("uq_configuration_items_key")),
    )
    op.create_index("ix_configuration_items_class", "configuration_items", ["class", "name", "id"])
    op.create_index("ix_configuration_items_name_trgm", "configuration_items", ["name"],
                    postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})  # fmt: skip
    op.create_table(
        "ci_relations",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.CheckConstraint("type in ('depends_on', 'runs_on')", name=op.f("ck_ci_relations_known_type")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_ci_relations_not_itself")),
        sa.ForeignKeyConstraint(["source_id"], ["configuration_items.id"], name=op.f("fk_ci_relations_source_id")),
        sa.ForeignKeyConstraint(["target_id"], ["configuration_items.id"], name=op.f("fk_ci_relations_target_id")),
        sa.PrimaryKeyConstraint("source_id", "target_id", "type", name=op.f("pk_ci_relations")),
    )
    op.create_index(op.f("ix_ci_relations_target_id"), "ci_relations", ["target_id"])
    op.create_table(
        "affected",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("ci_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ci_id"], ["configuration_items.id"], name=op.f("fk_affected_ci_id")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_affected_record_id")),
        sa.PrimaryKeyConstraint("record_id", "ci_id", name=op.f("pk_affected")),
    )
    op.create_index(op.f("ix_affected_ci_id"), "affected", ["ci_id"])


def _imports() -> None:
    op.create_table(
        "imported",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('person', 'team', 'ci', 'incident', 'problem', 'change')", name=op.f("ck_imported_known_kind")),
        sa.PrimaryKeyConstraint("source", "kind", "key", name=op.f("pk_imported")),
    )
    op.create_index("ix_imported_target", "imported", ["kind", "target_id"])
    op.create_table(
        "replays",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kept", JSON, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_replays_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_replays")),
    )


def downgrade() -> None:
    """Go back; for tests only."""
    for table in ("replays", "imported", "tags", "affected", "ci_relations", "configuration_items"):
        op.drop_table(table)
    op.drop_index("ix_incidents_waiting", table_name="incidents")
    for name in ("not_own_parent", "known_major"):
        op.drop_constraint(f"ck_incidents_{name}", "incidents")
    for column in ("submission_key", "resolved_by_id", "fields", "parent_id"):
        op.drop_column("incidents", column)
