"""Protocols and thresholds: every version with its sources, drafts, two side by side, publishing and retiring."""

from collections.abc import Callable, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols import draft_rows, leaves
from clinic_sessions.domain.protocols.edits import FaultyEdits
from clinic_sessions.domain.protocols.protocol_kinds import SeriesKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.versions import ActForm, CopyForm, DraftForm, RetireForm
from clinic_sessions.models import ProtocolVersion
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.consents import consent_documents
from clinic_sessions.services.protocols import version_outcomes, version_rows, versions
from clinic_sessions.services.protocols.version_rows import Version
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("protocols", __name__)

ONE = "/<any(protocols, thresholds, texts):shelf>/<int:version_id>"
SHORT = "/protocols/<int:version_id>"
USED = "This form has made a copy already. Look at the list of versions before you make another."

Answer = str | Response | tuple[str, int]
Act = Callable[[Version, ActForm], None]


@bp.get("/protocols")
@needs(Permission.SEE_PROTOCOLS)
def index() -> str:
    """List every protocol, the thresholds and the texts, with their versions."""
    return render_template(
        "protocols/index.html", everything=version_rows.everything(session()), shelf_of=version_rows.shelf_of,
        waiting=version_rows.proposed(session()),
    )  # fmt: skip


@bp.get(SHORT, defaults={"shelf": "protocols"})
@bp.get("/thresholds/<int:version_id>", defaults={"shelf": "thresholds"})
@bp.get("/texts/<int:version_id>", defaults={"shelf": "texts"})
@needs(Permission.SEE_PROTOCOLS)
def show(shelf: str, version_id: int) -> str:
    """Show a version: every number with its source, what stands against it, and what came of it."""
    return _page(_load(shelf, version_id))


@bp.post(f"{ONE}/copy")
@needs(Permission.EDIT_PROTOCOLS)
def copy(shelf: str, version_id: int) -> Answer:
    """Begin a draft as a copy, once for each showing of the form."""
    version, form = _load(shelf, version_id, to_change=True), CopyForm(request.form)
    if not form.validate():
        return _page(version, said=form.form_errors), 422
    key, content = str(form.form_key.data), {"shelf": shelf, "version": version.id}
    try:
        answer = form_keys.claim(session(), key, content, now=g.now, by=actor())
        if answer is None:
            answer = _path("edit", versions.copy(session(), version, now=g.now, by=actor()))
            form_keys.settle(session(), key, answer)
        session().commit()
    except Refusal as refusal:
        return _refused(shelf, version_id, refusal)
    return redirect(answer, 303)


@bp.get(f"{ONE}/edit")
@needs(Permission.EDIT_PROTOCOLS)
def edit(shelf: str, version_id: int) -> Answer:
    """Show a draft as a form; any other version as it is."""
    if not versions.is_open(version := _load(shelf, version_id)):
        return redirect(_path("show", version), 303)
    return _edit_page(version, _draft_form(version))


@bp.post(f"{ONE}/edit")
@needs(Permission.EDIT_PROTOCOLS)
def save(shelf: str, version_id: int) -> Answer:
    """Keep what was typed in a draft."""
    version = _load(shelf, version_id, to_change=True)
    form = _draft_form(version, request.form)
    try:
        versions.change(
            session(), version, form.typed, shown=form.shown, today=local_day(g.now, clinic().zone),
            now=g.now, by=actor(),
        )  # fmt: skip
    except FaultyEdits as faulty:
        session().rollback()
        form.tell(faulty)
        return _edit_page(_load(shelf, version_id), form), 422
    except Refusal as refusal:
        session().rollback()
        return _edit_page(_load(shelf, version_id), form, said=said_of(refusal)), 409
    session().commit()
    flash("Draft saved.")
    return redirect(_after_saving(version), 303)


def _after_saving(version: Version) -> str:
    """Lead to the form of a row that is to be added next, else to the version."""
    part = request.form.get("then")
    if part in draft_rows.LISTS and isinstance(version, ProtocolVersion):
        return url_for("protocols.new_row", version_id=version.id, part=part)
    return _path("show", version)


@bp.post(f"{ONE}/propose")
@needs(Permission.EDIT_PROTOCOLS)
def propose(shelf: str, version_id: int) -> Answer:
    """Lay a draft before the other providers."""

    def act(version: Version, form: ActForm) -> None:
        versions.propose(session(), version, shown=str(form.shown.data or ""), now=g.now, by=actor())

    return _act(shelf, version_id, act, "Proposed. It stands on every provider's Today until it is published.")


@bp.post(f"{ONE}/withdraw")
@needs(Permission.EDIT_PROTOCOLS)
def withdraw(shelf: str, version_id: int) -> Answer:
    """Make a proposed version a draft again."""

    def act(version: Version, _form: ActForm) -> None:
        versions.withdraw(session(), version, now=g.now, by=actor())

    return _act(shelf, version_id, act, "It is a draft again.")


