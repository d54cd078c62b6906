"""Choices among the values of an enumeration."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any

from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from clinic_sessions.domain import words


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Give the choices of a field from values and their words, as this version of WTForms wants them."""
    return [SelectChoice(value, text) for value, text in pairs]


class _Choosing(SelectField):
    """A choice among the values of an enumeration, whose data is a member of it."""

    def __init__(
        self,
        label: str,
        members: type[StrEnum],
        *,
        ask: str,
        said: Mapping[Any, str] | None = None,
        blank: str | None = None,
        only: Collection[StrEnum] | None = None,
        **kwargs: Any,
    ) -> None:
        self.only = list(members) if only is None else only
        listed = [(one.value, (said or {}).get(one) or words.say(one)) for one in self.only]
        choices = options([("", blank)] if blank is not None else []) + options(listed)
        super().__init__(label, choices=choices, coerce=self._coerce, **kwargs)
        self.members, self.ask, self.blank = members, ask, blank

    def _coerce(self, value: Any) -> Any:
        return self.members(value) if value else None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the choice; none, or one that is not offered, asks for it."""
        self.data = None
        typed = valuelist[0] if valuelist else ""
        if typed or self.blank is None:
            try:
                self.data = next(one for one in self.only if one.value == typed)
            except StopIteration:
                raise ValueError(self.ask) from None

    def pre_validate(self, form: Any) -> None:
        """Nothing more to ask: `process_formdata` has."""


class OneOfField(_Choosing, RadioField):
    """A choice shown as rows. The words come from `said`, else from domain/words.py."""

    def __init__(self, label: str, members: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(label, members, **kwargs)
        # The templates show rows to a field of this name.
        self.type = "RadioField"


class PickField(_Choosing):
    """A choice shown as a list that opens; with `blank`, none may be chosen."""
