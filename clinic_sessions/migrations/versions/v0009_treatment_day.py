"""The treatment day: answers around a dose, a provider's word, labels and draws, held checks, signed notes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "session_checks",
    "provider_asks",
    "provider_answers",
    "drug_labels",
    "draws",
    "second_counts",
    "due_holds",
    "note_signatures",
)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the tables and columns, and what the database refuses."""
    _checks()
    _drug()
    _afterwards()
    _indexes()
    _columns()
    _refuse_changes()


def _checks() -> None:
    op.create_table(
        "due_holds",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_due_holds_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_due_holds_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_holds")),
        sa.UniqueConstraint("session_id", "due_at", name="uq_due_holds_once"),
    )
    op.create_table(
        "provider_asks",
        sa.Column(
            "gate", _choice("gate", "same_day", "after_start", "may_start", "may_be_ready", "may_leave"), nullable=False
        ),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_provider_asks_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_provider_asks_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_asks")),
    )
    op.create_table(
        "session_checks",
        sa.Column(
            "item",
            _choice(
                "checkitem",
                "identity",
                "food",
                "drink",
                "ride",
                "pregnancy",
                "medicines",
                "nasal_spray",
                "risk",
                "sedation",
                "dissociation",
                "breathing",
                "way_home",
                "instructions",
                "belongings",
            ),
            nullable=False,
        ),
        sa.Column("clear", sa.Boolean(), nullable=False),
        sa.Column("intake", _choice("intake", "clear_liquid", "food", "heavy_meal"), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "escort", _choice("escortkind", "named_adult", "companion_in_hired_car", "transport_service"), nullable=True
        ),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_session_checks_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_session_checks_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_checks")),
    )
    op.create_table(
        "provider_answers",
        sa.Column("ask_id", sa.Integer(), nullable=False),
        sa.Column(
            "gate", _choice("gate", "same_day", "after_start", "may_start", "may_be_ready", "may_leave"), nullable=False
        ),
        sa.Column("answer", _choice("answer", "go_ahead", "wait", "not_today"), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("on_tablet_of_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(answer = 'wait') = (until is not null)", name=op.f("ck_provider_answers_waits_until")),
        sa.ForeignKeyConstraint(["ask_id"], ["provider_asks.id"], name=op.f("fk_provider_answers_ask_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_provider_answers_by_id")),
        sa.ForeignKeyConstraint(["on_tablet_of_id"], ["users.id"], name=op.f("fk_provider_answers_on_tablet_of_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_provider_answers_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_answers")),
    )


def _drug() -> None:
    op.create_table(
        "drug_labels",
        sa.Column("drug", _choice("drug", "ketamine", "esketamine"), nullable=False),
        sa.Column("container", _choice("container", "vial", "device"), nullable=False),
        sa.Column("source", _choice("labelsource", "typed", "scanned"), nullable=False),
        sa.Column("micrograms_per_ml", sa.Integer(), nullable=True),
        sa.Column("total_micrograms", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=200), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beyond_use_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ndc", sa.String(length=20), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(container = 'vial') = (micrograms_per_ml is not null)",
            name=op.f("ck_drug_labels_vials_have_a_concentration"),
        ),
        sa.CheckConstraint(
            "micrograms_per_ml > 0 and total_micrograms > 0", name=op.f("ck_drug_labels_strengths_positive")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_drug_labels_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["drug_labels.id"], name=op.f("fk_drug_labels_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_drug_labels_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drug_labels")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_drug_labels_corrects_id")),
    )
    op.create_table(
        "draws",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("micrograms", sa.Integer(), nullable=False),
        sa.Column("microlitres", sa.Integer(), nullable=False),
        sa.Column("pump_microlitres", sa.Integer(), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("micrograms > 0 and microlitres > 0", name=op.f("ck_draws_something_drawn")),
        sa.CheckConstraint("pump_microlitres >= microlitres", name=op.f("ck_draws_pump_holds_it")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_draws_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["draws.id"], name=op.f("fk_draws_corrects_id")),
        sa.ForeignKeyConstraint(["label_id"], ["drug_labels.id"], name=op.f("fk_draws_label_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_draws_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draws")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_draws_corrects_id")),
    )
    op.create_table(
        "second_counts",
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("microlitres", sa.Integer(), nullable=False),
        sa.Column("micrograms_per_ml", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("microlitres > 0", name=op.f("ck_second_counts_something_counted")),
        sa.CheckConstraint("micrograms_per_ml > 0", name=op.f("ck_second_counts_strength_positive")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_second_counts_by_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draws.id"], name=op.f("fk_second_counts_draw_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_second_counts_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_counts")),
    )


def _afterwards() -> None:
    op.create_table(
        "note_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_note_drafts_changed_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_note_drafts_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_drafts")),
        sa.UniqueConstraint("session_id", name=op.f("uq_note_drafts_session_id")),
    )
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("side_effect_id", sa.Integer(), nullable=True),
        sa.Column("kind", _choice("followupkind", "serious_side_effect"), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("done_words", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "(done_at is null) = (done_by_id is null) and (done_at is null) = (done_words is null)",
            name=op.f("ck_follow_ups_done_by_somebody_with_words"),
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["users.id"], name=op.f("fk_follow_ups_done_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_follow_ups_patient_id")),
        sa.ForeignKeyConstraint(["raised_by_id"], ["users.id"], name=op.f("fk_follow_ups_raised_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_follow_ups_session_id")),
        sa.ForeignKeyConstraint(["side_effect_id"], ["side_effects.id"], name=op.f("fk_follow_ups_side_effect_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("side_effect_id", name=op.f("uq_follow_ups_side_effect_id")),
    )
    op.create_table(
        "note_signatures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("meaning", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_note_signatures_by_id")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_signatures_note_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_note_signatures_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_signatures")),
        sa.UniqueConstraint("note_id", name=op.f("uq_note_signatures_note_id")),
        sa.UniqueConstraint("session_id", name=op.f("uq_note_signatures_session_id")),
    )


def _indexes() -> None:
    for table, column in (
        ("drug_labels", "lot"),
        ("drug_labels", "session_id"),
        ("due_holds", "session_id"),
        ("provider_asks", "session_id"),
        ("session_checks", "session_id"),
        ("draws", "label_id"),
        ("draws", "session_id"),
        ("follow_ups", "patient_id"),
        ("follow_ups", "session_id"),
        ("provider_answers", "ask_id"),
        ("provider_answers", "session_id"),
        ("second_counts", "draw_id"),
        ("second_counts", "session_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _columns() -> None:
    op.execute("ALTER TABLE clinics ADD COLUMN transport_phone VARCHAR(32)")
    for table, column, other in (
        ("dose_events", "label_id", "drug_labels"),
        ("dose_events", "second_id", "users"),
        ("interventions", "as_needed_id", "orders_as_needed"),
    ):
        key = f"CONSTRAINT fk_{table}_{column} REFERENCES {other} (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}")
    for column, values in (
        ("cuff", "'small', 'adult', 'large', 'thigh'"),
        ("arm", "'left_arm', 'right_arm', 'left_leg', 'right_leg'"),
    ):
        check = f"CONSTRAINT ck_vitals_{column} CHECK ({column} IN ({values}))"
        op.execute(f"ALTER TABLE vitals ADD COLUMN {column} VARCHAR(40) {check}")


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
