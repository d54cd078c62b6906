"""What is typed into the note of a session: its words, a signature, an addendum."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Form, HiddenField

from clinic_sessions.domain.note.note_content import AddendumReason, Meaning
from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.domain.words import say
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.choosing import OneOfField, options
from clinic_sessions.forms.fields import BodyField, LineField
from clinic_sessions.forms.keys import KeyedForm

LONGEST = 20_000
"""How many characters one person writes at once."""


class WordsForm(Form):
    """The free words of a note. `version`: the one that the writer began with."""

    body = BodyField("In words", longest=LONGEST)
    version = HiddenField()

    @property
    def words(self) -> str:
        """What was typed; nothing is no words."""
        return self.body.data or ""

    @property
    def seen(self) -> int:
        """The version that the writer began with; 0 for none."""
        return number(self.version.data) or 0


def words_form(typed: Any, held: str) -> WordsForm:
    """Make the form of the words from what was typed; `held`: the words that stand, which a merged text holds too."""
    form = WordsForm()
    form.body.longest = LONGEST + len(held)
    form.process(typed)
    return form


class AddendumForm(KeyedForm):
    """An addendum to a signed note."""

    why = OneOfField("Why it is added", AddendumReason, ask="Choose why it is added.")
    body = BodyField("Addendum", longest=2 * LONGEST, ask="Write the addendum.")


class SignForm(Form):
    """A signature; a field more for each thing that is missing."""

    meaning = OneOfField("What your signature means", Meaning, ask="Choose what your signature means.")
    seen = HiddenField()

    lacking: Sequence[Required] = ()

    @property
    def undone(self) -> Mapping[Required, str]:
        """Why something was not done, for each that was answered."""
        answered = {one: self[name_of(one)].data for one in self.lacking}
        return {one: str(why) for one, why in answered.items() if why}


def name_of(one: Required) -> str:
    """Give the name of the field that asks why something was not done."""
    return f"why_{one.value}"


def sign_form(typed: Any, lacking: Mapping[Required, str], offered: Sequence[Meaning]) -> SignForm:
    """Make the form of a signature for what the note still lacks, with the meanings that this person may choose."""
    fields: dict[str, Any] = {
        name_of(one): LineField(text, ask=f"{text}: record it in the session, or say why it was not done.")
        for one, text in lacking.items()
    }
    form: SignForm = type("AskingSignForm", (SignForm,), {**fields, "lacking": tuple(lacking)})(
        typed, data={"meaning": offered[0] if len(offered) == 1 else None}
    )
    form.meaning.choices = options((one.value, say(one)) for one in offered)
    return form
