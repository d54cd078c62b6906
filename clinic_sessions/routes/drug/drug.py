"""The drug before the dose: its label, what was drawn, and another vial for the same dose."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.drug.drawing import Container
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.drug import DrawForm, DrawnForm, LabelForm, MoreForm
from clinic_sessions.models import Draw, DrugLabel, TreatmentSession
from clinic_sessions.routes.drug.drug_pages import Answer, back_to, meta, saved, shown
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import drug as drugs
from clinic_sessions.services.drug import drug_acts
from clinic_sessions.services.drug.drug_acts import Drawing, LabelRead
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import limits

bp = Blueprint("drug", __name__)


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

    def again(one: TreatmentSession, said: Any) -> str:
        form.say_past()
        return _label_page(one, form, said)

    return saved(session_id, form, act, again, "Label saved.")


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
    vial = _vial(treatment, found.label, old)
    data = {"label": vial.id, "corrects": str(old.id) if old else None, "mg": _wanted(treatment, found, vial)}
    return _draw_page(treatment, _draw_form(treatment, found, vial, None, data), found, vial)


@bp.post(f"{ONE}/drug/draw")
@needs(Permission.TREAT)
def save_draw(session_id: int) -> Answer:
    """Keep what was drawn."""
    treatment = load(session_id)
    found = drugs.of(session(), treatment, g.now)
    if found is None or found.label is None or found.label.container is Container.DEVICE:
        return back_to(session_id)
    vial = _vial(treatment, found.label, _corrected(Draw, treatment))
    form = _draw_form(treatment, found, vial, request.form)
    if not form.validate():
        return _draw_page(treatment, form, found, vial), 422

    def act(one: TreatmentSession) -> Draw:
        old = _corrected(Draw, one)
        return drug_acts.draw(
            session(), one, form.label.data, _drawing(form), now=g.now, by=actor(), at=form.moment, corrects=old
        )  # fmt: skip

    def again(one: TreatmentSession, said: Any) -> str:
        return _draw_page(one, form, drugs.of(session(), one, g.now), vial, said)

    return saved(session_id, form, act, again, "Draw saved.")


def _drawing(form: DrawnForm) -> Drawing:
    return Drawing(micrograms=form.mg.data, microlitres=form.ml.data, pump_microlitres=form.made_up.data)


def _vial(treatment: TreatmentSession, label: DrugLabel, old: Draw | None) -> DrugLabel:
    return drug_acts.vial_of(session(), treatment, old) or label


def _beside(treatment: TreatmentSession, vial: DrugLabel) -> int:
    """Give what is in the hand from other vials, in micrograms."""
    return sum(row.micrograms for row in start_gate.so_far(session(), treatment) if row.label_id != vial.id)


def _wanted(treatment: TreatmentSession, found: drugs.Drug, vial: DrugLabel) -> int | None:
    """Give what the order comes to without what is in the hand from other vials."""
    wanted = found.ordered.micrograms - _beside(treatment, vial) if found.ordered else 0
    return wanted if wanted > 0 else None


def _draw_form(
    treatment: TreatmentSession, found: drugs.Drug, vial: DrugLabel,
    typed: MultiDict[str, str] | None, data: Any = None,
) -> DrawForm:  # fmt: skip
    more = {"label": vial, "ordered": found.ordered, "beside": _beside(treatment, vial)}
    return DrawForm(typed, data=data, meta={**meta(treatment), **more})


def _draw_page(
    treatment: TreatmentSession, form: DrawForm, found: drugs.Drug | None, vial: DrugLabel, said: Any = ()
) -> str:
    wanted = _wanted(treatment, found, vial) if found else None
    return shown("draw", treatment, form, said, drug=found, vial=vial, wanted=wanted)


@bp.get(f"{ONE}/drug/vial")
@needs(Permission.TREAT)
def more(session_id: int) -> Answer:
    """Show the form of another vial for the same dose; while nothing is in the hand there is nothing to add to."""
    treatment = load(session_id)
    found = drugs.of(session(), treatment, g.now)
    if found is None or found.draw is None:
        return back_to(session_id)
    data = {"draw": found.draw.draws[-1].id, "mg": found.short or None}
    return _more_page(treatment, _more_form(treatment, found, None, data), found)


@bp.post(f"{ONE}/drug/vial")
@needs(Permission.TREAT)
def save_more(session_id: int) -> Answer:
    """Keep another vial's label, and what was drawn from it."""
    treatment = load(session_id)
    found = drugs.of(session(), treatment, g.now)
    if found is None or found.draw is None:
        return back_to(session_id)
    form = _more_form(treatment, found, request.form)
    if not form.validate():
        return _more_page(treatment, form, found), 200 if form.scanned_only else 422
    read = label_read(form)

    def act(one: TreatmentSession) -> Draw:
        return drug_acts.draw_more(
            session(), one, read, _drawing(form), form.draw.data or 0, now=g.now, by=actor(), at=form.moment
        )  # fmt: skip

    def again(one: TreatmentSession, said: Any) -> str:
        form.say_past()
        return _more_page(one, form, drugs.of(session(), one, g.now), said)

    return saved(session_id, form, act, again, "Draw saved.")


def _more_form(
    treatment: TreatmentSession, found: drugs.Drug, typed: MultiDict[str, str] | None, data: Any = None
) -> MoreForm:
    """Make the form of another vial; `beside` is what stood when it was opened."""
    after = number(typed.get("draw", "")) if typed is not None else data["draw"]
    beside = sum(row.micrograms for row in start_gate.so_far(session(), treatment) if row.id <= (after or 0))
    more = {"container": Container.VIAL, "ordered": found.ordered, "beside": beside}
    return MoreForm(typed, data=data, meta={**meta(treatment), **more})


def _more_page(treatment: TreatmentSession, form: MoreForm, found: drugs.Drug | None, said: Any = ()) -> str:
    return shown("more", treatment, form, said, drug=found)


def _corrected(model: Any, treatment: TreatmentSession) -> Any:
    """Load what this form corrects, if it names something."""
    named = request.values.get("corrects", "")
    if not named:
        return None
    found = number(named)
    if found is None:
        raise Absent
    return drug_acts.entry(session(), model, treatment, found)
