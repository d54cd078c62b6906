"""What a provider was asked and what they answered, as lines of a session's timeline."""

from collections.abc import Iterable, Iterator

from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.wall_time import offset_text
from clinic_sessions.domain.words import say, say_outside
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession
from clinic_sessions.services.session.timeline import Line


def among(treatment: TreatmentSession, asks: Iterable[ProviderAsk], others: Iterable[Line]) -> list[Line]:
    """Give the lines of a session with those about a provider among them, the newest first."""
    return sorted([*others, *lines(treatment, asks)], key=lambda line: (line.at, line.order), reverse=True)


def lines(treatment: TreatmentSession, asks: Iterable[ProviderAsk]) -> Iterator[Line]:
    """List every question to a provider before a gate, and every answer."""
    for question in asks:
        yield _line(treatment, question, "ask", *asked(question))
        for answer in question.answers:
            yield _line(treatment, answer, "person", *answered(answer))


def asked(question: ProviderAsk) -> tuple[str, str]:
    """Say what a provider was asked, and about what."""
    about = " ".join(say_outside(reason) for reason in question.reasons)
    detail = "\n".join(text for text in (about, question.words) if text)
    return f"{say(question.gate)}: a provider was asked", detail


def answered(answer: ProviderAnswer) -> tuple[str, str]:
    """Say what a provider answered, and with which words."""
    return _title(answer), _detail(answer)


def _title(answer: ProviderAnswer) -> str:
    until = f", {_minutes(answer)} minutes" if answer.answer is Answer.WAIT else ""
    return f"{say(answer.gate)}: {say(answer.answer).lower()}{until}"


def _minutes(answer: ProviderAnswer) -> int:
    return round((answer.until - answer.at).total_seconds() / 60) if answer.until else 0


def _detail(answer: ProviderAnswer) -> str:
    weighed = " ".join(say_outside(reason) for reason in answer.reasons)
    lifted = f"Weighed: {weighed}" if answer.answer is Answer.GO_AHEAD and weighed else ""
    signed = "Signed on a tablet of somebody else." if answer.on_tablet_of_id else ""
    return "\n".join(text for text in (answer.words, lifted, signed) if text)


def _line(treatment: TreatmentSession, row: ProviderAsk | ProviderAnswer, icon: str, title: str, detail: str) -> Line:
    return Line(
        at=row.at, order=row.id, icon=icon, title=title, detail=detail, author=row.by.name,
        offset=offset_text(row.at, treatment.dose_started_at), recorded_at=row.recorded_at, late=row.late,
    )  # fmt: skip
