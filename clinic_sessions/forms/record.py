"""What a nurse records of the dose, and notes."""

from collections.abc import Iterator
from typing import Any

from wtforms import SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.session.record import NONE_SO_FAR, DoseEventKind
from clinic_sessions.forms.acts import ActForm, DosedForm, MgField
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.countersign import WitnessForm
from clinic_sessions.forms.fields import BodyField, LineField, OneOfField

PHRASES = (
    "Comfortable, vital signs steady.",
    "Talked through what to expect.",
    "Escort is here.",
    "Went through the going-home advice with patient and escort.",
    "Provider informed.",
    NONE_SO_FAR,
)


class DoseForm(DosedForm):
    """Something that happened to the dose."""

    kind = OneOfField("What happened", DoseEventKind, ask="Choose what happened.")
    rate = MgField("Rate in mg an hour")
    words = LineField("In words")

    NEEDS_MG = frozenset({DoseEventKind.STARTED, DoseEventKind.GIVEN, DoseEventKind.WASTED})
    ELSEWHERE = frozenset({DoseEventKind.DEVICE, DoseEventKind.WASTED})
    """A device has its label, and waste a second person: they have pages of their own, and are only corrected here."""

    OF_INFUSIONS = frozenset({DoseEventKind.PAUSED, DoseEventKind.RESUMED, DoseEventKind.RATE_CHANGED})

    witness_id: int | None = None
    """Who saw a waste besides the author, once their signature is taken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [one for one in DoseEventKind if self._offers(one)]
        self.kind.choices = options((one.value, words.say(one)) for one in offered)

    def _offers(self, kind: DoseEventKind) -> bool:
        if kind is DoseEventKind.WITHDRAWN or (kind in self.ELSEWHERE and not self.corrects.data):
            return False
        if kind in self.OF_INFUSIONS and not self.meta.infused and not self.corrects.data:
            return False
        return kind is not (DoseEventKind.STARTED if self.meta.devices else DoseEventKind.DEVICE)

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the numbers that the event needs."""
        if self.kind.data is DoseEventKind.WITHDRAWN:
            yield self.kind, "Choose what happened."
        if self.kind.data in self.ELSEWHERE and not self.corrects.data:
            yield self.kind, "Enter this in the drug part of the session: it takes a label, or a second person."
        if self.kind.data in self.NEEDS_MG and self.mg.data is None and not self.mg.errors:
            yield self.mg, "Enter the dose in mg, like 40 or 40.25."
        if self.kind.data is DoseEventKind.RATE_CHANGED and self.rate.data is None and not self.rate.errors:
            yield self.rate, "Enter the new rate in mg an hour."
        yield from self.dose_doubts()


class CorrectedDoseForm(DoseForm, WitnessForm):
    """A correction of a dose event; another amount of waste than was seen asks a second person, as the waste did.

    `meta.seen`: the micrograms of waste that a second person has seen, None when nobody has.
    """

    @property
    def is_waste(self) -> bool:
        """Whether it says what was wasted."""
        return self.kind.data is DoseEventKind.WASTED

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask who saw the amount."""
        yield from super().against()
        if self.is_waste and self.mg.data is not None and self.mg.data != self.meta.seen:
            yield from self.unwitnessed()


class NoteForm(ActForm):
    """A note: quick phrases, free words, or both."""

    phrases = SelectMultipleField(
        "Quick phrases", choices=options((str(n), text) for n, text in enumerate(PHRASES)), validate_choice=False
    )
    body = BodyField("Note")

    @property
    def text(self) -> str:
        """The whole note."""
        chosen = [PHRASES[int(value)] for value in self.phrases.data or []]
        return "\n".join([*chosen, *([self.body.data] if self.body.data else [])])

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for words."""
        known = {str(n) for n in range(len(PHRASES))}
        if not set(self.phrases.data or []) <= known:
            yield self.phrases, "Choose among these phrases."
        elif not self.body.errors and not self.text.strip():
            yield self.body, "Write the note, or choose a phrase."
