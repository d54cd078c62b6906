"""For which days the log of controlled doses is asked."""

from wtforms import Form

from clinic_sessions.forms.fields import DayField


class LogForm(Form):
    """The first and the last day; blank means today."""

    first = DayField("From", name="from")
    last = DayField("To", name="to")
