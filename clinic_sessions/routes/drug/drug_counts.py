"""The count of a second person, who is not shown what the first one entered."""

from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.countersign import CountersignForm
from clinic_sessions.forms.drug import CountForm
from clinic_sessions.models import Draw, TreatmentSession
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes import countersigned
from clinic_sessions.routes.drug.drug_pages import Answer, back_to, meta, saved, shown
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import drug as drugs
from clinic_sessions.services.drug import drug_acts
from clinic_sessions.services.drug.drug_acts import Counted

bp = Blueprint("drug_counts", __name__)


class SignedCountForm(CountForm, CountersignForm):
    """The count of a second person on the tablet of the first."""


@bp.get(f"{ONE}/drug/count")
@needs(Permission.TREAT)
def count(session_id: int) -> Answer:
    """Show the second person's form: no volume stands on it. Whoever drew it hands the tablet over."""
    treatment = load(session_id)
    standing = _to_count(treatment)
    if standing is None:
        return back_to(session_id)
    return _count_page(treatment, _count_form(treatment, standing, None, {"draw": standing.id}), standing)


@bp.post(f"{ONE}/drug/count")
@needs(Permission.TREAT, opens_write=False)
def save_count(session_id: int) -> Answer:
    """Keep the second person's count, signed with their password on another's tablet, or on their own."""
    treatment = load(session_id)
    standing = _to_count(treatment)
    if standing is None:
        return back_to(session_id)
    form = _count_form(treatment, standing, request.form)
    if not form.validate():
        return _count_page(treatment, form, standing), 422
    counted, by = Counted(microlitres=form.ml.data, micrograms_per_ml=form.strength.data), actor()
    if isinstance(form, SignedCountForm):
        signed = countersigned.signer(form, treatment, Permission.TREAT)
        if signed is None:
            return _count_page(load(session_id), form, standing), 422
        by = signed
    else:
        begin_write(session())

    def again(one: TreatmentSession, said: Any) -> str:
        return _count_page(one, form, _to_count(one) or standing, said)

    return saved(
        session_id, form,
        lambda one: drug_acts.count(session(), one, form.draw.data or 0, counted, now=g.now, by=by),
        again, "Count saved.",
    )  # fmt: skip


def _to_count(treatment: TreatmentSession) -> Draw | None:
    """Give the draw in the hand that the form is about, else the first that nobody has counted, else the last."""
    held = start_gate.in_hand(session(), treatment)
    if held is None:
        return None
    named = number(request.values.get("draw", ""))
    uncounted = (row for row in held.draws if not row.counts or drugs.differs(row))
    return next((row for row in held.draws if row.id == named), None) or next(uncounted, held.draws[-1])


def _count_form(
    treatment: TreatmentSession, standing: Draw, typed: MultiDict[str, str] | None, data: Any = None
) -> CountForm:
    """Make the form of a count: whoever drew it, or is signed in on their tablet, signs as somebody else."""
    if standing.by_id != person().id:
        return CountForm(typed, data=data, meta=meta(treatment))
    signers = countersigned.meta(treatment, Permission.TREAT)
    return SignedCountForm(typed, data=data, meta=meta(treatment, **signers))


def _count_page(treatment: TreatmentSession, form: CountForm, standing: Draw, said: Any = ()) -> str:
    held = start_gate.in_hand(session(), treatment)
    several = held is not None and len(held.draws) > 1
    signed = isinstance(form, SignedCountForm)
    return shown("count", treatment, form, said, draw=standing, several=several, signed=signed)
