"""What the questions before a dose and before leaving share: taps, the way home among them, any of them answered."""

from collections.abc import Iterator, Sequence
from typing import Any

from wtforms import RadioField

from clinic_sessions.domain import words
from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.session_checks import WITH_A_NAME, CheckItem, is_nameless
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import phone_text
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.services.before.checking import Said

KNOWN = "known"
NO_WAY = "none"
Chips = Sequence[tuple[str, str]]


class AskedForm(KeyedForm, ActForm):
    """Questions answered with taps, any of them; after a good `validate`, `said` gives those that were answered.

    Needs `meta` with `protocol`, `asked` (the questions that may be answered with it), and `known`: a way home that is
    known already, with how it is known, or None.
    """

    way: CheckItem
    """Which of the questions is about the way home."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in self.meta.asked:
            field: Any = self[item.value]
            if isinstance(field, RadioField):
                field.choices = options(self.chips(item))

    def chips(self, item: CheckItem) -> Chips:
        """List the taps that answer a question, the one first after which nothing stands."""
        raise NotImplementedError

    def answer(self, item: CheckItem) -> Said:
        """Give the answer to a question that was answered."""
        raise NotImplementedError

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for one answer at least, and for name and phone of a person who takes the patient home."""
        for item in self.meta.asked:
            field: Any = self[item.value]
            if field.data and isinstance(field, RadioField) and field.data not in dict(self.chips(item)):
                yield field, "Choose one of these."
        if not self.errors and not any(self[item.value].data for item in self.meta.asked):
            self.form_errors = ["Answer at least one question."]
        if self.way in self.meta.asked and is_nameless(*self._who()):
            yield from self._without_a_name()

    def _without_a_name(self) -> Iterator[tuple[Any, str]]:
        _, person, phone = self._who()
        fields: tuple[Any, Any] = self[f"{self.way.value}_person"], self[f"{self.way.value}_phone"]
        if not person and not fields[0].errors:
            yield fields[0], "Enter the name of the person who takes them home."
        if not phone and not fields[1].errors:
            yield fields[1], "Enter the phone number at which this person is called."

    def said(self) -> list[Said]:
        """Give the answers in the order of the questions."""
        given = [item for item in self.meta.asked if self[item.value].data]
        return [self._way_home(item) if item is self.way else self.answer(item) for item in given]

    def ways(self, none: str) -> Chips:
        """List the ways home: one that is known, those that the protocol accepts, the others, and `none`."""
        accepted = self.meta.protocol.escort.accepted
        others = [(one.value, f"{words.say(one)}: not accepted here") for one in EscortKind if one not in accepted]
        known = [(KNOWN, f"{self.meta.known[1]}: {way_text(self.meta.known[0])}")] if self.meta.known else []
        return [*known, *((one.value, words.say(one)) for one in accepted), *others, (NO_WAY, none)]

    def _who(self) -> tuple[EscortKind | None, str | None, str | None]:
        chosen = self[self.way.value].data
        person, phone = self[f"{self.way.value}_person"].data, self[f"{self.way.value}_phone"].data
        if chosen == KNOWN and self.meta.known:
            known = self.meta.known[0]
            return known.escort, person or known.person, phone or known.phone
        return next((one for one in EscortKind if one.value == chosen), None), person, phone

    def _way_home(self, item: CheckItem) -> Said:
        kind, person, phone = self._who()
        return Said(item=item, clear=kind is not None, escort=kind, person=person, phone=phone)


def way_text(known: Any) -> str:
    """Say a way home in one line; of a person whose phone is not known, that too."""
    phone = phone_text(known.phone) if known.phone else "no phone noted" if known.escort in WITH_A_NAME else None
    return ", ".join(one for one in (words.say(known.escort) if known.escort else None, known.person, phone) if one)
