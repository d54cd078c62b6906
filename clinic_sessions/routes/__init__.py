"""HTTP: load, form, service, commit, answer. A blueprint a file; every view declares who may use it."""

from flask import Flask

from clinic_sessions.routes import errors, filters, frame, guard, health, row_ids, sign_in
from clinic_sessions.routes.before import asks, before, calling_off
from clinic_sessions.routes.booking import after, booking, changes, move_wishes, urgent, visits, waitlist
from clinic_sessions.routes.by_link import appointment, by_link, check_in, intake_link, wishes
from clinic_sessions.routes.consents import consent_handed, consent_signing
from clinic_sessions.routes.drug import dose_controls, drug, drug_counts, drug_log
from clinic_sessions.routes.leaving import leaving
from clinic_sessions.routes.messages import mailbox, messages
from clinic_sessions.routes.note import note
from clinic_sessions.routes.orders import orders
from clinic_sessions.routes.outcomes import outcomes, scales
from clinic_sessions.routes.patients import course, medicines, patient_file, risk
from clinic_sessions.routes.plans import authorisations, plan_life
from clinic_sessions.routes.policy import check_every_view
from clinic_sessions.routes.protocols import draft_rows
from clinic_sessions.routes.schedule import schedule
from clinic_sessions.routes.screening import intake, screened_facts
from clinic_sessions.routes.series import series, series_changes
from clinic_sessions.routes.session import board, due, effects, record, sessions, undoing
from clinic_sessions.routes.shifts import assigning, gaps, shift_days, shifts
from clinic_sessions.routes.sites import feeds, site_people, sites
from clinic_sessions.routes.today import alerts, follow_ups, for_provider, today

BLUEPRINTS = (
    health.bp,
    alerts.bp,
    follow_ups.bp,
    asks.bp,
    calling_off.bp,
    sign_in.bp,
    sites.bp,
    site_people.bp,
    today.bp,
    for_provider.bp,
    booking.bp,
    changes.bp,
    assigning.bp,
    after.bp,
    waitlist.bp,
    visits.bp,
    schedule.bp,
    shifts.bp,
    shift_days.bp,
    sessions.bp,
    undoing.bp,
    before.bp,
    leaving.bp,
    board.bp,
    due.bp,
    effects.bp,
    patient_file.bp,
    screened_facts.bp,
    medicines.bp,
    risk.bp,
    urgent.bp,
    intake.bp,
    plan_life.bp,
    authorisations.bp,
    orders.bp,
    draft_rows.bp,
    outcomes.bp,
    course.bp,
    scales.bp,
    series.bp,
    series_changes.bp,
    by_link.bp,
    feeds.bp,
    gaps.bp,
    appointment.bp,
    check_in.bp,
    intake_link.bp,
    consent_signing.bp,
    consent_handed.bp,
    wishes.bp,
    move_wishes.bp,
    record.bp,
    note.bp,
    drug.bp,
    dose_controls.bp,
    drug_counts.bp,
    drug_log.bp,
    messages.bp,
    mailbox.bp,
)


def register(app: Flask) -> None:
    """Put every route, guard and error page on the app; fails when a view has no permission."""
    row_ids.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    by_link.install(app)
    guard.install(app)
    frame.install(app)
    filters.install(app)
    errors.install(app)
    check_every_view(app)
