"""Patients, plans, treatment sessions and their status changes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "patients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("record_number", sa.String(length=20), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_folded", sa.String(length=200), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("language", _choice("language", "en", "es"), nullable=False),
        sa.Column("preferred_name", sa.String(length=200), nullable=True),
        sa.Column("pronouns", sa.String(length=60), nullable=True),
        sa.Column("street", sa.String(length=300), nullable=True),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=60), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_wanted", sa.Boolean(), nullable=False),
        sa.Column("email_wish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_wishes", sa.String(length=300), nullable=True),
        sa.Column("emergency_name", sa.String(length=200), nullable=True),
        sa.Column("emergency_relation", sa.String(length=200), nullable=True),
        sa.Column("emergency_phone", sa.String(length=32), nullable=True),
        sa.Column("emergency_may_be_called", sa.Boolean(), nullable=False),
        sa.Column("psychiatrist", sa.String(length=300), nullable=True),
        sa.Column("therapist", sa.String(length=300), nullable=True),
        sa.Column("primary_doctor", sa.String(length=300), nullable=True),
        sa.Column("pregnancy_possible", _choice("pregnancypossible", "not_asked", "yes", "no"), nullable=False),
        sa.Column("allergies", sa.Text(), nullable=True),
        sa.Column("pressure_limit_systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("pressure_limit_diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("interpreter", sa.String(length=300), nullable=True),
        sa.Column("escort_trouble", sa.String(length=300), nullable=True),
        sa.Column("other_alert", sa.String(length=300), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "pressure_limit_diastolic_mmhg between 30 and 180", name=op.f("ck_patients_diastolic_limit_possible")
        ),
        sa.CheckConstraint(
            "pressure_limit_systolic_mmhg between 60 and 260", name=op.f("ck_patients_systolic_limit_possible")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patients_clinic_id")),
        sa.ForeignKeyConstraint(["registered_by_id"], ["users.id"], name=op.f("fk_patients_registered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("record_number", name=op.f("uq_patients_record_number")),
    )
    op.create_index(op.f("ix_patients_birth_date"), "patients", ["birth_date"], unique=False)
    op.create_index(op.f("ix_patients_clinic_id"), "patients", ["clinic_id"], unique=False)
    op.create_index(op.f("ix_patients_name_folded"), "patients", ["name_folded"], unique=False)
    op.create_index(op.f("ix_patients_phone"), "patients", ["phone"], unique=False)
    op.create_table(
        "patient_conditions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column(
            "condition",
            _choice(
                "condition",
                "treatment_resistant_depression",
                "generalised_anxiety",
                "social_anxiety",
                "panic_disorder",
                "ptsd",
                "fibromyalgia",
                "complex_regional_pain",
                "neuropathic_pain",
                "acute_suicidal_ideation",
                "bipolar_depression",
            ),
            nullable=False,
        ),
        sa.Column("icd10_code", sa.String(length=10), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_patient_conditions_added_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_patient_conditions_ended_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_conditions_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_conditions")),
    )
    op.create_index(op.f("ix_patient_conditions_patient_id"), "patient_conditions", ["patient_id"], unique=False)
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("protocol_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "condition",
            _choice(
                "condition",
                "treatment_resistant_depression",
                "generalised_anxiety",
                "social_anxiety",
                "panic_disorder",
                "ptsd",
                "fibromyalgia",
                "complex_regional_pain",
                "neuropathic_pain",
                "acute_suicidal_ideation",
                "bipolar_depression",
            ),
            nullable=False,
        ),
        sa.Column("session_count", sa.Integer(), nullable=False),
        sa.Column(
            "status", _choice("planstatus", "active", "paused", "replaced", "completed", "ended"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("session_count > 0", name=op.f("ck_plans_count_positive")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_plans_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_plans_patient_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_plans_protocol_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_patient_id"), "plans", ["patient_id"], unique=False)
    op.create_table(
        "weights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("grams", sa.Integer(), nullable=False),
        sa.Column("entered_unit", _choice("weightunit", "lb", "kg"), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("grams > 0", name=op.f("ck_weights_positive")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_weights_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["weights.id"], name=op.f("fk_weights_corrects_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_weights_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weights")),
    )
    op.create_index(op.f("ix_weights_patient_id"), "weights", ["patient_id"], unique=False)
    op.create_table(
        "treatment_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _choice("sessionkind", "treatment", "evaluation", "psychotherapy", "integration", "telehealth"),
            nullable=False,
        ),
        sa.Column("protocol_version_id", sa.Integer(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("place_in_plan", sa.Integer(), nullable=True),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            _choice(
                "status",
                "held",
                "booked",
                "confirmed",
                "arrived",
                "in_treatment",
                "observing",
                "ready",
                "left",
                "lapsed",
                "cancelled",
                "did_not_come",
                "did_not_go_ahead",
                "taken_to_hospital",
                "left_against_advice",
                "left_without_telling_us",
            ),
            nullable=False,
        ),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("dose_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dose_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'treatment') = (protocol_version_id is not null)",
            name=op.f("ck_treatment_sessions_protocol_for_treatments_only"),
        ),
        sa.CheckConstraint(
            "kind <> 'treatment' or chair_id is not null", name=op.f("ck_treatment_sessions_treatment_in_a_chair")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_treatment_sessions_ends_after_start")),
        sa.CheckConstraint("schedule_version > 0", name=op.f("ck_treatment_sessions_schedule_version_positive")),
        sa.ForeignKeyConstraint(["booked_by_id"], ["users.id"], name=op.f("fk_treatment_sessions_booked_by_id")),
        sa.ForeignKeyConstraint(["chair_id"], ["chairs.id"], name=op.f("fk_treatment_sessions_chair_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_treatment_sessions_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_treatment_sessions_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_treatment_sessions_plan_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_treatment_sessions_protocol_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_sessions")),
        sa.UniqueConstraint("uid", name=op.f("uq_treatment_sessions_uid")),
    )
    op.create_index("ix_treatment_sessions_chair_starts", "treatment_sessions", ["chair_id", "starts_at"], unique=False)
    op.create_index(
        "ix_treatment_sessions_clinic_starts", "treatment_sessions", ["clinic_id", "starts_at"], unique=False
    )
    op.create_index(
        "ix_treatment_sessions_patient_starts", "treatment_sessions", ["patient_id", "starts_at"], unique=False
    )
    op.create_index(op.f("ix_treatment_sessions_plan_id"), "treatment_sessions", ["plan_id"], unique=False)
    op.create_table(
        "status_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column(
            "action",
            _choice(
                "action",
                "book",
                "hold",
                "accept",
                "lapse",
                "confirm",
                "move",
                "cancel",
                "note_absence",
                "arrive",
                "start",
                "finish_dose",
                "stop_early",
                "call_ready",
                "leave",
                "call_off",
                "take_to_hospital",
                "leave_against_advice",
                "leave_without_telling",
                "undo",
            ),
            nullable=False,
        ),
        sa.Column(
            "from_status",
            _choice(
                "from_status",
                "held",
                "booked",
                "confirmed",
                "arrived",
                "in_treatment",
                "observing",
                "ready",
                "left",
                "lapsed",
                "cancelled",
                "did_not_come",
                "did_not_go_ahead",
                "taken_to_hospital",
                "left_against_advice",
                "left_without_telling_us",
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            _choice(
                "to_status",
                "held",
                "booked",
                "confirmed",
                "arrived",
                "in_treatment",
                "observing",
                "ready",
                "left",
                "lapsed",
                "cancelled",
                "did_not_come",
                "did_not_go_ahead",
                "taken_to_hospital",
                "left_against_advice",
                "left_without_telling_us",
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_status_changes_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_status_changes_session_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["status_changes.id"], name=op.f("fk_status_changes_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_changes")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_status_changes_undoes_id")),
    )
    op.create_index(op.f("ix_status_changes_session_id"), "status_changes", ["session_id"], unique=False)
