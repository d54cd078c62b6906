"""What is answered before leaving: taps for what a person looks at, the way home, instructions, belongings."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from wtforms import RadioField

from clinic_sessions.domain import words
from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.leaving import WITH_A_NAME
from clinic_sessions.domain.session.ride_calls import CallAnswer
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField, NameField, OneOfField, PhoneField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.services.before.checking import Said

ARRANGED = "arranged"
NO_WAY_HOME = "none"
CHIPS: Mapping[CheckItem, tuple[tuple[str, str], ...]] = {
    CheckItem.SEDATION: (("clear", "Fully awake"), ("still", "Still sedated")),
    CheckItem.DISSOCIATION: (("clear", "Gone"), ("still", "Still there")),
    CheckItem.BREATHING: (("clear", "Normal"), ("still", "Not settled")),
    CheckItem.INSTRUCTIONS: (("clear", "Given and understood"),),
    CheckItem.BELONGINGS: (("clear", "Given back"), ("nothing", "Nothing was kept")),
}
"""The taps that answer each question; the first says that nothing stands against leaving."""

_AGAINST = "still"


class LeavingForm(ActForm):
    """Answers before leaving, any of them; after a good `validate`, `said` gives those that were given.

    Needs `meta` with `accepted` (the ways home that the protocol accepts), `arranged` (the way home as it was arranged
    before the dose, or None) and `asked`: the questions that may be answered with it.
    """

    sedation = RadioField("Sedation", validate_choice=False)
    sedation_words = LineField("What is seen")
    dissociation = RadioField("Dissociation", validate_choice=False)
    dissociation_words = LineField("What they say")
    breathing = RadioField("Breathing", validate_choice=False)
    breathing_words = LineField("What is seen")
    way_home = RadioField("Way home", validate_choice=False)
    way_home_person = NameField("Who takes them home")
    way_home_phone = PhoneField("Phone")
    instructions = RadioField("Instructions for the way home", validate_choice=False)
    belongings = RadioField("Belongings", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in self.meta.asked:
            field: Any = self[item.value]
            field.choices = options(self._chips(item))

    def _chips(self, item: CheckItem) -> list[tuple[str, str]]:
        if item is not CheckItem.WAY_HOME:
            return list(CHIPS[item])
        accepted = self.meta.accepted
        others = [(one.value, f"{words.say(one)}: not accepted here") for one in EscortKind if one not in accepted]
        known = self.meta.arranged
        arranged = [(ARRANGED, f"Here, as arranged: {arranged_text(known)}")] if known else []
        return [*arranged, *((one.value, words.say(one)) for one in accepted), *others, (NO_WAY_HOME, "None yet")]

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for one answer at least, and for the name of whoever takes the patient home."""
        for item in self.meta.asked:
            if self[item.value].data and self[item.value].data not in dict(self._chips(item)):
                yield self[item.value], "Choose one of these."
        if not self.errors and not any(self[item.value].data for item in self.meta.asked):
            self.form_errors = ["Answer at least one question."]
        if self._needs_name() and not self.way_home_person.errors:
            yield self.way_home_person, "Enter the name of the person who takes them home."

    def _needs_name(self) -> bool:
        if CheckItem.WAY_HOME not in self.meta.asked or self.way_home.data in {None, NO_WAY_HOME}:
            return False
        kind, person, _ = self._way()
        return kind in WITH_A_NAME and not person

    def _way(self) -> tuple[EscortKind | None, str | None, str | None]:
        person, phone = self.way_home_person.data, self.way_home_phone.data
        if self.way_home.data == ARRANGED and self.meta.arranged:
            known = self.meta.arranged
            return known.escort, person or known.person, phone or known.phone
        return next((one for one in EscortKind if one.value == self.way_home.data), None), person, phone

    def said(self) -> list[Said]:
        """Give the answers in the order of the questions."""
        given = [item for item in self.meta.asked if self[item.value].data]
        return [_SAID.get(item, LeavingForm._plain)(self, item) for item in given]

    def _way_home(self, item: CheckItem) -> Said:
        kind, person, phone = self._way()
        return Said(item=item, clear=kind is not None, escort=kind, person=person, phone=phone)

    def _plain(self, item: CheckItem) -> Said:
        chosen = self[item.value].data
        typed = self[f"{item.value}_words"].data if f"{item.value}_words" in self else None
        return Said(item=item, clear=chosen != _AGAINST, words=typed or dict(CHIPS[item])[chosen])


_SAID: Mapping[CheckItem, Callable[[LeavingForm, CheckItem], Said]] = {CheckItem.WAY_HOME: LeavingForm._way_home}


def arranged_text(known: Any) -> str:
    """Say a way home that was arranged, in one line."""
    return ", ".join(one for one in (words.say(known.escort) if known.escort else None, known.person) if one)


class CallForm(KeyedForm):
    """A call about the way home: whom, and what came of it."""

    contact = RadioField("Called", validate_choice=False)
    answer = OneOfField("What came of it", CallAnswer, ask="Choose what came of it.")
    words = LineField("In words")

    _known: Collection[str] = ()

    def offer(self, contacts: Mapping[str, str]) -> None:
        """Offer the people on the call list."""
        self._known = list(contacts)
        self.contact.choices = options(contacts.items())

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for somebody on the list."""
        good = super().validate(extra_validators)
        if self.contact.data not in self._known:
            self.contact.errors = ["Choose who was called."]
            return False
        return good
