"""the reading room: two of many readers, hidden repeats, comparisons, cases, physicians' work, accounts of readers"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "adjudications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("readings", sa.JSON(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("continues", sa.Integer(), nullable=True),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_adjudications_account_id")),
        sa.ForeignKeyConstraint(["continues"], ["adjudications.id"], name=op.f("fk_adjudications_continues")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_adjudications_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudications")),
    )
    with op.batch_alter_table("adjudications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_adjudications_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_adjudications_study_id"), ["study_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("patient_call_differs", sa.Boolean(), nullable=False),
        sa.Column("bstbi_change", sa.Double(), nullable=False),
        sa.Column("disputes", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_cases_study_id")),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_cases")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_queue", ["open", "patient_call_differs", "bstbi_change"], unique=False)

    op.create_table(
        "adjudication_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("adjudication_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["adjudication_id"], ["adjudications.id"], name=op.f("fk_adjudication_steps_adjudication_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudication_steps")),
        sa.UniqueConstraint("adjudication_id", "number", name=op.f("uq_adjudication_steps_adjudication_id")),
    )
    with op.batch_alter_table("adjudication_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_adjudication_steps_adjudication_id"), ["adjudication_id"], unique=False)

    op.create_table(
        "shown_outlines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("regions_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_shown_outlines_assignment_id")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_shown_outlines_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shown_outlines")),
        sa.UniqueConstraint("assignment_id", "image_id", "model", name=op.f("uq_shown_outlines_assignment_id")),
    )
    with op.batch_alter_table("shown_outlines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shown_outlines_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shown_outlines_image_id"), ["image_id"], unique=False)

    op.create_table(
        "comparisons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("reading_a", sa.Integer(), nullable=False),
        sa.Column("reading_b", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_comparisons_image_id")),
        sa.ForeignKeyConstraint(["reading_a"], ["readings.id"], name=op.f("fk_comparisons_reading_a")),
        sa.ForeignKeyConstraint(["reading_b"], ["readings.id"], name=op.f("fk_comparisons_reading_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
        sa.UniqueConstraint("reading_a", "reading_b", "rules", name=op.f("uq_comparisons_reading_a")),
    )
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comparisons_image_id"), ["image_id"], unique=False)

    op.create_table(
        "reading_scores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("against", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name=op.f("fk_reading_scores_reading_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_scores")),
        sa.UniqueConstraint("reading_id", "against", "rules", name=op.f("uq_reading_scores_reading_id")),
    )

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reader_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("language", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(
            sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
        )
        batch_op.alter_column("password_hash", existing_type=sa.VARCHAR(), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_accounts_subject"), ["subject"])
        batch_op.create_foreign_key(batch_op.f("fk_accounts_reader_id"), "readers", ["reader_id"], ["id"])

    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(), nullable=False, server_default="reading"))
        batch_op.add_column(sa.Column("token", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("released", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_assignments_reader_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_assignments_reader_id"), ["reader_id", "study_id", "purpose"])
        batch_op.create_unique_constraint(batch_op.f("uq_assignments_token"), ["token"])

    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expert", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("share", sa.Double(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("left", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("repeat", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("references", schema=None) as batch_op:
        batch_op.add_column(sa.Column("further_readings", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("adjudication_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_references_adjudication_id"), "adjudications", ["adjudication_id"], ["id"]
        )

    with op.batch_alter_table("studies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("control", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("studies", schema=None) as batch_op:
        batch_op.drop_column("control")

    with op.batch_alter_table("references", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_references_adjudication_id"), type_="foreignkey")
        batch_op.drop_column("adjudication_id")
        batch_op.drop_column("further_readings")

    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.drop_column("repeat")

    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_column("left")
        batch_op.drop_column("share")
        batch_op.drop_column("expert")

    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_assignments_token"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_assignments_reader_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_assignments_reader_id"), ["reader_id", "study_id"])
        batch_op.drop_column("released")
        batch_op.drop_column("token")
        batch_op.drop_column("purpose")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_accounts_reader_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_accounts_subject"), type_="unique")
        batch_op.alter_column("password_hash", existing_type=sa.VARCHAR(), nullable=False)
        batch_op.drop_column("created")
        batch_op.drop_column("active")
        batch_op.drop_column("subject")
        batch_op.drop_column("language")
        batch_op.drop_column("reader_id")

    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparisons_image_id"))

    op.drop_table("comparisons")
    op.drop_table("reading_scores")
    with op.batch_alter_table("shown_outlines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shown_outlines_image_id"))
        batch_op.drop_index(batch_op.f("ix_shown_outlines_assignment_id"))

    op.drop_table("shown_outlines")
    with op.batch_alter_table("adjudication_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_adjudication_steps_adjudication_id"))

    op.drop_table("adjudication_steps")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_queue")

    op.drop_table("cases")
    with op.batch_alter_table("adjudications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_adjudications_study_id"))
        batch_op.drop_index(batch_op.f("ix_adjudications_account_id"))

    op.drop_table("adjudications")
