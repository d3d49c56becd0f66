"""Major incidents: who leads them, what everybody affected was told, and what was learned."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("major_reports", "major_updates", "major_services", "majors")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "majors",
        _id("incident_id"), _text("trigger", nullable=True), _text("reason"), _text("business_impact"), _at("proposed_at", nullable=False),
        _id("proposed_by_id", nullable=True), _at("decided_at"), _id("decided_by_id", nullable=True), _at("ended_at"),
        _text("headline"), _text("headline_pt"), sa.Column("everybody", sa.Boolean(), nullable=False),
        *(_id(f"{seat}_id", nullable=True) for seat in ("commander", "communicator", "scribe")),
        _at("update_due_at"), sa.Column("next_step", sa.BigInteger(), nullable=False), _at("next_at"),
        _id("problem_id", nullable=True), _at("filed_at"), _id("filed_by_id", nullable=True),
        *(_key("majors", name, table) for name, table in (
            ("incident_id", "incidents"), ("proposed_by_id", "people"), ("decided_by_id", "people"), ("commander_id", "people"),
            ("communicator_id", "people"), ("scribe_id", "people"), ("problem_id", "problems"), ("filed_by_id", "people"))),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_majors")),
    )  # fmt: skip
    op.create_index("ix_majors_next_at", "majors", ["next_at", "incident_id"], postgresql_where=sa.text("next_at is not null"))
    op.create_table(
        "major_services", _id("incident_id"), _id("ci_id"),
        _key("major_services", "incident_id", "majors", "incident_id"), _key("major_services", "ci_id", "configuration_items"),
        sa.PrimaryKeyConstraint("incident_id", "ci_id", name=op.f("pk_major_services")),
    )  # fmt: skip
    op.create_index(op.f("ix_major_services_ci_id"), "major_services", ["ci_id"])
    op.create_table(
        "major_updates", sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False), _id("incident_id"),
        _id("note_id", nullable=True), _id("note_pt_id", nullable=True), _id("author_id", nullable=True),
        sa.Column("told", sa.BigInteger(), nullable=False), _at("created_at", nullable=False), _text("submission_key", nullable=True),
        _key("major_updates", "incident_id", "majors", "incident_id"), _key("major_updates", "note_id", "notes"),
        _key("major_updates", "note_pt_id", "notes"), _key("major_updates", "author_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_major_updates")), sa.UniqueConstraint("submission_key", name=op.f("uq_major_updates_submission_key")),
    )  # fmt: skip
    op.create_index("ix_major_updates_incident_id", "major_updates", ["incident_id", "id"])
    op.create_table(
        "major_reports", _id("incident_id"), sa.Column("version", sa.BigInteger(), nullable=False), _text("body"),
        _id("author_id", nullable=True), _at("created_at", nullable=False),
        _key("major_reports", "incident_id", "majors", "incident_id"), _key("major_reports", "author_id", "people"),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_major_reports")),
    )  # fmt: skip
    op.create_index("ix_incidents_major", "incidents", ["id"], postgresql_where=sa.text("major in ('proposed', 'accepted') and closed_at is null"))


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_incidents_major", "incidents")
    for table in TABLES:
        op.drop_table(table)


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, other: str, target: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.{target}"], name=op.f(f"fk_{table}_{column}"))
