"""Rows that a draft of a protocol gains: an alert limit, or a phase of the series."""

from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.edits import FaultyEdits
from clinic_sessions.domain.protocols.protocol_kinds import SeriesKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.draft_rows import LimitForm, SeriesForm
from clinic_sessions.models import ProtocolVersion
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, session
from clinic_sessions.routes.protocols.protocols import Answer, said_of
from clinic_sessions.routes.protocols.protocols import bp as bp
from clinic_sessions.services import catalogue
from clinic_sessions.services.protocols import version_rows, versions
from clinic_sessions.services.refusals import Absent, Refusal

NEW = "/protocols/<int:version_id>/<any(limits, series):part>/new"


@bp.get(NEW)
@needs(Permission.EDIT_PROTOCOLS)
def new_row(version_id: int, part: str) -> Answer:
    """Show the form of a new row; for a version that is no draft, the version."""
    version = _load(version_id)
    if not versions.is_open(version):
        return redirect(url_for("protocols.show", shelf="protocols", version_id=version_id), 303)
    form = _form(version, part)
    form.shown.data = version_rows.token(version)
    return _page(version, part, form)


@bp.post(NEW)
@needs(Permission.EDIT_PROTOCOLS)
def add_row(version_id: int, part: str) -> Answer:
    """Add a row to a draft."""
    version = _load(version_id, to_change=True)
    form = _form(version, part, request.form)
    if not form.validate():
        return _page(version, part, form), 422
    try:
        versions.add_row(
            session(), version, form.row, str(form.words.data), shown=str(form.shown.data or ""),
            today=local_day(g.now, clinic().zone), now=g.now, by=actor(),
        )  # fmt: skip
    except FaultyEdits as faulty:
        session().rollback()
        form.tell(faulty)
        return _page(_load(version_id), part, form), 422
    except Refusal as refusal:
        session().rollback()
        return _page(_load(version_id), part, form, said=said_of(refusal)), 409
    session().commit()
    flash("Added to the draft.")
    return redirect(url_for("protocols.edit", shelf="protocols", version_id=version_id), 303)


def _load(version_id: int, *, to_change: bool = False) -> ProtocolVersion:
    version = version_rows.load(session(), "protocols", version_id, to_change=to_change)
    if not isinstance(version, ProtocolVersion):
        raise Absent
    return version


def _form(version: ProtocolVersion, part: str, sent: MultiDict[str, str] | None = None) -> LimitForm | SeriesForm:
    if part == "limits":
        return LimitForm(sent)
    form, had = SeriesForm(sent), {one.kind for one in catalogue.protocol_of(version).series}
    form.offer([one for one in SeriesKind if one not in had])
    return form


def _page(version: ProtocolVersion, part: str, form: LimitForm | SeriesForm, *, said: Sequence[str] = ()) -> str:
    return render_template("protocols/new_row.html", version=version, part=part, form=form, refusal=said)
