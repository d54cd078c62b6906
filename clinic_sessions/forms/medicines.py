"""What may be typed about a patient's medicines, their warnings, and earlier treatments."""

from typing import Any

from wtforms import Form, HiddenField

from clinic_sessions.domain.papers.screening_kinds import MedicineClass, TreatmentResponse
from clinic_sessions.domain.protocols.protocol_kinds import Route
from clinic_sessions.forms.acts import MgField
from clinic_sessions.forms.choosing import OneOfField, PickField
from clinic_sessions.forms.fields import LineField
from clinic_sessions.forms.keys import KeyedForm

NAME = 200
ROUTES = {Route.IV: "IV", Route.IN_: "Nasal", Route.IM: "IM"}


class MedicineForm(KeyedForm):
    """A medicine that the patient takes."""

    name = LineField("Medicine", longest=NAME, ask="Enter the name of the medicine, generic or brand.")
    dose_words = LineField("Dose and how often", longest=NAME)
    daily = MgField("For a benzodiazepine: mg a day")
    kind = PickField("Kind", MedicineClass, ask="Choose a kind from the list.", blank="As the name says")


class EarlierForm(KeyedForm):
    """An earlier treatment."""

    treatment = LineField("Treatment", longest=NAME, ask="Enter what the treatment was.")
    when = LineField("When", longest=NAME)
    response = OneOfField("How it went", TreatmentResponse, ask="Choose how it went.")
    remarks = LineField("In words")


class AcknowledgeForm(Form):
    """That a warning was read, in the words that were shown."""

    warning = HiddenField()
    words = LineField("In words")

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; without a warning there is nothing to acknowledge."""
        return super().validate(extra_validators) and bool(self.warning.data)


class AskForm(KeyedForm):
    """For which route a patient is asked the questions before a visit."""

    route = OneOfField("Questions for", Route, ask="Choose for which route to ask.", said=ROUTES)
