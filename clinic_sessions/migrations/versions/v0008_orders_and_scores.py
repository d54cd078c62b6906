"""Orders, what stands beside a plan, scores, findings, assessments of risk."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "orders",
    "orders_as_needed",
    "order_events",
    "plan_changes",
    "monitoring_checks",
    "scale_results",
    "findings",
    "risk_assessments",
    "safety_plans",
)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the tables and columns; a plan that stood keeps when it was started."""
    _orders()
    _plan_papers()
    _scores()
    _risk()
    _columns()
    _starts_of_plans()
    _results_of_check_ins()
    _refuse_changes()


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("protocol_key", sa.String(length=40), nullable=False),
        sa.Column("protocol_version_id", sa.Integer(), nullable=False),
        sa.Column("drug", _choice("drug", "ketamine", "esketamine"), nullable=False),
        sa.Column("route", _choice("route", "iv", "in", "im"), nullable=False),
        sa.Column("basis", _choice("basis", "per_kg", "fixed", "devices"), nullable=False),
        sa.Column("micrograms_per_kg", sa.Integer(), nullable=True),
        sa.Column("micrograms", sa.Integer(), nullable=True),
        sa.Column("devices", sa.Integer(), nullable=True),
        sa.Column("cap_micrograms", sa.Integer(), nullable=False),
        sa.Column("round_down_micrograms", sa.Integer(), nullable=True),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("premedication", sa.String(length=300), nullable=True),
        sa.Column("pressure_limit_systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("pressure_limit_diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("pressure_limit_until", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        sa.Column("read_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(basis = 'devices') = (devices is not null)", name=op.f("ck_orders_devices_have_their_count")
        ),
        sa.CheckConstraint("(basis = 'fixed') = (micrograms is not null)", name=op.f("ck_orders_fixed_has_its_amount")),
        sa.CheckConstraint(
            "(basis = 'per_kg') = (micrograms_per_kg is not null)", name=op.f("ck_orders_per_kg_has_its_rate")
        ),
        sa.CheckConstraint(
            "micrograms_per_kg > 0 and micrograms > 0 and devices > 0 and cap_micrograms > 0",
            name=op.f("ck_orders_doses_positive"),
        ),
        sa.CheckConstraint(
            "pressure_limit_diastolic_mmhg between 30 and 180", name=op.f("ck_orders_diastolic_limit_possible")
        ),
        sa.CheckConstraint(
            "pressure_limit_systolic_mmhg between 60 and 260", name=op.f("ck_orders_systolic_limit_possible")
        ),
        sa.CheckConstraint("spoken = (read_back_at is not null)", name=op.f("ck_orders_spoken_is_read_back")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_orders_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_orders_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_orders_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_orders_plan_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_orders_protocol_version_id")
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["users.id"], name=op.f("fk_orders_provider_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["orders.id"], name=op.f("fk_orders_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_orders_replaces_id")),
    )
    op.create_index("ix_orders_patient_protocol", "orders", ["patient_id", "protocol_key"], unique=False)
    op.create_index(op.f("ix_orders_plan_id"), "orders", ["plan_id"], unique=False)
    op.create_table(
        "orders_as_needed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("drug", sa.String(length=200), nullable=False),
        sa.Column("dose_words", sa.String(length=200), nullable=False),
        sa.Column("limit_words", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_orders_as_needed_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_as_needed")),
    )
    op.create_index(op.f("ix_orders_as_needed_order_id"), "orders_as_needed", ["order_id"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "signed", "ended", "replaced"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.CheckConstraint("kind = 'signed' or words is not null", name=op.f("ck_order_events_ended_with_a_reason")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_order_events_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_order_id"), "order_events", ["order_id"], unique=False)


def _plan_papers() -> None:
    op.create_table(
        "plan_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "start", "change", "pause", "resume", "review", "end"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column(
            "outcome",
            _choice(
                "outcome",
                "remission",
                "response",
                "no_response",
                "not_tolerated",
                "changed_mind",
                "moved_away",
                "other",
            ),
            nullable=True,
        ),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'end') = (outcome is not null)", name=op.f("ck_plan_changes_ended_with_an_outcome")
        ),
        sa.CheckConstraint(
            "kind in ('start', 'resume') or words is not null", name=op.f("ck_plan_changes_changed_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_plan_changes_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_changes_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
    )
    op.create_index(op.f("ix_plan_changes_plan_id"), "plan_changes", ["plan_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_enrolments_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_enrolments_ended_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_enrolments_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
    )
    op.create_index(op.f("ix_enrolments_patient_id"), "enrolments", ["patient_id"], unique=False)
    op.create_table(
        "monitoring_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("nothing_unexpected", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_monitoring_checks_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_monitoring_checks_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_checks")),
    )
    op.create_index(op.f("ix_monitoring_checks_patient_id"), "monitoring_checks", ["patient_id"], unique=False)
    op.create_table(
        "authorisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("payer", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("sessions_allowed", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("sessions_allowed > 0", name=op.f("ck_authorisations_sessions_positive")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_authorisations_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_authorisations_added_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_authorisations_ended_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_authorisations_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisations")),
    )
    op.create_index(op.f("ix_authorisations_plan_id"), "authorisations", ["plan_id"], unique=False)


def _scores() -> None:
    op.create_table(
        "scale_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("check_in_id", sa.Integer(), nullable=True),
        sa.Column(
            "scale",
            _choice(
                "scale",
                "phq_9",
                "gad_7",
                "pcl_5",
                "peg",
                "nrs_pain",
                "mood",
                "madrs",
                "qids_sr16",
                "risk_screen",
                "mania_check",
                "cadss",
                "moaa_s",
                "aldrete",
            ),
            nullable=False,
        ),
        sa.Column("instrument", sa.String(length=300), nullable=False),
        sa.Column("language", _choice("language", "en", "es"), nullable=False),
        sa.Column("mode", _choice("mode", "link", "phone", "paper", "clinician"), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("total_thousandths", sa.Integer(), nullable=True),
        sa.Column("band", sa.String(length=40), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_scale_results_by_id")),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_scale_results_check_in_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["scale_results.id"], name=op.f("fk_scale_results_corrects_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_scale_results_patient_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_scale_results_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scale_results")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_scale_results_corrects_id")),
    )
    op.create_index(op.f("ix_scale_results_check_in_id"), "scale_results", ["check_in_id"], unique=False)
    op.create_index("ix_scale_results_patient_at", "scale_results", ["patient_id", "at"], unique=False)
    op.create_index(op.f("ix_scale_results_session_id"), "scale_results", ["session_id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "urinary_symptoms", "urinalysis", "liver_tests"), nullable=False),
        sa.Column("result", _choice("result", "normal", "abnormal"), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_findings_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["findings.id"], name=op.f("fk_findings_corrects_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_findings_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_findings_corrects_id")),
    )
    op.create_index(op.f("ix_findings_patient_id"), "findings", ["patient_id"], unique=False)


def _risk() -> None:
    op.create_table(
        "risk_assessments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        sa.Column("level", _choice("level", "low", "moderate", "high"), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column(
            "disposition",
            _choice("disposition", "home_with_plan", "sooner_visit", "emergency_department"),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_risk_assessments_alert_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_risk_assessments_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_risk_assessments_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_assessments")),
    )
    op.create_index(op.f("ix_risk_assessments_patient_id"), "risk_assessments", ["patient_id"], unique=False)
    op.create_table(
        "safety_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_safety_plans_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_safety_plans_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_plans")),
    )
    op.create_index(op.f("ix_safety_plans_patient_id"), "safety_plans", ["patient_id"], unique=False)


def _columns() -> None:
    op.add_column("plans", sa.Column("review_on", sa.Date(), nullable=True))
    op.execute(
        "ALTER TABLE plans ADD COLUMN product VARCHAR(40) DEFAULT 'clinic_stock' NOT NULL "
        "CONSTRAINT ck_plans_product CHECK (product IN ('clinic_stock', 'assigned'))"
    )
    op.add_column("plans", sa.Column("product_words", sa.String(length=300), nullable=True))
    op.add_column("plans", sa.Column("product_arrived_on", sa.Date(), nullable=True))
    key = "CONSTRAINT fk_treatment_sessions_order_id REFERENCES orders (id)"
    op.execute(f"ALTER TABLE treatment_sessions ADD COLUMN order_id INTEGER {key}")
    key = "CONSTRAINT fk_messages_screening_id REFERENCES screenings (id)"
    op.execute(f"ALTER TABLE messages ADD COLUMN screening_id INTEGER {key}")


def _starts_of_plans() -> None:
    """A plan that stood gets the row that tells of its beginning."""
    op.execute(
        "INSERT INTO plan_changes (plan_id, kind, at, by_id, details) "
        "SELECT id, 'start', started_at, by_id, '{}' FROM plans"
    )


def _results_of_check_ins() -> None:
    """An answered PHQ-9 gets its row among the results, as it was scored then; what was not answered stays unknown."""
    moment = sa.DateTime(timezone=True)
    ids = [sa.column(name, sa.Integer()) for name in ("id", "patient_id", "session_id", "entered_by_id")]
    check_ins = sa.table("check_ins", *ids)
    answers = sa.table(
        "check_in_answers",
        sa.column("id", sa.Integer()),
        sa.column("check_in_id", sa.Integer()),
        sa.column("question", sa.String()),
        sa.column("value", sa.JSON()),
        sa.column("at", moment),
    )
    about = ("id", "patient_id", "session_id", "entered_by_id")
    rows = op.get_bind().execute(
        sa.select(*(check_ins.c[name] for name in about), answers.c.value, answers.c.at)
        .join_from(answers, check_ins, check_ins.c.id == answers.c.check_in_id)
        .where(answers.c.question == "phq9")
        .order_by(answers.c.id)
    )
    results = sa.table(
        "scale_results",
        *(sa.column(name, sa.Integer()) for name in ("patient_id", "session_id", "check_in_id", "by_id")),
        *(sa.column(name, sa.String()) for name in ("scale", "instrument", "language", "mode", "band")),
        sa.column("total_thousandths", sa.Integer()),
        *(sa.column(name, sa.JSON()) for name in ("items", "flags")),
        *(sa.column(name, moment) for name in ("at", "recorded_at")),
    )
    found = [_result(*row) for row in rows]
    if found:
        op.bulk_insert(results, found)


def _result(
    check_in_id: int, patient_id: int, session_id: int, by_id: int | None, value: dict, at: object
) -> dict[str, object]:
    items = dict(value.get("items") or {})
    flags = ["self_harm"] if items.get("9", 0) > 0 else []
    if value.get("function") is not None:
        items["10"] = value["function"]
    if value.get("impaired"):
        flags.append("impaired")
    if value.get("algorithm") in ("major", "other"):
        flags.append(f"algorithm_{value['algorithm']}")
    total = value.get("total")
    return {
        "patient_id": patient_id,
        "session_id": session_id,
        "check_in_id": check_in_id,
        "by_id": by_id,
        "scale": "phq_9",
        "instrument": value.get("version") or "Kroenke, Spitzer and Williams 1999",
        "language": value.get("language") or "en",
        "mode": "phone" if by_id else "link",
        "items": items,
        "total_thousandths": None if total is None else total * 1000,
        "band": value.get("band"),
        "flags": flags,
        "at": at,
        "recorded_at": at,
    }


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
