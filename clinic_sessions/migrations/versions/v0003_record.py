"""Vitals, dose events, side effects, interventions, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "dose_events",
        sa.Column(
            "kind",
            _choice(
                "doseeventkind",
                "started",
                "paused",
                "resumed",
                "rate_changed",
                "device",
                "stopped",
                "given",
                "wasted",
                "withdrawn",
            ),
            nullable=False,
        ),
        sa.Column("drug", sa.String(length=200), nullable=True),
        sa.Column("micrograms", sa.Integer(), nullable=True),
        sa.Column("rate_micrograms_per_hour", sa.Integer(), nullable=True),
        sa.Column("device_number", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("micrograms > 0", name=op.f("ck_dose_events_dose_positive")),
        sa.CheckConstraint("rate_micrograms_per_hour >= 0", name=op.f("ck_dose_events_rate_not_negative")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_dose_events_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["dose_events.id"], name=op.f("fk_dose_events_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_dose_events_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose_events")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_dose_events_corrects_id")),
    )
    op.create_index(op.f("ix_dose_events_session_id"), "dose_events", ["session_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("kind", _choice("notekind", "entry", "signed", "addendum"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_notes_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["notes.id"], name=op.f("fk_notes_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_notes_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_notes_corrects_id")),
    )
    op.create_index(op.f("ix_notes_session_id"), "notes", ["session_id"], unique=False)
    op.create_table(
        "side_effects",
        sa.Column(
            "kind",
            _choice(
                "sideeffectkind",
                "dissociation",
                "dizziness",
                "nausea",
                "sedation",
                "vertigo",
                "headache",
                "dysgeusia",
                "hypoaesthesia",
                "anxiety",
                "lethargy",
                "blood_pressure_increased",
                "vomiting",
                "insomnia",
                "diarrhoea",
                "nasal_discomfort",
                "throat_irritation",
                "feeling_drunk",
                "dry_mouth",
                "hyperhidrosis",
                "euphoric_mood",
                "dysarthria",
                "tremor",
                "oropharyngeal_pain",
                "mental_impairment",
                "constipation",
                "pollakiuria",
                "feeling_abnormal",
                "tachycardia",
                "vision_blurred",
                "diplopia",
                "nystagmus",
                "hallucination",
                "confusional_state",
                "respiratory_depression",
                "infusion_site_pain",
                "emergence_delirium",
                "chest_pain",
                "dysuria",
                "micturition_urgency",
                "nocturia",
                "cystitis",
                "other",
            ),
            nullable=False,
        ),
        sa.Column("term", sa.String(length=200), nullable=True),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column(
            "seriousness",
            _choice(
                "seriousness",
                "death",
                "life_threatening",
                "hospitalisation",
                "disability",
                "congenital_anomaly",
                "important_medical_event",
            ),
            nullable=True,
        ),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind <> 'other' or term is not null", name=op.f("ck_side_effects_other_is_named")),
        sa.CheckConstraint("grade between 1 and 5", name=op.f("ck_side_effects_grade_on_its_scale")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_side_effects_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["side_effects.id"], name=op.f("fk_side_effects_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_side_effects_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_effects")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_side_effects_corrects_id")),
    )
    op.create_index(op.f("ix_side_effects_session_id"), "side_effects", ["session_id"], unique=False)
    op.create_table(
        "vitals",
        sa.Column("systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("heart_rate_bpm", sa.Integer(), nullable=True),
        sa.Column("spo2_percent", sa.Integer(), nullable=True),
        sa.Column("respiratory_rate_bpm", sa.Integer(), nullable=True),
        sa.Column("temperature_tenths_c", sa.Integer(), nullable=True),
        sa.Column("moaa_s", sa.Integer(), nullable=True),
        sa.Column("pain_of_10", sa.Integer(), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("diastolic_mmhg between 10 and 250", name=op.f("ck_vitals_diastolic_possible")),
        sa.CheckConstraint("heart_rate_bpm between 10 and 350", name=op.f("ck_vitals_heart_rate_possible")),
        sa.CheckConstraint("moaa_s between 0 and 5", name=op.f("ck_vitals_moaa_s_on_its_scale")),
        sa.CheckConstraint("pain_of_10 between 0 and 10", name=op.f("ck_vitals_pain_on_its_scale")),
        sa.CheckConstraint("respiratory_rate_bpm between 0 and 90", name=op.f("ck_vitals_respiratory_rate_possible")),
        sa.CheckConstraint("spo2_percent between 30 and 100", name=op.f("ck_vitals_spo2_possible")),
        sa.CheckConstraint("systolic_mmhg between 30 and 350", name=op.f("ck_vitals_systolic_possible")),
        sa.CheckConstraint("temperature_tenths_c between 250 and 450", name=op.f("ck_vitals_temperature_possible")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_vitals_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["vitals.id"], name=op.f("fk_vitals_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_vitals_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vitals")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_vitals_corrects_id")),
    )
    op.create_index(op.f("ix_vitals_session_id"), "vitals", ["session_id"], unique=False)
    op.create_table(
        "interventions",
        sa.Column(
            "kind",
            _choice(
                "interventionkind",
                "rate_reduced",
                "paused",
                "stopped",
                "ondansetron",
                "labetalol",
                "hydralazine",
                "clonidine",
                "midazolam",
                "oxygen",
                "fluids",
                "reassurance",
                "ems",
                "other",
            ),
            nullable=False,
        ),
        sa.Column("term", sa.String(length=200), nullable=True),
        sa.Column("dose_words", sa.String(length=200), nullable=True),
        sa.Column("side_effect_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind <> 'other' or term is not null", name=op.f("ck_interventions_other_is_named")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_interventions_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["interventions.id"], name=op.f("fk_interventions_corrects_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_interventions_session_id")),
        sa.ForeignKeyConstraint(["side_effect_id"], ["side_effects.id"], name=op.f("fk_interventions_side_effect_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interventions")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_interventions_corrects_id")),
    )
    op.create_index(op.f("ix_interventions_session_id"), "interventions", ["session_id"], unique=False)
    op.create_index(op.f("ix_interventions_side_effect_id"), "interventions", ["side_effect_id"], unique=False)
    op.create_table(
        "side_effect_events",
        sa.Column("side_effect_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _choice("sideeffecteventkind", "graded", "acted_on", "resolved", "outcome", "corrected"),
            nullable=False,
        ),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            _choice(
                "outcome", "resolved", "resolved_with_sequelae", "continuing_advised", "worsening", "fatal", "unknown"
            ),
            nullable=True,
        ),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_rules", sa.JSON(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("grade between 1 and 5", name=op.f("ck_side_effect_events_grade_on_its_scale")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_side_effect_events_by_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["treatment_sessions.id"], name=op.f("fk_side_effect_events_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["side_effect_id"], ["side_effects.id"], name=op.f("fk_side_effect_events_side_effect_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_effect_events")),
    )
    op.create_index(op.f("ix_side_effect_events_session_id"), "side_effect_events", ["session_id"], unique=False)
    op.create_index(
        op.f("ix_side_effect_events_side_effect_id"), "side_effect_events", ["side_effect_id"], unique=False
    )
