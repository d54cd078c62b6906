"""HTTP: load, form, service, commit, answer. A blueprint a file; every view declares who may use it."""

from flask import Flask

from clinic_sessions.routes import (
    after,
    alerts,
    appointment,
    assigning,
    authorisations,
    board,
    booking,
    by_link,
    changes,
    check_in,
    consent_handed,
    consent_signing,
    draft_rows,
    errors,
    feeds,
    filters,
    for_provider,
    frame,
    gaps,
    guard,
    health,
    intake,
    intake_link,
    mailbox,
    medicines,
    messages,
    move_wishes,
    orders,
    outcomes,
    patient_file,
    plan_life,
    protocols,
    record,
    risk,
    row_ids,
    scales,
    schedule,
    screened_facts,
    series,
    series_changes,
    sessions,
    shift_days,
    shifts,
    sign_in,
    site_people,
    sites,
    today,
    urgent,
    visits,
    waitlist,
    wishes,
)
from clinic_sessions.routes.policy import check_every_view

BLUEPRINTS = (
    health.bp,
    alerts.bp,
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
    board.bp,
    patient_file.bp,
    screened_facts.bp,
    medicines.bp,
    risk.bp,
    urgent.bp,
    intake.bp,
    plan_life.bp,
    authorisations.bp,
    orders.bp,
    protocols.bp,
    outcomes.bp,
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
