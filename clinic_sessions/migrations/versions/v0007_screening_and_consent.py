"""Screening, clearance, medicines, consents, and versions of texts, numbers and protocols that may be edited."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "screening_answers",
    "clearance_decisions",
    "medicine_acknowledgements",
    "consents",
    "consent_events",
    "contact_consents",
)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the tables, and let drafts of protocols change."""
    _documents()
    _screening()
    _medicines()
    _consents()
    _wishes_that_stand()
    _versions_that_are_edited()
    _bodies_are_kept()
    _refuse_changes()


def _documents() -> None:
    op.create_table(
        "document_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "thresholds", "screening", "consent"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", _choice("status", "draft", "proposed", "published", "retired"), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("copied_from", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("drafted_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("retired_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_document_versions_number_positive")),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["users.id"], name=op.f("fk_document_versions_drafted_by_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["users.id"], name=op.f("fk_document_versions_proposed_by_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["users.id"], name=op.f("fk_document_versions_published_by_id")),
        sa.ForeignKeyConstraint(["retired_by_id"], ["users.id"], name=op.f("fk_document_versions_retired_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_versions")),
        sa.UniqueConstraint("kind", "key", "number", name=op.f("uq_document_versions_kind_key_number")),
    )


def _screening() -> None:
    op.create_table(
        "screenings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("route", _choice("route", "iv", "in", "im"), nullable=False),
        sa.Column("document_version_id", sa.Integer(), nullable=False),
        sa.Column("source", _choice("source", "staff", "patient"), nullable=False),
        sa.Column("status", _choice("status", "draft", "submitted", "filed", "taken_back"), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by_id", sa.Integer(), nullable=True),
        sa.Column("systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(source = 'staff') = (expires_at is null)", name=op.f("ck_screenings_link_expires")),
        sa.CheckConstraint(
            "(status = 'filed') = (filed_at is not null)", name=op.f("ck_screenings_filed_with_its_time")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_screenings_by_id")),
        sa.ForeignKeyConstraint(
            ["document_version_id"], ["document_versions.id"], name=op.f("fk_screenings_document_version_id")
        ),
        sa.ForeignKeyConstraint(["filed_by_id"], ["users.id"], name=op.f("fk_screenings_filed_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_screenings_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screenings")),
    )
    op.create_index(op.f("ix_screenings_patient_id"), "screenings", ["patient_id"], unique=False)
    op.create_table(
        "screening_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("answer", _choice("answer", "yes", "no", "not_sure"), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_screening_answers_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_answers")),
        sa.UniqueConstraint("screening_id", "item", name=op.f("uq_screening_answers_screening_id_item")),
    )
    op.create_index(op.f("ix_screening_answers_screening_id"), "screening_answers", ["screening_id"], unique=False)
    op.create_table(
        "clearance_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("protocol_key", sa.String(length=40), nullable=False),
        sa.Column("protocol_version_id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=True),
        sa.Column(
            "decision", _choice("decision", "cleared", "deferred", "not_suitable", "more_information"), nullable=False
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("hard_stops", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(decision in ('cleared', 'deferred')) = (until is not null)",
            name=op.f("ck_clearance_decisions_until_a_day_when_it_ends"),
        ),
        sa.CheckConstraint(
            "decision = 'cleared' or words is not null", name=op.f("ck_clearance_decisions_against_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_clearance_decisions_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_clearance_decisions_patient_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_clearance_decisions_protocol_version_id")
        ),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_clearance_decisions_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_decisions")),
    )
    op.create_index(
        "ix_clearance_decisions_patient_protocol", "clearance_decisions", ["patient_id", "protocol_key"], unique=False
    )


def _medicines() -> None:
    op.create_table(
        "medicines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("dose_words", sa.String(length=200), nullable=True),
        sa.Column(
            "medicine_class",
            _choice(
                "medicine_class",
                "benzodiazepine",
                "lamotrigine",
                "maoi",
                "stimulant",
                "opioid",
                "other_depressant",
                "cyp_inducer",
                "cyp_inhibitor",
            ),
            nullable=True,
        ),
        sa.Column("diazepam_micrograms", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("diazepam_micrograms > 0", name=op.f("ck_medicines_diazepam_dose_positive")),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_medicines_added_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_medicines_ended_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_medicines_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicines")),
    )
    op.create_index(op.f("ix_medicines_patient_id"), "medicines", ["patient_id"], unique=False)
    op.create_table(
        "medicine_acknowledgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("medicine_id", sa.Integer(), nullable=False),
        sa.Column("warning", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_medicine_acknowledgements_by_id")),
        sa.ForeignKeyConstraint(
            ["medicine_id"], ["medicines.id"], name=op.f("fk_medicine_acknowledgements_medicine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_acknowledgements")),
    )
    op.create_index(
        op.f("ix_medicine_acknowledgements_medicine_id"), "medicine_acknowledgements", ["medicine_id"], unique=False
    )
    op.create_table(
        "prior_treatments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("when_words", sa.String(length=200), nullable=True),
        sa.Column(
            "response",
            _choice("response", "helped", "helped_some", "did_not_help", "not_tolerated", "not_known"),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_prior_treatments_added_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_prior_treatments_ended_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_prior_treatments_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prior_treatments")),
    )
    op.create_index(op.f("ix_prior_treatments_patient_id"), "prior_treatments", ["patient_id"], unique=False)


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("protocol_key", sa.String(length=40), nullable=False),
        sa.Column("protocol_version_id", sa.Integer(), nullable=False),
        sa.Column("document_version_id", sa.Integer(), nullable=False),
        sa.Column("answer", _choice("answer", "signed", "chose_not_to"), nullable=False),
        sa.Column("way", _choice("way", "screen", "paper"), nullable=True),
        sa.Column("signed_name", sa.String(length=200), nullable=True),
        sa.Column("strokes", sa.JSON(), nullable=True),
        sa.Column("paper_reference", sa.String(length=300), nullable=True),
        sa.Column("language", _choice("language", "en", "es"), nullable=False),
        sa.Column("interpreter", sa.String(length=200), nullable=True),
        sa.Column("interpreted_by", _choice("interpreted_by", "in_person", "phone", "video"), nullable=True),
        sa.Column("read_aloud", sa.Boolean(), nullable=False),
        sa.Column("witness_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "(answer = 'signed') = (signed_name is not null)", name=op.f("ck_consents_signed_with_a_name")
        ),
        sa.CheckConstraint(
            "(way = 'paper') = (paper_reference is not null)", name=op.f("ck_consents_paper_with_its_reference")
        ),
        sa.CheckConstraint("answer = 'signed' or words is not null", name=op.f("ck_consents_choice_with_words")),
        sa.CheckConstraint(
            "(interpreted_by is null) = (interpreter is null)",
            name=op.f("ck_consents_interpreter_with_how_they_took_part"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_consents_by_id")),
        sa.ForeignKeyConstraint(
            ["document_version_id"], ["document_versions.id"], name=op.f("fk_consents_document_version_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_consents_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_consents_plan_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_consents_protocol_version_id")
        ),
        sa.ForeignKeyConstraint(["witness_id"], ["users.id"], name=op.f("fk_consents_witness_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_patient_protocol", "consents", ["patient_id", "protocol_key"], unique=False)
    op.create_table(
        "consent_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "changed_mind", "entered_by_mistake"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_consent_events_by_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_events_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_events")),
    )
    op.create_index(op.f("ix_consent_events_consent_id"), "consent_events", ["consent_id"], unique=False)
    op.create_table(
        "contact_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("channel", _choice("channel", "email", "sms", "call", "pager"), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column(
            "told_through",
            _choice("told_through", "phone", "in_person", "signed_form", "link", "earlier"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_contact_consents_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_contact_consents_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_consents")),
    )
    op.create_index(op.f("ix_contact_consents_patient_id"), "contact_consents", ["patient_id"], unique=False)


def _wishes_that_stand() -> None:
    """Whoever had said whether they want mail gets the row that tells of it; nobody noted how they said so."""
    op.execute(
        "INSERT INTO contact_consents (patient_id, channel, wanted, told_through, at) "
        "SELECT id, 'email', email_wanted, 'earlier', email_wish_at FROM patients WHERE email_wish_at IS NOT NULL"
    )


def _versions_that_are_edited() -> None:
    """Protocol versions learn who drafted, proposed, published and retired them; a draft's body may change."""
    for name in ("drafted_at", "proposed_at", "published_at", "retired_at"):
        op.add_column("protocol_versions", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("protocol_versions", sa.Column("copied_from", sa.Integer(), nullable=True))
    op.execute("ALTER TABLE protocol_versions ADD COLUMN reasons JSON DEFAULT '{}' NOT NULL")
    for name in ("drafted_by_id", "proposed_by_id", "published_by_id", "retired_by_id"):
        key = f"CONSTRAINT fk_protocol_versions_{name} REFERENCES users (id)"
        op.execute(f"ALTER TABLE protocol_versions ADD COLUMN {name} INTEGER {key}")
    op.execute("UPDATE protocol_versions SET published_at = loaded_at WHERE status = 'published'")


def _bodies_are_kept() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER protocol_versions_body_kept")
        for table in ("protocol_versions", "document_versions"):
            op.execute(f"""
                CREATE TRIGGER {table}_body_kept BEFORE UPDATE OF body, digest, key, number ON {table}
                WHEN OLD.status <> 'draft' BEGIN SELECT RAISE(ABORT, 'append_only'); END
            """)
        return
    op.execute("DROP TRIGGER protocol_versions_body_kept ON protocol_versions")
    for table in ("protocol_versions", "document_versions"):
        op.execute(f"""
            CREATE TRIGGER {table}_body_kept BEFORE UPDATE OF body, digest, key, number ON {table}
            FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION refuse_change()
        """)


def _refuse_changes() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPEND_ONLY:
        if not sqlite:
            op.execute(f"""
                CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION refuse_change()
            """)
            op.execute(f"""
                CREATE TRIGGER {table}_append_only_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """)
            continue
        for event in ("UPDATE", "DELETE"):
            op.execute(f"""
                CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table}
                BEGIN SELECT RAISE(ABORT, 'append_only'); END
            """)
