"""Calendar feeds: the page on which a person makes and revokes secret addresses, and what stands at them."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission, acting_role
from clinic_sessions.mail import ics
from clinic_sessions.models import ActorKind, StaffFeed
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes.policy import needs, public
from clinic_sessions.routes.present import actor, clinic, person, session, settings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.sites import feeds
from clinic_sessions.services.sites.feeds import Picture, Row

bp = Blueprint("feeds", __name__)

POLLED_EVERY = timedelta(minutes=15)


@bp.get("/feeds")
@needs(Permission.SEE_SCHEDULE)
def index() -> str:
    """Show a person's own feeds; their addresses are kept nowhere and are not shown again."""
    return _page()


@bp.post("/feeds")
@needs(Permission.SEE_SCHEDULE)
def make() -> str | tuple[str, int]:
    """Make an address for the clinic chosen and show it in the answer itself, the one time that it is known."""
    try:
        token = feeds.make(session(), person(), clinic(), now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _page(refusal=[feeds.SAID[reason] for reason in refusal.reasons]), 409
    return _page(address=f"{settings().base_url}{url_for('feeds.calendar', token=token)}")


@bp.post("/feeds/<int:feed_id>/revoke")
@needs(Permission.SEE_SCHEDULE)
def revoke(feed_id: int) -> Response:
    """Take back one of the person's own addresses."""
    feeds.revoke(session(), person(), feed_id, now=g.now, by=actor())
    session().commit()
    flash("The address is revoked. A calendar that reads it gets nothing from now on.")
    return redirect(url_for("feeds.index"), 303)


@bp.get("/feed/<token>.ics")
@public("a person's calendar reads the schedule: the token is the key")
def calendar(token: str) -> Response:
    """Give the clinic's schedule in initials; 304 when this picture was given before.

    A picture that is new at this address is audited with its patients, once, before it leaves.
    """
    try:
        feed = feeds.open_feed(session(), token)
    except Absent:
        return Response("There is nothing here.\n", 404, mimetype="text/plain")
    shown = feeds.picture(session(), feed.clinic, g.now)
    if request.if_none_match.contains_weak(shown.revision):
        return _private(Response(status=304), shown)
    body = ics.feed(
        [_entry(row) for row in shown.rows],
        name=feed.clinic.name_in_messages,
        zone_name=feed.clinic.zone_name,
        every=POLLED_EVERY,
    )
    if request.method == "GET" and feed.shown != shown.revision:
        _note(feed, shown)
    return _private(Response(body, mimetype="text/calendar"), shown)


def _note(feed: StaffFeed, shown: Picture) -> None:
    feed_id, reader = feed.id, _reader(feed)
    begin_write(session())
    feeds.note_shown(session(), feed_id, shown, now=g.now, by=reader)
    session().commit()


def _reader(feed: StaffFeed) -> Actor:
    role = acting_role(feed.user.roles, Permission.SEE_SCHEDULE)
    return Actor(kind=ActorKind.USER, user=feed.user, role=role, address=request.remote_addr)


def _entry(row: Row) -> ics.Entry:
    return ics.Entry(
        uid=row.uid,
        sequence=row.sequence,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=row.initials,
        place=row.chair,
        standing=row.standing,
        changed_at=row.changed_at,
        url=f"{settings().base_url}{url_for('sessions.show', session_id=row.session_id)}",
    )


def _private(answer: Response, shown: Picture) -> Response:
    answer.set_etag(shown.revision)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _page(*, address: str | None = None, refusal: list[str] | None = None) -> str:
    mine = feeds.own(session(), person())
    return render_template("feeds/index.html", feeds=mine, address=address, refusal=refusal)
