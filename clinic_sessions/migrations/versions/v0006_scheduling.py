"""Shifts, closures, patterns of plans, visits that are no treatment, several clinics: what scheduling stands on."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OCCUPYING = "('held', 'booked', 'confirmed', 'arrived', 'in_treatment', 'observing', 'ready')"


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the tables and columns; every plan gets the pattern of its protocol."""
    _tables_of_staff()
    _tables_of_places()
    _tables_of_patients()
    _columns()
    _fill_patterns()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _tables_of_staff() -> None:
    op.create_table(
        "shift_exceptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", _choice("kind", "off", "extra"), nullable=False),
        sa.Column("role", _choice("role", "provider", "nurse"), nullable=True),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("ends_minute", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'extra') = (role is not null)", name=op.f("ck_shift_exceptions_role_for_extra_hours_only")
        ),
        sa.CheckConstraint(
            "starts_minute >= 0 and ends_minute <= 1440 and ends_minute > starts_minute",
            name=op.f("ck_shift_exceptions_within_the_day"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_shift_exceptions_by_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_shift_exceptions_clinic_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shift_exceptions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_exceptions")),
    )
    op.create_index("ix_shift_exceptions_clinic_day", "shift_exceptions", ["clinic_id", "day"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", _choice("role", "provider", "nurse"), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("ends_minute", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "starts_minute >= 0 and ends_minute <= 1440 and ends_minute > starts_minute",
            name=op.f("ck_shifts_within_the_day"),
        ),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_shifts_weekday_of_the_week")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_shifts_clinic_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shifts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index("ix_shifts_clinic", "shifts", ["clinic_id"], unique=False)
    op.create_table(
        "staff_feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown", sa.String(length=64), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_staff_feeds_clinic_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_feeds_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_feeds_token_hash")),
    )
    op.create_index(op.f("ix_staff_feeds_user_id"), "staff_feeds", ["user_id"], unique=False)
    op.create_table(
        "shift_breaks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("ends_minute", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "starts_minute >= 0 and ends_minute <= 1440 and ends_minute > starts_minute",
            name=op.f("ck_shift_breaks_within_the_day"),
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_shift_breaks_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_breaks")),
    )
    op.create_index(op.f("ix_shift_breaks_shift_id"), "shift_breaks", ["shift_id"], unique=False)


def _tables_of_places() -> None:
    op.create_table(
        "clinic_days",
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_clinic_days_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "day", name=op.f("pk_clinic_days")),
    )
    op.create_table(
        "closures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_closures_ends_after_start")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_closures_by_id")),
        sa.ForeignKeyConstraint(["chair_id"], ["chairs.id"], name=op.f("fk_closures_chair_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_closures_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_index("ix_closures_clinic_ends", "closures", ["clinic_id", "ends_at"], unique=False)


def _tables_of_patients() -> None:
    op.create_table(
        "patient_clinics",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patient_clinics_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_clinics_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", "clinic_id", name=op.f("pk_patient_clinics")),
    )
    op.create_index(op.f("ix_patient_clinics_clinic_id"), "patient_clinics", ["clinic_id"], unique=False)
    op.create_table(
        "plan_phases",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.CheckConstraint('"count" > 0', name=op.f("ck_plan_phases_count_positive")),
        sa.CheckConstraint("days > 0", name=op.f("ck_plan_phases_days_positive")),
        sa.CheckConstraint("position > 0", name=op.f("ck_plan_phases_position_positive")),
        sa.CheckConstraint("sessions > 0", name=op.f("ck_plan_phases_sessions_positive")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_phases_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "position", name=op.f("pk_plan_phases")),
    )
    op.create_table(
        "waitlist_wishes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("protocol_version_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "from_minute >= 0 and until_minute <= 1440 and until_minute > from_minute",
            name=op.f("ck_waitlist_wishes_hours"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_waitlist_wishes_by_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_waitlist_wishes_clinic_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_waitlist_wishes_closed_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_waitlist_wishes_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_waitlist_wishes_plan_id")),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"], ["protocol_versions.id"], name=op.f("fk_waitlist_wishes_protocol_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_wishes")),
    )
    op.create_index("ix_waitlist_wishes_clinic_closed", "waitlist_wishes", ["clinic_id", "closed_at"], unique=False)
    op.create_index(op.f("ix_waitlist_wishes_patient_id"), "waitlist_wishes", ["patient_id"], unique=False)
    op.create_table(
        "booking_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("kind", "cover", "spacing", "second_dose"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "kind = 'spacing' or words is not null", name=op.f("ck_booking_overrides_lifted_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_booking_overrides_by_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["treatment_sessions.id"], name=op.f("fk_booking_overrides_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_overrides")),
    )
    op.create_index(op.f("ix_booking_overrides_session_id"), "booking_overrides", ["session_id"], unique=False)


def _columns() -> None:
    for table, name, kind, default in (
        ("clinics", "propose_absence_minutes", "INTEGER", "20"),
        ("clinics", "late_cancel_hours", "INTEGER", "24"),
        ("clinics", "turn", "INTEGER", "0"),
        ("clinics", "version", "INTEGER", "1"),
        ("patients", "days_wanted", "JSON", "'[]'"),
        ("patients", "notice_hours", "INTEGER", "0"),
        ("treatment_sessions", "nurse_milli", "INTEGER", "0"),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT {default} NOT NULL")
    for table, name, other in (
        ("plans", "provider_id", "users"),
        ("sign_ins", "clinic_id", "clinics"),
        ("treatment_sessions", "nurse_id", "users"),
        ("treatment_sessions", "host_id", "users"),
    ):
        key = f"CONSTRAINT fk_{table}_{name} REFERENCES {other} (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER {key}")
    op.create_index("ix_treatment_sessions_host_starts", "treatment_sessions", ["host_id", "starts_at"], unique=False)


def _fill_patterns() -> None:
    bind = op.get_bind()
    plans = bind.execute(
        sa.text(
            "SELECT plans.id, plans.session_count, protocol_versions.body FROM plans "
            "JOIN protocol_versions ON protocol_versions.id = plans.protocol_version_id"
        )
    ).all()
    for plan_id, count, body in plans:
        for position, phase in enumerate(_phases(count, json.loads(body)["series"]), 1):
            bind.execute(
                sa.text(
                    "INSERT INTO plan_phases (plan_id, position, sessions, days, count) "
                    "VALUES (:plan_id, :position, :sessions, :days, :count)"
                ),
                {"plan_id": plan_id, "position": position, **phase},
            )


def _phases(count: int, series: list[dict[str, dict[str, str]]]) -> list[dict[str, int]]:
    """Deal a plan's sessions out over the phases of its protocol; the last one takes what is left."""
    found, left = list[dict[str, int]](), count
    for number, phase in enumerate(series, 1):
        most = int(phase["count"]["value"]) if phase.get("count") and number < len(series) else left
        if left > 0:
            taken = min(most, left)
            found.append(
                {"sessions": int(phase["sessions"]["value"]), "days": int(phase["every"]["value"]), "count": taken}
            )
            left -= taken
    return found


def _sqlite() -> None:
    for event in ("INSERT", "UPDATE"):
        op.execute(f"""
            CREATE TRIGGER treatment_sessions_host_overlap_{event.lower()} BEFORE {event} ON treatment_sessions
            WHEN NEW.status IN {OCCUPYING} AND EXISTS (
                SELECT 1 FROM treatment_sessions AS other
                WHERE other.host_id = NEW.host_id AND other.id IS NOT NEW.id
                AND other.status IN {OCCUPYING}
                AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
            )
            BEGIN SELECT RAISE(ABORT, 'overlap_host'); END
        """)
        op.execute(f"""
            CREATE TRIGGER treatment_sessions_host_for_other_visits_only_{event.lower()}
            BEFORE {event} ON treatment_sessions
            WHEN (NEW.kind = 'treatment') <> (NEW.host_id IS NULL)
            BEGIN SELECT RAISE(ABORT, 'host_for_other_visits_only'); END
        """)
    for event in ("UPDATE", "DELETE"):
        op.execute(f"""
            CREATE TRIGGER booking_overrides_append_only_{event.lower()} BEFORE {event} ON booking_overrides
            BEGIN SELECT RAISE(ABORT, 'append_only'); END
        """)


def _postgresql() -> None:
    op.execute(f"""
        ALTER TABLE treatment_sessions ADD CONSTRAINT overlap_host EXCLUDE USING gist (
            host_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&
        ) WHERE (status IN {OCCUPYING})
    """)
    op.execute("""
        ALTER TABLE treatment_sessions ADD CONSTRAINT ck_treatment_sessions_host_for_other_visits_only
        CHECK ((kind = 'treatment') = (host_id IS NULL))
    """)
    op.execute("""
        CREATE TRIGGER booking_overrides_append_only BEFORE UPDATE OR DELETE ON booking_overrides
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER booking_overrides_append_only_truncate BEFORE TRUNCATE ON booking_overrides
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
