"""What every table stands on: names of constraints, checked enumerations, instants that are always aware UTC."""

import enum
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """An instant: refuses naive values, gives aware UTC. SQLite drops the zone, so it is put back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive values and write in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read what SQLite kept as text at once, and each instant once: a day's page holds hundreds of few."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=4096)
def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


class Choice(sa.Enum):
    """A checked enumeration whose values are looked up directly: a day's page reads hundreds."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Give the member of a value; an unknown one raises KeyError."""
        members: Iterable[enum.Enum] = self.enum_class or ()
        return {None: None, **{member.value: member for member in members}}.__getitem__


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


def choice(members: type[enum.StrEnum], name: str) -> sa.Enum:
    """Give the checked type of an enumeration whose check needs a name of its own, as when a table has two of it."""
    return Choice(members, name=name, native_enum=False, create_constraint=True, values_callable=_values, length=40)


class Base(DeclarativeBase):
    """The registry of all tables."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        enum.StrEnum: Choice(
            enum.StrEnum, native_enum=False, create_constraint=True, values_callable=_values, length=40
        ),
        datetime: UTCDateTime(),
        list[str]: sa.JSON(),
        dict[str, Any]: sa.JSON(),
    }


Id = Annotated[int, mapped_column(primary_key=True)]
Name = Annotated[str, mapped_column(sa.String(200))]
Line = Annotated[str, mapped_column(sa.String(300))]
Body = Annotated[str, mapped_column(sa.Text)]
Digest = Annotated[str, mapped_column(sa.String(64))]


def positive_span(name: str = "ends_after_start", start: str = "starts_at", end: str = "ends_at") -> sa.CheckConstraint:
    """Give the check that a stretch of time ends after it starts."""
    return sa.CheckConstraint(f"{end} > {start}", name=name)


class Versioned:
    """Two people who change one row: the second is refused, not silently merged."""

    version: Mapped[int] = mapped_column(default=1)
