"""What may be typed about a consent: how the patient was told, what was signed, and what became of it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectField
from wtforms.validators import ValidationError

from clinic_sessions.domain import words
from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.papers.consents import Strokes, UnreadableSignature, read_strokes
from clinic_sessions.domain.papers.papers import InterpretedBy
from clinic_sessions.forms.choosing import OneOfField, options
from clinic_sessions.forms.fields import DayField, LineField, NameField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import MomentForm
from clinic_sessions.forms.patients import ASK_TOLD, SAID_TO_US, YesNo

LANGUAGES = {Language.EN: "English", Language.ES: "Spanish"}
ASK_NAME = "Type the full name as it is signed."
LONGEST_NAME = 200


class Through(StrEnum):
    """Who put it into the patient's language; that nobody did is said, never assumed of somebody who needs one."""

    NOBODY = "none"
    IN_PERSON = InterpretedBy.IN_PERSON.value
    PHONE = InterpretedBy.PHONE.value
    VIDEO = InterpretedBy.VIDEO.value


THROUGH = {Through.NOBODY: "No interpreter", **{Through(one.value): words.say(one) for one in InterpretedBy}}


class TalkForm(Form):
    """How the patient was told; needs `offer`."""

    plan = HiddenField()
    protocol = HiddenField()
    language = OneOfField("Language of the text", Language, ask="Choose the language.", said=LANGUAGES)
    interpreted_by = OneOfField(
        "Interpreter", Through, ask="Choose how an interpreter took part, or that there was none.", said=THROUGH
    )
    interpreter = LineField("Interpreter's name or number", longest=LONGEST_NAME)
    read_aloud = BooleanField("All of it was read aloud to the patient")
    witness = SelectField("Witness", validate_choice=False)

    def offer(self, witnesses: Iterable[tuple[int, str]]) -> None:
        """Offer who may be the witness, and check the choice against it."""
        self.witness.choices = options([(str(user_id), name) for user_id, name in witnesses])

    def validate_interpreter(self, field: Any) -> None:
        """An interpreter has a name or a number; where there was none, nobody is named."""
        if field.process_errors or self.interpreted_by.process_errors:
            return
        if self.through is not None and not field.data:
            raise ValidationError("Enter the interpreter's name or number, or choose that there was none.")
        if self.through is None and field.data:
            raise ValidationError("Leave this blank, or choose how the interpreter took part.")

    def validate_witness(self, field: Any) -> None:
        """The witness is somebody of the list."""
        if str(field.data) not in {str(choice.value) for choice in field.choices or []}:
            raise ValidationError("Choose the witness from the list.")

    @property
    def through(self) -> InterpretedBy | None:
        """How an interpreter took part; None: there was none."""
        said = self.interpreted_by.data
        return None if said in {None, Through.NOBODY} else InterpretedBy(said.value)

    @property
    def witness_id(self) -> int:
        """Who saw it, after a good `validate`."""
        return int(str(self.witness.data))


class SetUpForm(TalkForm):
    """What staff enter before the patient reads; needs `meta`."""

    until = DayField("Holds until")


class SignForm(KeyedForm):
    """What the patient signs on the screen; the rest of it was set up before."""

    document = HiddenField()
    signed_name = NameField("Your full name", ask=ASK_NAME, render_kw={"autocomplete": "off", "spellcheck": "false"})
    sure = BooleanField("Yes, this name is right")
    strokes = HiddenField()
    drawn: Strokes | None = None

    def validate_strokes(self, field: Any) -> None:
        """A drawn signature is kept as it was drawn, or not at all."""
        try:
            self.drawn = read_strokes(field.data or "")
        except UnreadableSignature:
            field.data = ""
            raise ValidationError("The drawing could not be read. Draw it again, or leave it out.") from None


class PaperForm(KeyedForm, TalkForm, MomentForm):
    """What was signed on paper; needs `meta`, `offer` and the texts that may have been signed."""

    needs_moment = True
    document = SelectField("Text that was signed", validate_choice=False)
    signed_name = NameField("Name as signed", ask=ASK_NAME, render_kw={"autocomplete": "off", "spellcheck": "false"})
    sure = BooleanField("Yes, this name is right")
    paper_reference = LineField("Reference of the scan", ask="Enter where the scan is kept.")
    until = DayField("Holds until")

    def offer_texts(self, texts: Iterable[tuple[int, str]]) -> None:
        """Offer the texts that the paper may have been of."""
        self.document.choices = options([(str(text_id), name) for text_id, name in texts])

    def validate_document(self, field: Any) -> None:
        """The text is one of the list."""
        if str(field.data) not in {str(choice.value) for choice in field.choices or []}:
            raise ValidationError("Choose the text that was signed.")


class ChoseNotForm(KeyedForm, TalkForm):
    """The patient chose not to consent; needs `offer`."""

    words = LineField("What the patient said", ask="Enter what the patient said.")


class MindForm(KeyedForm, MomentForm):
    """The patient changed their mind; without date and time it was now. Needs `meta`."""

    words = LineField("What the patient said", ask="Enter what the patient said.")


class MistakeForm(KeyedForm):
    """A consent was entered by mistake."""

    words = LineField("What was wrong", ask="Enter what was wrong.")


class WishForm(KeyedForm):
    """What a patient said of being written to."""

    channel = OneOfField("Channel", Channel, ask="Choose mail or texts.", only=(Channel.EMAIL, Channel.SMS))
    wanted = OneOfField("May we write?", YesNo, ask="Choose yes or no.")
    told_through = OneOfField("How did they say so?", ToldThrough, ask=ASK_TOLD, only=SAID_TO_US)
