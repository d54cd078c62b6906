"""What the database itself refuses: overlaps of a chair or a patient, and changes to what is append-only."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OCCUPYING = "('held', 'booked', 'confirmed', 'arrived', 'in_treatment', 'observing', 'ready')"
APPEND_ONLY = (
    "status_changes",
    "vitals",
    "dose_events",
    "side_effects",
    "side_effect_events",
    "interventions",
    "notes",
    "weights",
    "check_in_answers",
    "message_events",
    "alert_events",
    "audit_entries",
)


def upgrade() -> None:
    """Create the constraints and triggers of this engine."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    for what in ("chair", "patient"):
        for event in ("INSERT", "UPDATE"):
            op.execute(f"""
                CREATE TRIGGER treatment_sessions_{what}_overlap_{event.lower()} BEFORE {event} ON treatment_sessions
                WHEN NEW.status IN {OCCUPYING} AND EXISTS (
                    SELECT 1 FROM treatment_sessions AS other
                    WHERE other.{what}_id = NEW.{what}_id AND other.id IS NOT NEW.id
                    AND other.status IN {OCCUPYING}
                    AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
                )
                BEGIN SELECT RAISE(ABORT, 'overlap_{what}'); END
            """)
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            op.execute(f"""
                CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table}
                BEGIN SELECT RAISE(ABORT, 'append_only'); END
            """)
    op.execute("""
        CREATE TRIGGER protocol_versions_body_kept BEFORE UPDATE OF body, digest, key, number ON protocol_versions
        BEGIN SELECT RAISE(ABORT, 'append_only'); END
    """)


def _postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for what in ("chair", "patient"):
        op.execute(f"""
            ALTER TABLE treatment_sessions ADD CONSTRAINT overlap_{what} EXCLUDE USING gist (
                {what}_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&
            ) WHERE (status IN {OCCUPYING})
        """)
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'append_only' USING ERRCODE = 'restrict_violation'; END $$
    """)
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """)
        op.execute(f"""
            CREATE TRIGGER {table}_append_only_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute("""
        CREATE TRIGGER protocol_versions_body_kept BEFORE UPDATE OF body, digest, key, number ON protocol_versions
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
