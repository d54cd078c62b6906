"""What may be typed about a patient's risk, and in their safety plan."""

from collections.abc import Mapping, Sequence

from wtforms import SelectField
from wtforms.widgets import HiddenInput

from clinic_sessions.domain.patients.risk import Disposition, RiskLevel, SafetyPlanPart
from clinic_sessions.domain.words import say
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.choosing import OneOfField, options
from clinic_sessions.forms.fields import BodyField, WholeNumberField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import MomentForm

PART = 2000
NEWEST = 999_999_999


class AssessForm(KeyedForm, MomentForm):
    """An assessment of risk, and what was decided; needs `meta`."""

    alert = SelectField("Which alert this answers", choices=[], validate_choice=False)
    level = OneOfField("Risk", RiskLevel, ask="Choose how high the risk is.")
    findings = BodyField("What you found", ask="Write what you found.", render_kw={"rows": "4"})
    disposition = OneOfField("What was decided", Disposition, ask="Choose what was decided.")
    words = BodyField(
        "What was agreed",
        ask="Write what was agreed, with whom, and who follows up when.",
        render_kw={"rows": "4"},
    )

    needs_moment = True

    def offer_alerts(self, alerts: Sequence[tuple[int, str]]) -> None:
        """Set the alerts that it may answer."""
        self.alert.choices = options([("", "None"), *((str(number), text) for number, text in alerts)])

    @property
    def alert_id(self) -> int | None:
        """The alert that was chosen."""
        return number(self.alert.data)


def _part(part: SafetyPlanPart) -> BodyField:
    return BodyField(say(part), longest=PART, render_kw={"rows": "3"})


class SafetyPlanForm(KeyedForm):
    """The parts of a safety plan; `seen` is the plan that the person looked at."""

    seen = WholeNumberField("Seen", low=1, high=NEWEST, widget=HiddenInput())
    warning_signs = _part(SafetyPlanPart.WARNING_SIGNS)
    own_ways = _part(SafetyPlanPart.OWN_WAYS)
    places_and_people = _part(SafetyPlanPart.PLACES_AND_PEOPLE)
    people_to_ask = _part(SafetyPlanPart.PEOPLE_TO_ASK)
    professionals = _part(SafetyPlanPart.PROFESSIONALS)
    safer_place = _part(SafetyPlanPart.SAFER_PLACE)

    @property
    def parts(self) -> Mapping[SafetyPlanPart, str]:
        """The parts that were written."""
        return {part: self[part.value].data for part in SafetyPlanPart if self[part.value].data}
