"""What may be typed into a draft of a protocol or of the thresholds, and about what becomes of a version."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import BooleanField, Form, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField

from clinic_sessions.domain.protocols import edits
from clinic_sessions.domain.protocols.draft_rows import row_of
from clinic_sessions.domain.protocols.edits import FaultyEdits, Typed
from clinic_sessions.domain.protocols.leaf_words import group_words, say
from clinic_sessions.domain.protocols.leaves import Leaf
from clinic_sessions.domain.protocols.protocol_kinds import EscortKind, Measure, PhaseKind
from clinic_sessions.domain.sourced import YES_OR_NO
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField
from clinic_sessions.forms.keys import KeyedForm

LONGEST = 20_000
REMOVE = {"limits": "Remove this limit", "series": "Remove this phase"}
CODES = {one.value: say(one).lower() for one in (*Measure, *PhaseKind) if "_" in one.value or one in Measure}
_CODED = re.compile(rf"\b({'|'.join(CODES)})\b")
ASKS = "Say why, in 8 to 300 characters: the value is not what is published."


class CopyForm(KeyedForm):
    """A copy of a version."""


class ActForm(Form):
    """An act on a version; `shown` is the state of it that the page showed."""

    shown = HiddenField()


class RetireForm(Form):
    """Taking a version out of use."""

    words = LineField("Why", longest=edits.LONGEST_REASON)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the words."""
        good = super().validate(extra_validators)
        if good and not self.words.data:
            self.words.errors = ["Say why."]
            return False
        return good


class DraftForm:
    """The fields of a draft: one for each leaf that may be changed, and one for each reason. Made for one document."""

    def __init__(
        self, leaves: Sequence[Leaf], sent: Any = None, *, shown: str = "", reasons: Mapping[str, str]
    ) -> None:
        """Make the fields, filled with what was sent, else with what stands."""
        self.leaves = [leaf for leaf in leaves if edits.editable(leaf)]
        self.reasons = dict(reasons)
        self.rows = {row: leaf.path for leaf in reversed(self.leaves) if (row := row_of(leaf.path))}
        fields: dict[str, Any] = {"shown": HiddenField(default=shown)}
        for leaf in self.leaves:
            fields[f"v:{leaf.path}"] = _field(leaf)
            fields[f"r:{leaf.path}"] = StringField(
                f"Why: {leaf.label}", id=f"r-{_id(leaf)}", default=self.reasons.get(leaf.path, "")
            )
        for row in self.rows:
            fields[f"x:{row}"] = BooleanField(REMOVE[row.partition("[")[0]], id=f"x-{_plain_id(row)}")
        made: Any = type("Made", (Form,), {})
        for name, field in fields.items():
            setattr(made, name, field)
        self.form = made(sent)

    @property
    def shown(self) -> str:
        """The state of the draft that the form was filled from."""
        return str(self.form["shown"].data or "")

    @property
    def typed(self) -> Typed:
        """What was typed, by place."""
        values, reasons = {}, {}
        for leaf in self.leaves:
            data = self.value(leaf).data
            values[leaf.path] = "\n".join(data) if isinstance(data, list) else (data or "")[:LONGEST]
            reasons[leaf.path] = self.reason(leaf).data or ""
        return Typed(values=values, reasons=reasons, removed={row for row in self.rows if self.form[f"x:{row}"].data})

    def value(self, leaf: Leaf) -> Any:
        """Give the field of a leaf."""
        return self.form[f"v:{leaf.path}"]

    def reason(self, leaf: Leaf) -> Any:
        """Give the field for the reason of a leaf."""
        return self.form[f"r:{leaf.path}"]

    def removal(self, leaf: Leaf) -> Any:
        """Give the field that takes a leaf's row out of the draft, beside the first leaf of the row; else None."""
        row = row_of(leaf.path)
        return self.form[f"x:{row}"] if row and self.rows[row] == leaf.path else None

    def asks(self, leaf: Leaf) -> bool:
        """Say whether the reason of a leaf is shown: it is asked for, was typed, or stands."""
        field = self.reason(leaf)
        return bool(field.errors or field.data)

    def tell(self, faulty: FaultyEdits) -> None:
        """Put what is wrong beside the fields; what belongs to no single one stands above them."""
        places = {leaf.path: leaf for leaf in self.leaves}
        for path, words in faulty.faults.items():
            said, inside = fault_words(words), _first_under(path, places)
            if inside is not None:
                self.value(inside).errors = [said]
            else:
                whole = fault_words(f"{group_words(path.partition('.')[0])}: {words}")
                self.form.form_errors = [*self.form.form_errors, whole]
        for path in faulty.unexplained & set(places):
            self.reason(places[path]).errors = [ASKS]


def fault_words(words: str) -> str:
    """Say a fault of a protocol as people do: a sentence, in which choices have their own words."""
    said = _CODED.sub(lambda found: CODES[found[0]], words)
    return said[0].upper() + said[1:].rstrip(".") + "."


def _first_under(path: str, places: Mapping[str, Leaf]) -> Leaf | None:
    """Give the leaf at a place, or the first of the part that stands there; None for a whole group."""
    if path in places or "[" not in path:
        return places.get(path)
    return next((leaf for place, leaf in places.items() if place.startswith(f"{path}.")), None)


def _id(leaf: Leaf) -> str:
    return _plain_id(leaf.path)


def _plain_id(path: str) -> str:
    return path.replace("[", "-").replace("]", "").replace(".", "-").replace("_", "-")


def _field(leaf: Leaf) -> Any:
    text, name = edits.text_of(leaf), f"v-{_id(leaf)}"
    if leaf.path == "escort.accepted":
        chosen = list(leaf.value) if isinstance(leaf.value, tuple) else []
        choices = options((one.value, say(one)) for one in EscortKind)
        return SelectMultipleField(leaf.label, choices=choices, default=chosen, id=name, validate_choice=False)
    if leaf.number and leaf.number.unit == YES_OR_NO:
        choices = options((("1", "Yes"), ("0", "No")))
        return RadioField(leaf.label, choices=choices, default=text, id=name, validate_choice=False)
    if isinstance(leaf.value, tuple):
        return TextAreaField(leaf.label, default=text, id=name)
    return StringField(leaf.label, default=text, id=name)
