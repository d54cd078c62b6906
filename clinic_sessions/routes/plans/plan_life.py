"""The life of a plan: pausing it, resuming, reviewing and ending it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.plans import PlanReason, ReviewDecision
from clinic_sessions.forms.plan_life import EndForm, PauseForm, ResumeForm, ReviewForm
from clinic_sessions.models import Plan
from clinic_sessions.routes.plans import plan_page
from clinic_sessions.routes.plans.plans import ONE, Answer
from clinic_sessions.routes.plans.plans import bp as bp
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.services import documents, form_keys
from clinic_sessions.services.plans import plan_life, plans
from clinic_sessions.services.plans.plan_life import Review
from clinic_sessions.services.refusals import Refusal

Form = PauseForm | ResumeForm | EndForm | ReviewForm


@dataclass(frozen=True, kw_only=True)
class Page:
    """How an act's page is headed, what its button says, which fields it asks, and what is told afterwards."""

    key: str
    title: str
    button: str
    told: str
    fields: Sequence[str] = ("words",)
    danger: bool = False


PAUSE = Page(key="pause", title="Pause the plan", button="Pause the plan", told="The plan is paused.")
RESUME = Page(key="resume", title="Resume the plan", button="Resume the plan", told="The plan goes on.")
REVIEW = Page(
    key="review", title="Review the plan", button="Save the review", told="Reviewed.",
    fields=("words", "decision", "next_on", "outcome"),
)  # fmt: skip
END = Page(
    key="end", title="End the plan", button="End the plan", told="The plan has ended.", fields=("outcome", "words"),
    danger=True,
)  # fmt: skip


@bp.get(f"{ONE}/pause")
@needs(Permission.EDIT_PLANS)
def pausing(plan_id: int) -> str:
    """Show the form of a pause."""
    return _open(plan_id, PauseForm, PAUSE)


@bp.post(f"{ONE}/pause")
@needs(Permission.EDIT_PLANS)
def pause(plan_id: int) -> Answer:
    """Pause a plan, with a reason."""
    form = PauseForm(request.form)

    def act(plan: Plan) -> None:
        plan_life.pause(session(), plan, form.words.data, version=form.version.data, now=g.now, by=actor())

    return _post(plan_id, form, PAUSE, act)


@bp.get(f"{ONE}/resume")
@needs(Permission.EDIT_PLANS)
def resuming(plan_id: int) -> str:
    """Show the form of going on."""
    return _open(plan_id, ResumeForm, RESUME)


@bp.post(f"{ONE}/resume")
@needs(Permission.EDIT_PLANS)
def resume(plan_id: int) -> Answer:
    """Let a paused plan go on."""
    form = ResumeForm(request.form)

    def act(plan: Plan) -> None:
        plan_life.resume(session(), plan, form.words.data, version=form.version.data, now=g.now, by=actor())

    return _post(plan_id, form, RESUME, act)


@bp.get(f"{ONE}/review")
@needs(Permission.EDIT_PLANS)
def reviewing(plan_id: int) -> str:
    """Show the form of a review."""
    return _open(plan_id, ReviewForm, REVIEW)


@bp.post(f"{ONE}/review")
@needs(Permission.EDIT_PLANS)
def review(plan_id: int) -> Answer:
    """Keep what a review found; a plan that is to change is changed next."""
    form = ReviewForm(request.form)

    def act(plan: Plan) -> None:
        done = Review(
            found=form.words.data, decision=form.decision.data, next_on=form.next_on.data, outcome=form.outcome.data
        )
        today = plan_page.about(plan_page.patient_of(plan))["today"]
        plan_life.review(session(), plan, done, today=today, version=form.version.data, now=g.now, by=actor())

    changes = form.decision.data is ReviewDecision.CHANGE
    return _post(plan_id, form, REVIEW, act, then="plans.edit" if changes else "plans.show")


@bp.get(f"{ONE}/end")
@needs(Permission.EDIT_PLANS)
def ending(plan_id: int) -> str:
    """Show the form of a plan's end."""
    return _open(plan_id, EndForm, END)


@bp.post(f"{ONE}/end")
@needs(Permission.EDIT_PLANS)
def end(plan_id: int) -> Answer:
    """End a plan of which nothing is to come, with its outcome."""
    form = EndForm(request.form)

    def act(plan: Plan) -> None:
        plan_life.end(
            session(), plan, form.outcome.data, form.words.data, version=form.version.data, now=g.now, by=actor()
        )

    return _post(plan_id, form, END, act)


def _open(plan_id: int, form: type[Form], page: Page) -> str:
    plan = plans.load(session(), plan_id, person())
    return _page(plan, form(data={"version": plan.version, "form_key": form_keys.new()}), page)


def _post(plan_id: int, form: Any, page: Page, act: Callable[[Plan], None], *, then: str = "plans.show") -> Answer:
    """Act once for each showing of the form, and go on."""
    plan = plans.load(session(), plan_id, person(), to_change=True)
    if not form.validate():
        return _page(plan, form, page), 422
    try:
        return _act_once(plan, form, page, act, url_for(then, plan_id=plan_id))
    except Refusal as refusal:
        session().rollback()
        plan = plans.load(session(), plan_id, person())
        form.version.stands(plan.version)
        if PlanReason.REVIEW_NOT_AHEAD in refusal.reasons:
            form.next_on.errors = plan_page.said(refusal)
            return _page(plan, form, page), 409
        return _page(plan, form, page, refusal=plan_page.said(refusal)), 409


def _act_once(plan: Plan, form: Any, page: Page, act: Callable[[Plan], None], then: str) -> Response:
    typed = {name: value for name, value in form.data.items() if name != "form_key"}
    content = {"plan": plan.id, "act": page.key, **typed}
    key = str(form.form_key.data)
    if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
        act(plan)
        form_keys.settle(session(), key, then)
    session().commit()
    flash(page.told)
    return redirect(then, 303)


def _page(plan: Plan, form: Any, page: Page, *, refusal: Sequence[str] = ()) -> str:
    patient = plan_page.patient_of(plan)
    showed("plan", plan.id, patient_id=patient.id)
    return render_template(
        "plans/act.html",
        plan=plan,
        form=form,
        page=page,
        to_come=plans.to_come(session(), plan),
        numbers=documents.thresholds(session()),
        refusal=refusal,
        **plan_page.about(patient),
    )
