"""The link to the questions before a visit: one a screen, kept as they are answered, sent at the end."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.domain.papers import intake as rules
from clinic_sessions.domain.papers.intake import ANSWERS, SEND, FreeText
from clinic_sessions.domain.papers.screening import ScreeningPart
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer
from clinic_sessions.forms.intake import AnswerForm, Screen, TextForm
from clinic_sessions.models import Link, LinkPurpose, Screening
from clinic_sessions.routes.by_link import by_link, public_page
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import session
from clinic_sessions.services.screening import intake
from clinic_sessions.translations import times

bp = Blueprint("intake_link", __name__, url_prefix="/i")
public_page.for_patients(bp)


@dataclass(frozen=True)
class Asked:
    """One request to the questions: the link, what is kept, the screens."""

    link: Link
    row: Screening

    @cached_property
    def parts(self) -> tuple[ScreeningPart, ...]:
        """The questions for this patient."""
        return intake.parts(self.row)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The screens, in order."""
        return rules.steps(self.parts)

    def screen(self, step: str) -> Screen:
        """Make a screen; 404 for a step that is not there."""
        if step not in self.steps or step == SEND:
            abort(404)
        language = public_page.language(self.link).value
        items = (item for part in self.parts for item in part.items)
        return Screen(step=step, language=language, item=next((one for one in items if one.key == step), None))

    def form(self, screen: Screen) -> AnswerForm | TextForm:
        """Make the form of a screen with what is kept."""
        if screen.item is None:
            return screen.text_form(words=self.text(screen.step))
        kept = self.kept(screen.step)
        return screen.answer_form(answer=kept.get("answer"), words=kept.get("words"))

    def kept(self, step: str) -> dict[str, Any]:
        """Give the answer that is kept."""
        return self.row.draft.get(ANSWERS, {}).get(step) or {}

    def text(self, step: str) -> str:
        """Give the free text that is kept."""
        kept = self.row.draft.get(step)
        return "\n".join(kept) if isinstance(kept, list) else kept or ""

    def told(self) -> str | None:
        """Say who calls by when, once an answer meant danger."""
        alert = intake.danger_alert(session(), self.row)
        return public_page.who_calls(self.link, alert) if alert else None


@bp.get("")
@public("a patient by link: the cookie of the link is the key")
def show() -> str:
    """Show the first question that is open, or, once sent, what comes next."""
    asked = _asked()
    if asked.row.status in intake.SENT:
        return _page(asked, "intake/end.html", hours=_hours(asked))
    intake.require_open(asked.row, g.now)
    return _step(asked, rules.first_open(asked.steps, asked.row.draft))


@bp.get("/at/<step>")
@public("a patient by link: the cookie of the link is the key")
def at(step: str) -> str | Response:
    """Show one question, with the answer kept so far."""
    asked = _asked()
    if asked.row.status in intake.SENT:
        return redirect("/i")
    intake.require_open(asked.row, g.now)
    return _step(asked, step)


@bp.post("/at/<step>")
@public("a patient by link: the cookie of the link is the key")
def save(step: str) -> Response | tuple[str, int]:
    """Keep one answer, tell the clinic at once when it means danger, and go on to the next question."""
    asked = _asked(to_change=True)
    if asked.row.status in intake.SENT:
        return redirect("/i", 303)
    intake.require_open(asked.row, g.now)
    screen, skipped = asked.screen(step), "skip" in request.form
    form = screen.text_form(request.form) if screen.item is None else screen.answer_form(request.form)
    if not skipped and screen.fault(form):
        return _question(asked, screen, form), 422
    _keep(asked, screen, None if skipped else form)
    session().commit()
    return redirect(f"/i/at/{asked.steps[asked.steps.index(step) + 1]}", 303)


@bp.post("/send")
@public("a patient by link: the cookie of the link is the key")
def send() -> Response:
    """Send the answers; sending twice sends once."""
    asked = _asked(to_change=True)
    intake.submit(session(), asked.row, now=g.now, by=by_link.by())
    session().commit()
    return redirect("/i", 303)


def _asked(*, to_change: bool = False) -> Asked:
    link = by_link.link_of(LinkPurpose.INTAKE)
    if to_change:
        by_link.require_same(link)
    return Asked(link, intake.load(session(), link.object_id, link.patient_id, to_change=to_change))


def _keep(asked: Asked, screen: Screen, form: AnswerForm | TextForm | None) -> None:
    if screen.item is None:
        written = screen.words(form) if form else None
        is_list = screen.step == FreeText.MEDICINES and written is not None
        value = rules.medicine_lines(written or "") if is_list else written
        intake.save_text(session(), asked.row, FreeText(screen.step), value, now=g.now)
        return
    answer = ItemAnswer(form.answer.data) if isinstance(form, AnswerForm) else None
    words = (screen.words(form) if form else None) or None
    said = " ".join(filter(None, [screen.question, screen.answered(answer), words]))
    intake.save_answer(session(), asked.row, screen.item, answer, words, said=said, now=g.now, by=by_link.by())


def _step(asked: Asked, step: str) -> str:
    if step == SEND:
        return _review(asked)
    screen = asked.screen(step)
    return _question(asked, screen, asked.form(screen))


def _question(asked: Asked, screen: Screen, form: AnswerForm | TextForm) -> str:
    place = asked.steps.index(screen.step)
    return _page(
        asked,
        "intake/question.html",
        screen=screen,
        form=form,
        place=place,
        before=asked.steps[place - 1] if place else None,
        hours=_hours(asked) if place == 0 else None,
    )


def _review(asked: Asked) -> str:
    answers = [(screen, _in_words(asked, screen)) for screen in map(asked.screen, asked.steps[:-1])]
    return _page(asked, "intake/send.html", answers=answers, before=asked.steps[-2], place=len(answers))


def _in_words(asked: Asked, screen: Screen) -> list[str]:
    if screen.item is None:
        return asked.text(screen.step).splitlines()
    kept = asked.kept(screen.step)
    answer = ItemAnswer(kept["answer"]) if kept.get("answer") else None
    return [screen.answered(answer), *filter(None, [kept.get("words")])]


def _page(asked: Asked, template: str, **context: Any) -> str:
    return public_page.page(template, asked.link, told=asked.told(), total=len(asked.steps) - 1, **context)


def _hours(asked: Asked) -> str:
    opened = public_page.clinic_of(asked.link).opening_hours
    weekly = ((row.weekday, row.opens_minute, row.closes_minute) for row in opened)
    return times.hours(public_page.language(asked.link).value, weekly)
