"""What may be typed about a patient."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectField, StringField
from wtforms.validators import ValidationError

from clinic_sessions.domain import words
from clinic_sessions.domain.contacts import PregnancyPossible, ToldThrough
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.patients import postal
from clinic_sessions.domain.patients.conditions import CONDITIONS, Condition
from clinic_sessions.domain.patients.weights import WeightUnit, parse_weight
from clinic_sessions.forms.choosing import OneOfField, options
from clinic_sessions.forms.fields import (
    BodyField,
    EmailAddressField,
    LineField,
    NameField,
    PastDateField,
    PhoneField,
    Typed,
    VersionField,
    WholeNumberField,
    not_later,
)
from clinic_sessions.forms.moments import MomentForm
from clinic_sessions.forms.weekdays import WeekdaysField

MOST_NOTICE_HOURS = 14 * 24
ASK_NAME = "Enter the patient's name."
ASK_BIRTH_DATE = "Enter the birth date, like 4/12/1985."
ASK_PHONE = "Enter a phone number with its area code, like (310) 555-0100."
ASK_LANGUAGE = "Choose the language for messages."
ASK_TOLD = "Choose how they said so."
SAID_TO_US = (ToldThrough.PHONE, ToldThrough.IN_PERSON, ToldThrough.SIGNED_FORM)


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


class IdentityForm(Form):
    """The four things without which nobody is registered; needs `meta`."""

    name = NameField("Name", ask=ASK_NAME, render_kw={"autocomplete": "off"})
    birth_date = PastDateField("Birth date", ask=ASK_BIRTH_DATE, render_kw={"autocomplete": "off"})
    phone = PhoneField("Phone", ask=ASK_PHONE, render_kw={"autocomplete": "off"})
    language = OneOfField("Language for messages", Language, ask=ASK_LANGUAGE)


class RegisterForm(IdentityForm):
    """Registering on the phone."""

    seen = HiddenField()
    """Ids of the patients alike who have been shown."""

    def has_seen(self, ids: list[int]) -> bool:
        """Say whether all of these were shown before the form was sent."""
        return {str(one) for one in ids} <= set(str(self.seen.data or "").split(","))


def differences(mine: Form, theirs: Form) -> list[tuple[str, str, str]]:
    """List label, what was typed and what stands, for every field in which two forms of one kind differ."""
    return [
        (one.label.text, in_words(one), in_words(other))
        for one, other in zip(mine, theirs, strict=True)
        if one.name != "version" and one.data != other.data
    ]


def in_words(field: Any) -> str:
    """Say what a field holds, as a person would read it."""
    if field.data is None:
        return "Nothing"
    if isinstance(field, BooleanField):
        return "Yes" if field.data else "No"
    return field.write(field.data) if isinstance(field, Typed | WeekdaysField) else words.say(field.data)


def fitted(shape: Callable[[str], str], text: str, words: str) -> str:
    """Give `shape(text)`; its ValueError becomes these words beside the field."""
    try:
        return shape(text)
    except ValueError:
        raise ValidationError(words) from None


class ContactForm(IdentityForm):
    """Everything needed to reach a patient, and the people around them."""

    version = VersionField()
    preferred_name = NameField("Preferred name")
    pronouns = LineField("Pronouns", longest=60)
    email = EmailAddressField("Email", render_kw={"autocomplete": "off", "spellcheck": "false"})
    email_wish = OneOfField("May we send mail?", YesNo, ask="Choose yes, no or not asked yet.", blank="Not asked yet")
    told_through = OneOfField(
        "How did they say so?", ToldThrough, ask=ASK_TOLD, blank="Nothing new was said", only=SAID_TO_US
    )
    contact_wishes = LineField("Contact wishes")
    days_wanted = WeekdaysField("Days that suit", short=True)
    notice_hours = WholeNumberField("Hours they must know before", low=0, high=MOST_NOTICE_HOURS)
    interpreter = LineField("Interpreter")
    street = LineField("Street")
    city = LineField("City", longest=200)
    state = LineField("State", longest=60)
    postal_code = LineField("ZIP code", longest=20)
    emergency_name = NameField("Name of the emergency contact")
    emergency_relation = LineField("Who they are to the patient", longest=200)
    emergency_phone = PhoneField("Phone of the emergency contact")
    emergency_may_be_called = BooleanField("The patient lets us call them")
    psychiatrist = LineField("Psychiatrist")
    therapist = LineField("Therapist")
    primary_doctor = LineField("Primary doctor")

    def validate_state(self, field: Any) -> None:
        """Write a state of the United States in its two letters."""
        if field.data:
            field.data = postal.state(field.data)

    def validate_postal_code(self, field: Any) -> None:
        """Write a ZIP code one way."""
        if field.data:
            field.data = fitted(postal.zip_code, field.data, "Enter a ZIP code of five digits, like 90012.")

    def validate_emergency_may_be_called(self, field: Any) -> None:
        """Leave to call needs someone to call."""
        if field.data and not self.emergency_phone.data and not self.emergency_phone.process_errors:
            raise ValidationError("Enter the phone number of the emergency contact, or take this tick away.")


class ClinicalForm(Form):
    """The clinical facts that stand on the patient's page."""

    version = VersionField()
    pregnancy_possible = OneOfField("Can become pregnant", PregnancyPossible, ask="Choose yes, no or not asked.")
    allergies = BodyField("Allergies")
    pressure_limit_systolic_mmhg = WholeNumberField("Upper (systolic)", low=60, high=260)
    pressure_limit_diastolic_mmhg = WholeNumberField("Lower (diastolic)", low=30, high=180)
    escort_trouble = LineField("Trouble with the ride home")
    other_alert = LineField("Anything else to take care of")

    def validate_pressure_limit_diastolic_mmhg(self, field: Any) -> None:
        """The lower number is below the upper one."""
        upper = self.pressure_limit_systolic_mmhg.data
        if field.data is not None and upper is not None and field.data >= upper:
            raise ValidationError("The lower number must be below the upper one. Check both.")