@bp.post(f"{ONE}/publish")
@needs(Permission.EDIT_PROTOCOLS)
def publish(shelf: str, version_id: int) -> Answer:
    """Publish a proposed version."""

    def act(version: Version, _form: ActForm) -> None:
        versions.publish(session(), version, now=g.now, by=actor())

    return _act(shelf, version_id, act, "Published. It is used from now on; plans and sessions keep their version.")


@bp.post(f"{ONE}/retire")
@needs(Permission.EDIT_PROTOCOLS)
def retire(shelf: str, version_id: int) -> Answer:
    """Take a version out of use, or drop a draft."""
    version, form = _load(shelf, version_id, to_change=True), RetireForm(request.form)
    if not form.validate():
        return _page(version, retiring=form), 422
    try:
        versions.retire(session(), version, words=str(form.words.data), now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        return _refused(shelf, version_id, refusal)
    flash("Retired. It cannot be booked anew.")
    return redirect(url_for("protocols.index"), 303)


@bp.get(f"{ONE}/compare")
@needs(Permission.SEE_PROTOCOLS)
def compare(shelf: str, version_id: int) -> str:
    """Show two versions side by side; the other is the one it is a copy of, unless `with` names a number."""
    version = _load(shelf, version_id)
    others = [one for one in version_rows.history(session(), version) if one.id != version.id]
    wanted = number(request.args.get("with"))
    other = next((one for one in others if one.number == wanted), None) or version_rows.origin(session(), version)
    if other is None or other.id == version.id:
        other = others[0] if others else version
    before, after = sorted((other, version), key=lambda one: one.number)
    rows = leaves.compare(version_rows.of(before), version_rows.of(after))
    return render_template(
        "protocols/compare.html", version=version, other=other, others=others, before=before, after=after,
        groups=rows, changed=sum(row.mark is not leaves.Mark.SAME for group in rows.values() for row in group),
        all_rows=request.args.get("all") == "1", shelf=shelf,
    )  # fmt: skip


@bp.get(f"{SHORT}/sessions")
@needs(Permission.READ_CLINICAL)
def sessions(version_id: int) -> str:
    """List the sessions that ran under a version, at the person's clinics."""
    version = _load("protocols", version_id)
    if not isinstance(version, ProtocolVersion):
        raise Absent
    found = version_outcomes.sessions_of(session(), version, person())
    showed("protocol_version", version.id, patients=sorted({one.patient_id for one in found}))
    most = version_outcomes.MOST_LISTED
    return render_template("protocols/sessions.html", version=version, sessions=found, most=most)


def _load(shelf: str, version_id: int, *, to_change: bool = False) -> Version:
    return version_rows.load(session(), shelf, version_id, to_change=to_change)


def _path(view: str, version: Version) -> str:
    return url_for(f"protocols.{view}", shelf=version_rows.shelf_of(version), version_id=version.id)


def _act(shelf: str, version_id: int, act: Act, done: str) -> Answer:
    try:
        act(version := _load(shelf, version_id, to_change=True), ActForm(request.form))
        session().commit()
    except Refusal as refusal:
        return _refused(shelf, version_id, refusal)
    flash(done)
    return redirect(_path("show", version), 303)


def _refused(shelf: str, version_id: int, refusal: Refusal) -> Answer:
    session().rollback()
    return _page(_load(shelf, version_id), said=said_of(refusal)), 409


def _page(version: Version, *, said: Sequence[str] = (), retiring: RetireForm | None = None) -> str:
    db = session()
    protocol = version if isinstance(version, ProtocolVersion) else None
    return render_template(
        "protocols/show.html",
        version=version,
        shelf=version_rows.shelf_of(version),
        groups=leaves.grouped(leaves.leaves(version_rows.of(version))),
        history=version_rows.history(db, version),
        names=version_rows.names(db, version),
        in_use=version_rows.newest_published(db, version),
        outcomes=version_outcomes.by_version(db, protocol.key, person()) if protocol else {},
        misfits=consent_documents.texts(db, protocol).misfits if protocol else (),
        against=versions.against(db, version, person(), g.now),
        alone_from=version_rows.alone_from(db, version),
        plans=version_rows.plans_under_way(db, version),
        is_open=versions.is_open(version),
        token=version_rows.token(version),
        copy_key=form_keys.new(),
        retiring=retiring or RetireForm(),
        refusal=said,
        say=words.say,
    )


def _draft_form(version: Version, sent: object = None) -> DraftForm:
    return DraftForm(
        leaves.leaves(version_rows.of(version)), sent, shown=version_rows.token(version), reasons=version.reasons or {}
    )


def _edit_page(version: Version, form: DraftForm, *, said: Sequence[str] = ()) -> str:
    return render_template(
        "protocols/edit.html",
        version=version,
        shelf=version_rows.shelf_of(version),
        draft=form,
        form=form.form,
        groups=leaves.grouped(form.leaves),
        every_phase=sum(row.startswith("series") for row in form.rows) == len(SeriesKind),
        refusal=said,
    )


def said_of(refusal: Refusal) -> list[str]:
    """Say each reason of a refusal as people do."""
    used = form_keys.FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return [USED] if used else [words.say(reason) for reason in refusal.reasons]
