"""Composes the note of a session from what was recorded: what was not reads so, and nothing is made up."""

from clinic_sessions.domain.drug.drug_balance import Balance
from clinic_sessions.domain.drug.given_doses import given_of
from clinic_sessions.domain.note.note_content import Content, Part, without_empty_columns
from clinic_sessions.domain.note.note_required import Known, Required, missing
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.protocols.protocols import Anchor
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.domain.session.record import BEGINS_DOSE
from clinic_sessions.domain.words import say
from clinic_sessions.models import Draw, DrugLabel, Note, SessionCheck, TreatmentSession, VitalsReading
from clinic_sessions.services.drug import dose_controls, drug
from clinic_sessions.services.effects import none_observed, side_effects
from clinic_sessions.services.note import note_after, note_before, note_dose, note_summary
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.session import facts

OVER = frozenset(
    {
        Status.LEFT,
        Status.DID_NOT_GO_AHEAD,
        Status.TAKEN_TO_HOSPITAL,
        Status.LEFT_AGAINST_ADVICE,
        Status.LEFT_WITHOUT_TELLING_US,
    }
)
"""The patient came, and the visit has ended: its note can be signed."""

_MAKERS = (
    note_summary.summary, note_before.visit, note_before.papers, note_before.before, note_before.asks,
    note_dose.drug_in_hand, note_dose.dose, note_dose.vitals, note_after.effects, note_after.interventions,
    note_after.leaving, note_after.scores, note_after.entries,
)  # fmt: skip


def has_note(treatment: TreatmentSession) -> bool:
    """Whether a visit has a note of this kind: a treatment to which the patient came, over or under way."""
    return treatment.kind is SessionKind.TREATMENT and facts.arrived_at(treatment) is not None


def compose(known: Facts, words: str = "", words_by: str = "") -> Content:
    """Compose the note of a session; the same record and words always make the same note."""
    made = [make(known) for make in _MAKERS]
    parts = [without_empty_columns(part) for part in made if isinstance(part, Part)]
    return Content(parts=parts, words=words, words_by=words_by if words else "")


def lacking(known: Facts) -> dict[Required, str]:
    """Say what the note asks for and the record does not hold, in words."""
    return {one: _named(known, one) for one in missing(_known(known))}


def _named(known: Facts, one: Required) -> str:
    """Say what is missing, and of which side effects."""
    which = _without_outcome(known) if one is Required.EFFECTS_OUTCOME else []
    return ": ".join(filter(None, (say(one), ", ".join(which))))


def _without_outcome(known: Facts) -> list[str]:
    felt = [one.effect for one in known.felt if one.open and one.outcome is None]
    return list(dict.fromkeys(side_effects.label(one) for one in felt))


def _known(known: Facts) -> Known:
    one, events = known.treatment, known.doses
    marks = facts.anchors(events)
    begun, ended = marks.get(Anchor.START), marks.get(Anchor.END)
    readings = known.standing(VitalsReading)
    given = given_of([(event.kind, event.micrograms) for event in events])
    ending = facts.standing_changes(one)
    return Known(
        status=one.status,
        dose_begun=any(event.kind in BEGINS_DOSE for event in events),
        pressure_before=any(r.systolic_mmhg is not None and begun is not None and r.at <= begun for r in readings),
        label=bool(known.standing(DrugLabel)),
        dose_ended=ended is not None,
        amount_known=ended is not None and given.micrograms is not None and not given.at_most,
        drug_left=_is_left(_balance(known)),
        unexplained=any(event.kind in dose_controls.EXPLAINED and not event.words for event in events),
        vitals_after=any(ended is not None and r.at >= ended for r in readings),
        answered={c.item for c in known.all(SessionCheck) if begun is not None and c.at >= begun},
        aldrete=_lacks_aldrete(known),
        effects_told=bool(known.felt or none_observed.answers(known.standing(Note), begun)),
        open_effects=bool(_without_outcome(known)),
        ending_told=bool(ending and ending[-1].words),
    )


def _balance(known: Facts) -> Balance | None:
    return drug.balance(known.treatment, known.standing(DrugLabel), known.standing(Draw), known.doses)


def _is_left(found: Balance | None) -> bool:
    return found is not None and found.left not in {None, 0}


def _lacks_aldrete(known: Facts) -> bool:
    ended = facts.anchors(known.doses).get(Anchor.END)
    asked = known.protocol is not None and known.protocol.observation.aldrete is not None
    scored = any(one.scale is ScaleKey.ALDRETE and ended is not None and one.at >= ended for one in known.scores)
    return asked and not scored
