"""Answering a safety alert."""

from wtforms import Form, HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp

MAX_NOTE = 4000


class AnswerForm(Form):
    """What was done, in words; without words nothing is answered."""

    note = TextAreaField(
        "What was done",
        [
            DataRequired("Write what was done, such as whom you spoke with and what was agreed."),
            Regexp(r"[^\x00]*\Z", message="The note holds a character that cannot be kept. Type it again."),
            Length(max=MAX_NOTE, message=f"The note is too long: at most {MAX_NOTE} characters."),
        ],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"rows": "3"},
    )
    version = HiddenField(validators=[Regexp(r"[0-9]{1,9}\Z", message="Reload the page and look again.")])
