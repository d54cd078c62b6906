"""What is answered before leaving: taps for what a person looks at, the way home, instructions, belongings."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from wtforms import BooleanField, RadioField

from clinic_sessions.domain.session.ride_calls import CallAnswer
from clinic_sessions.domain.session.session_checks import ASSESSED, CheckItem
from clinic_sessions.forms.asked import AskedForm, Chips
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField, NameField, OneOfField, PhoneField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.services.before.checking import Said

CHIPS: Mapping[CheckItem, Chips] = {
    CheckItem.SEDATION: (("clear", "Fully awake"), ("still", "Still sedated")),
    CheckItem.DISSOCIATION: (("clear", "Gone"), ("still", "Still there")),
    CheckItem.BREATHING: (("clear", "Normal"), ("still", "Not settled")),
    CheckItem.INSTRUCTIONS: (("clear", "Given and understood"),),
    CheckItem.BELONGINGS: (("clear", "Given back"), ("nothing", "Nothing was kept")),
}
"""The taps that answer each question; the first says that nothing stands against leaving."""

_CLEAR, _AGAINST = "clear", "still"


class LeavingForm(AskedForm):
    """Answers before leaving. `meta.contradicted`: what the record says against an answer that all is well."""

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
    sure = BooleanField("Yes, what I saw is so")

    way = CheckItem.WAY_HOME
    asks_sure = False

    def chips(self, item: CheckItem) -> Chips:
        """List the taps that answer a question, the one first after which nothing stands against leaving."""
        return self.ways("None yet") if item is self.way else CHIPS[item]

    def answer(self, item: CheckItem) -> Said:
        """Give an answer in the words that were typed, else in those of the tap."""
        chosen = self[item.value].data
        typed = self[f"{item.value}_words"].data if item in ASSESSED else None
        return Said(item=item, clear=chosen != _AGAINST, words=typed or dict(CHIPS[item])[chosen])

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask once about an answer that a reading or a side effect speaks against."""
        yield from super().against()
        told: Mapping[CheckItem, str] = self.meta.contradicted
        for item, text in told.items():
            if self[item.value].data == _CLEAR and not self.sure.data:
                self.asks_sure = True
                yield self[item.value], text


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