_CODES = {"": "Choose one"} | {
    f"{one.value}:{code.code}": f"{facts.label} ({code.code})"
    for one, facts in CONDITIONS.items()
    for code in facts.codes
}


class ConditionForm(Form):
    """One condition with its ICD-10-CM code."""

    chosen = SelectField("Condition and code", choices=options(_CODES.items()), validate_choice=False)

    def validate_chosen(self, field: Any) -> None:
        """The blank first line is no choice, and neither is what the list does not offer."""
        if not field.data or field.data not in _CODES:
            raise ValidationError("Choose a condition from the list.")

    @property
    def condition(self) -> Condition:
        """The condition chosen."""
        return Condition(str(self.chosen.data).partition(":")[0])

    @property
    def icd10_code(self) -> str:
        """The code chosen."""
        return str(self.chosen.data).partition(":")[2]


class WeightForm(MomentForm):
    """A weighing; without date and time it was now. Needs `meta`."""

    weight = StringField("Weight")
    unit = OneOfField("Unit", WeightUnit, ask="Choose lb or kg.")
    sure = BooleanField("Yes, this is right")
    grams = 0

    def validate_weight(self, field: Any) -> None:
        """Read the weight in its unit, once that is chosen."""
        if not (field.data or "").strip():
            raise ValidationError("Enter the weight, like 180 or 81.6.")
        if self.unit.data is not None:
            try:
                self.grams = parse_weight(field.data, self.unit.data)
            except ValueError as error:
                raise ValidationError(str(error)) from None

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse a weighing that has not been yet."""
        good = super().validate(extra_validators)
        if self.moment is not None:
            try:
                not_later(self.moment, self.meta.now)
            except ValidationError as error:
                self.day.errors = [str(error)]
                return False
        return good
