"""Saying what was done about a call that was owed."""

from wtforms import Form

from clinic_sessions.forms.fields import LineField


class DoneForm(Form):
    """Whom somebody spoke with, and what came of it."""

    words = LineField("What was done", ask="Write what was done, such as whom you spoke with and how they are.")
