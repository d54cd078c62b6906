"""The check-in link: one question a screen, kept as it is answered, sent at the end. Never a score to the patient."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.check_ins import SEND, CheckInStatus, first_open
from clinic_sessions.forms import check_in as forms
from clinic_sessions.forms.check_in import Asking, Screen
from clinic_sessions.models import CheckIn, Link, LinkPurpose
from clinic_sessions.routes.by_link import by_link, public_page
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import session
from clinic_sessions.services.booking import appointments
from clinic_sessions.services.messages import check_ins
from clinic_sessions.translations import times

bp = Blueprint("check_in", __name__, url_prefix="/c")
public_page.for_patients(bp)


@dataclass(frozen=True)
class Visit:
    """One request to a check-in: its link, its row, its screens."""

    link: Link
    check_in: CheckIn

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The screens, in order."""
        return check_ins.screens(session(), self.check_in, g.now)

    @cached_property
    def asking(self) -> Asking:
        """What the screens are made from."""
        version = self.check_in.treatment.protocol_version
        return Asking(
            language=public_page.language(self.link).value,
            scale=check_ins.questionnaire(),
            effects=check_ins.side_effect_words(),
            route=version.route if version else None,
            lasting={
                str(one.effect.id): one.effect.kind.value for one in check_ins.lasting_effects(session(), self.check_in)
            },
        )

    def screen(self, step: str) -> Screen:
        """Make a screen of this check-in; 404 for a step that it does not have."""
        if step not in self.steps or step == SEND:
            abort(404)
        return self.asking.screen(step)

    def told(self) -> str | None:
        """Say who calls by when, once an answer meant danger."""
        alert = check_ins.danger_alert(session(), self.check_in)
        return public_page.who_calls(self.link, alert) if alert else None


@bp.get("")
@public("a patient by link: the cookie of the link is the key")
def show() -> str:
    """Show the first question that is open, or, once sent, what comes next."""
    visit = _visit()
    if visit.check_in.status is CheckInStatus.ANSWERED:
        return _end(visit)
    check_ins.require_open(visit.check_in, g.now)
    return _step(visit, first_open(visit.steps, visit.check_in.draft))


@bp.get("/at/<step>")
@public("a patient by link: the cookie of the link is the key")
def at(step: str) -> str | Response:
    """Show one question, with the answer kept so far."""
    visit = _visit()
    if visit.check_in.status is CheckInStatus.ANSWERED:
        return redirect("/c")
    check_ins.require_open(visit.check_in, g.now)
    return _step(visit, step)


@bp.post("/at/<step>")
@public("a patient by link: the cookie of the link is the key")
def save(step: str) -> Response | tuple[str, int]:
    """Keep one answer, tell the clinic at once when it means danger, and go on to the next question."""
    visit = _visit(to_change=True)
    if visit.check_in.status is CheckInStatus.ANSWERED:
        return redirect("/c", 303)
    check_ins.require_open(visit.check_in, g.now)
    screen = visit.screen(step)
    form = forms.form_of(screen, typed=request.form)
    skipped = "skip" in request.form
    wrong = None if skipped else forms.fault(screen, form)
    if wrong:
        form.answer.errors = [public_page.said(visit.link, f"check_in.{wrong}")]
        return _question(visit, screen, form), 422
    value = None if skipped else forms.read(screen, form)
    words = f"{screen.question}{'' if screen.question.endswith('?') else ':'} {forms.in_words(screen, value)}"
    check_ins.save(session(), visit.check_in, step, value, words=words, now=g.now, by=by_link.by())
    following = check_ins.screens(session(), visit.check_in, g.now)
    session().commit()
    return redirect(f"/c/at/{following[following.index(step) + 1]}", 303)


@bp.post("/send")
@public("a patient by link: the cookie of the link is the key")
def send() -> Response:
    """Send the answers for good; sending twice sends once."""
    visit = _visit(to_change=True)
    spoken = public_page.language(visit.link)
    asked = public_page.said(visit.link, "check_in.safety")
    check_ins.submit(session(), visit.check_in, safety_asked=asked, language=spoken, now=g.now, by=by_link.by())
    session().commit()
    return redirect("/c", 303)


def _visit(*, to_change: bool = False) -> Visit:
    link = by_link.link_of(LinkPurpose.CHECK_IN)
    if to_change:
        by_link.require_same(link)
    return Visit(link, check_ins.load(session(), link.object_id, link.patient_id, to_change=to_change))


def _step(visit: Visit, step: str) -> str:
    if step == SEND:
        return _review(visit)
    screen = visit.screen(step)
    return _question(visit, screen, forms.form_of(screen, visit.check_in.draft.get(step)))


def _question(visit: Visit, screen: Screen, form: forms.OneForm | forms.ManyForm) -> str:
    place = visit.steps.index(screen.step)
    return _page(
        visit,
        "check_in/question.html",
        screen=screen,
        form=form,
        place=place,
        before=visit.steps[place - 1] if place else None,
        hours=_hours(visit) if place == 0 else None,
    )


def _review(visit: Visit) -> str:
    answers = []
    for step in visit.steps[:-1]:
        screen, kept = visit.screen(step), visit.check_in.draft.get(step)
        answers.append((screen, None if kept is None else forms.in_words(screen, kept)))
    return _page(visit, "check_in/send.html", answers=answers, before=visit.steps[-2], place=len(answers))


def _end(visit: Visit) -> str:
    coming = appointments.next_visit(session(), visit.link.patient_id, g.now)
    return _page(visit, "check_in/end.html", coming=coming, hours=_hours(visit))


def _page(visit: Visit, template: str, **context: Any) -> str:
    total = len(visit.steps) - 1
    return public_page.page(template, visit.link, told=visit.told(), total=total, **context)


def _hours(visit: Visit) -> str:
    opened = public_page.clinic_of(visit.link).opening_hours
    weekly = ((row.weekday, row.opens_minute, row.closes_minute) for row in opened)
    return times.hours(public_page.language(visit.link).value, weekly)
