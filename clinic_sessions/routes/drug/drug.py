"""The drug before the dose: its label, what was drawn, and the count of a second person who is not shown the first."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.drug.drawing import Container
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.countersign import CountersignForm
from clinic_sessions.forms.drug import CountForm, DrawForm, LabelForm
from clinic_sessions.models import Draw, DrugLabel, TreatmentSession
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes import countersigned
from clinic_sessions.routes.drug.drug_pages import Answer, back_to, meta, saved, shown
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import drug as drugs
from clinic_sessions.services.drug import drug_acts
from clinic_sessions.services.drug.drug_acts import Counted, Drawing, LabelRead
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import limits

bp = Blueprint("drug", __name__)


class SignedCountForm(CountForm, CountersignForm):
    """The count of a second person on the tablet of the first."""


@bp.get(f"{ONE}/drug/label")
@needs(Permission.TREAT)
def label(session_id: int) -> Answer:
    """Show the form of a label, or of its correction."""
    treatment = load(session_id)
    old = _corrected(DrugLabel, treatment)
    return _label_page(treatment, label_form(treatment, None, _said(treatment, old) if old else {}))


@bp.post(f"{ONE}/drug/label")
@needs(Permission.TREAT)
def save_label(session_id: int) -> Answer:
    """Keep what a label says; a barcode alone fills in what it says and asks for the rest."""
    treatment = load(session_id)
    form = label_form(treatment, request.form)
    if not form.validate():
        return _label_page(treatment, form), 200 if form.scanned_only else 422
    read = label_read(form)

    def act(one: TreatmentSession) -> DrugLabel:
        old = _corrected(DrugLabel, one)
        return drug_acts.read_label(session(), one, read, now=g.now, by=actor(), at=form.moment, corrects=old)

    return saved(session_id, form, act, lambda one, said: _label_page(one, form, said), "Label saved.")


def label_form(
    treatment: TreatmentSession, typed: MultiDict[str, str] | None, data: Mapping[str, Any] | None = None
) -> LabelForm:
    """Make the form of a label; nothing of another visit is filled in."""
    device = limits.device_micrograms(treatment)
    kind = Container.VIAL if device is None else Container.DEVICE
    return LabelForm(typed, data=data, meta=meta(treatment, container=kind, device_micrograms=device))


def label_read(form: LabelForm) -> LabelRead:
    """Give what a good form of a label says."""
    return LabelRead(
        drug=form.drug.data, container=form.container, source=form.source,
        micrograms_per_ml=form.strength.data if form.container is Container.VIAL else None,
        total_micrograms=form.total.data, lot=form.lot.data, expires_on=form.expires.data,
        opened_at=form.opened_at, beyond_use_at=form.beyond_use_at, ndc=form.ndc,
    )  # fmt: skip


def _said(treatment: TreatmentSession, old: DrugLabel) -> dict[str, Any]:
    """Give what the form of a correction begins with: everything but the numbers, which are read anew."""
    return {"drug": old.drug, "lot": old.lot, "expires": old.expires_on, "corrects": str(old.id)}


def _label_page(treatment: TreatmentSession, form: LabelForm, said: Any = ()) -> str:
    return shown("label", treatment, form, said, device=form.container is Container.DEVICE)


@bp.get(f"{ONE}/drug/draw")
@needs(Permission.TREAT)
def draw(session_id: int) -> Answer:
    """Show the form of a draw from the label that stands; without one there is nothing to draw from."""
    treatment = load(session_id)
    found = drugs.of(session(), treatment, g.now)
    if found is None or found.label is None or found.label.container is Container.DEVICE:
        return back_to(session_id)
    old = _corrected(Draw, treatment)
    data = {"label": found.label.id, "corrects": str(old.id) if old else None}
    if found.ordered is not None:
        data["mg"] = found.ordered.micrograms
    return _draw_page(treatment, _draw_form(treatment, found, None, data), found)


@bp.post(f"{ONE}/drug/draw")
@needs(Permission.TREAT)
def save_draw(session_id: int) -> Answer:
    """Keep what was drawn."""
    treatment = load(session_id)
    found = drugs.of(session(), treatment, g.now)
    if found is None or found.label is None or found.label.container is Container.DEVICE:
        return back_to(session_id)
    form = _draw_form(treatment, found, request.form)
    if not form.validate():
        return _draw_page(treatment, form, found), 422
    drawn = Drawing(micrograms=form.mg.data, microlitres=form.ml.data, pump_microlitres=form.made_up.data)

    def act(one: TreatmentSession) -> Draw:
        old = _corrected(Draw, one)
        return drug_acts.draw(
            session(), one, form.label.data, drawn, now=g.now, by=actor(), at=form.moment, corrects=old
        )  # fmt: skip

    def again(one: TreatmentSession, said: Any) -> str:
        return _draw_page(one, form, drugs.of(session(), one, g.now), said)

    return saved(session_id, form, act, again, "Draw saved.")


def _draw_form(
    treatment: TreatmentSession, found: drugs.Drug, typed: MultiDict[str, str] | None, data: Any = None
) -> DrawForm:
    more = meta(treatment, label=found.label)
    return DrawForm(typed, data=data, meta={**more, "ordered": found.ordered})


def _draw_page(treatment: TreatmentSession, form: DrawForm, found: drugs.Drug | None, said: Any = ()) -> str:
    return shown("draw", treatment, form, said, drug=found)


@bp.get(f"{ONE}/drug/count")
@needs(Permission.TREAT)
def count(session_id: int) -> Answer:
    """Show the second person's form: no volume stands on it. Whoever drew it hands the tablet over."""
    treatment = load(session_id)
    standing = start_gate.in_hand(session(), treatment)
    if standing is None:
        return back_to(session_id)
    return _count_page(treatment, _count_form(treatment, standing, None, {"draw": standing.id}), standing)


@bp.post(f"{ONE}/drug/count")
@needs(Permission.TREAT, opens_write=False)
def save_count(session_id: int) -> Answer:
    """Keep the second person's count, signed with their password on another's tablet, or on their own."""
    treatment = load(session_id)
    standing = start_gate.in_hand(session(), treatment)
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
        return _count_page(one, form, start_gate.in_hand(session(), one) or standing, said)

    return saved(
        session_id, form,
        lambda one: drug_acts.count(session(), one, form.draw.data or 0, counted, now=g.now, by=by),
        again, "Count saved.",
    )  # fmt: skip


def _count_form(
    treatment: TreatmentSession, standing: Draw, typed: MultiDict[str, str] | None, data: Any = None
) -> CountForm:
    """Make the form of a count: whoever drew it, or is signed in on their tablet, signs as somebody else."""
    if standing.by_id != person().id:
        return CountForm(typed, data=data, meta=meta(treatment))
    signers = countersigned.meta(treatment, Permission.TREAT)
    return SignedCountForm(typed, data=data, meta=meta(treatment, **signers))


def _count_page(treatment: TreatmentSession, form: CountForm, standing: Draw, said: Any = ()) -> str:
    found = start_gate.label_of(session(), treatment)
    return shown("count", treatment, form, said, draw=standing, label=found, signed=isinstance(form, SignedCountForm))


def _corrected(model: Any, treatment: TreatmentSession) -> Any:
    """Load what this form corrects, if it names something."""
    named = request.values.get("corrects", "")
    if not named:
        return None
    found = number(named)
    if found is None:
        raise Absent
    return drug_acts.entry(session(), model, treatment, found)
