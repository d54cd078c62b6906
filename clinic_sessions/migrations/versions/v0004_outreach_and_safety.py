"""Check-ins, messages, links, alerts, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", _choice("actorkind", "user", "patient", "system"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("acting_role", _choice("role", "front_desk", "nurse", "provider", "owner", "auditor"), nullable=True),
        sa.Column("sign_in_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column(
            "action",
            _choice(
                "auditaction",
                "create",
                "read",
                "change",
                "sign",
                "override",
                "export",
                "sign_in",
                "sign_out",
                "refused",
            ),
            nullable=False,
        ),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("patient_ids", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_audit_entries_patient_id")),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_audit_entries_sign_in_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_entries_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_patient_at", "audit_entries", ["patient_id", "at"], unique=False)
    op.create_index(op.f("ix_audit_entries_user_id"), "audit_entries", ["user_id"], unique=False)
    op.create_table(
        "check_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("checkinkind", "after_4h", "after_24h", "after_72h", "after_7d"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            _choice("checkinstatus", "planned", "asked", "started", "answered", "not_answered", "withdrawn"),
            nullable=False,
        ),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at > due_at", name=op.f("ck_check_ins_open_after_due")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["users.id"], name=op.f("fk_check_ins_entered_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_check_ins_patient_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_check_ins_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sa.UniqueConstraint("session_id", "kind", name=op.f("uq_check_ins_session_id_kind")),
    )
    op.create_index(op.f("ix_check_ins_patient_id"), "check_ins", ["patient_id"], unique=False)
    op.create_index("ix_check_ins_status_expires", "check_ins", ["status", "expires_at"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("check_in_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            _choice(
                "alertkind",
                "safety_answer",
                "help_wanted",
                "danger_reported",
                "danger_reply",
                "taken_to_hospital",
                "left_against_advice",
                "left_without_telling_us",
                "outside_rules",
                "vitals_urgent",
                "serious_side_effect",
                "did_not_come",
                "clinic_help",
            ),
            nullable=False,
        ),
        sa.Column("tier", _choice("alerttier", "now", "same_day"), nullable=False),
        sa.Column("status", _choice("alertstatus", "open", "acknowledged", "closed"), nullable=False),
        sa.Column("dedup_key", sa.String(length=120), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_alerts_check_in_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_alerts_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_alerts_patient_id")),
        sa.ForeignKeyConstraint(["raised_by_id"], ["users.id"], name=op.f("fk_alerts_raised_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_alerts_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_alerts_dedup_key")),
    )
    op.create_index("ix_alerts_clinic_status", "alerts", ["clinic_id", "status"], unique=False)
    op.create_index(op.f("ix_alerts_patient_id"), "alerts", ["patient_id"], unique=False)
    op.create_table(
        "check_in_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_in_id", sa.Integer(), nullable=False),
        sa.Column("question", _choice("question", "mood", "side_effects", "safety", "phq9"), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_check_in_answers_check_in_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in_answers")),
        sa.UniqueConstraint("check_in_id", "question", name=op.f("uq_check_in_answers_check_in_id_question")),
    )
    op.create_index(op.f("ix_check_in_answers_check_in_id"), "check_in_answers", ["check_in_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("check_in_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            _choice(
                "messagekind",
                "confirmation",
                "series_confirmation",
                "reminder_7d",
                "reminder_48h",
                "reminder_evening",
                "moved",
                "cancelled",
                "cancelled_by_clinic",
                "did_not_come",
                "check_in_4h",
                "check_in_24h",
                "check_in_72h",
                "check_in_7d",
                "waitlist_offer",
                "intake",
                "address_check",
                "reply_received",
                "staff_alert",
            ),
            nullable=False,
        ),
        sa.Column("channel", _choice("channel", "email", "sms", "call", "pager"), nullable=False),
        sa.Column("language", _choice("language", "en", "es"), nullable=False),
        sa.Column("dedup_key", sa.String(length=120), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("useful_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            _choice(
                "messagestatus", "planned", "sending", "sent", "delivered", "bounced", "failed", "uncertain", "skipped"
            ),
            nullable=False,
        ),
        sa.Column(
            "skip_reason",
            _choice(
                "skipreason",
                "cancelled",
                "moved",
                "not_wanted",
                "too_late",
                "no_address",
                "too_many",
                "answered",
                "clinician_first",
                "undone",
            ),
            nullable=True,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("sent_to", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("resend_of_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(status = 'skipped') = (skip_reason is not null)", name=op.f("ck_messages_skipped_with_reason")
        ),
        sa.CheckConstraint("useful_until > due_at", name=op.f("ck_messages_useful_after_due")),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_messages_check_in_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_messages_clinic_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_messages_created_by_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_messages_patient_id")),
        sa.ForeignKeyConstraint(["resend_of_id"], ["messages.id"], name=op.f("fk_messages_resend_of_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_messages_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_messages_dedup_key")),
    )
    op.create_index(op.f("ix_messages_check_in_id"), "messages", ["check_in_id"], unique=False)
    op.create_index("ix_messages_clinic_due", "messages", ["clinic_id", "due_at"], unique=False)
    op.create_index(
        "ix_messages_due",
        "messages",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("status in ('planned', 'sending', 'uncertain')"),
        postgresql_where=sa.text("status in ('planned', 'sending', 'uncertain')"),
    )
    op.create_index(op.f("ix_messages_patient_id"), "messages", ["patient_id"], unique=False)
    op.create_index(op.f("ix_messages_session_id"), "messages", ["session_id"], unique=False)
    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("action", _choice("alertaction", "raise", "acknowledge", "close"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("action = 'raise' or note is not null", name=op.f("ck_alert_events_answered_with_a_note")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_events_alert_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_alert_events_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_events")),
    )
    op.create_index(op.f("ix_alert_events_alert_id"), "alert_events", ["alert_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            _choice("linkpurpose", "appointment", "check_in", "intake", "offer", "contact_wishes", "feed"),
            nullable=False,
        ),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_links_message_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_links_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index(op.f("ix_links_patient_id"), "links", ["patient_id"], unique=False)
    op.create_table(
        "message_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            _choice(
                "messagestatus", "planned", "sending", "sent", "delivered", "bounced", "failed", "uncertain", "skipped"
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_events_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_events")),
    )
    op.create_index(op.f("ix_message_events_message_id"), "message_events", ["message_id"], unique=False)
    op.create_table(
        "move_wishes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by_id"], ["users.id"], name=op.f("fk_move_wishes_answered_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["treatment_sessions.id"], name=op.f("fk_move_wishes_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_wishes")),
        sa.UniqueConstraint("session_id", "schedule_version", name=op.f("uq_move_wishes_session_id_schedule_version")),
    )
