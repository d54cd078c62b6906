"""A plan's authorizations, and where what is given under it comes from."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.plan_papers import AuthorisationForm, ProductForm
from clinic_sessions.models import Plan
from clinic_sessions.routes.plans import plan_page
from clinic_sessions.routes.plans.plan_papers import bp as bp
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.plans import authorisations, plans
from clinic_sessions.services.plans.authorisations import AuthorisationRequest, Product
from clinic_sessions.services.refusals import Refusal

ALL = "/plans/<int:plan_id>/authorisations"

Answer = str | Response | tuple[str, int]


@bp.get(ALL, endpoint="authorisations")
@needs(Permission.SEE_PLANS)
def index(plan_id: int) -> str:
    """Show a plan's authorizations with what is used, and its product."""
    return _page(plans.load(session(), plan_id, person()))


@bp.post(ALL)
@needs(Permission.EDIT_AUTHORISATIONS)
def add(plan_id: int) -> Answer:
    """Keep what a payer has allowed."""
    plan, form = plans.load(session(), plan_id, person(), to_change=True), AuthorisationForm(request.form)

    def act() -> None:
        wanted = {name: value for name, value in form.data.items() if name != "form_key"}
        authorisations.add(session(), plan, AuthorisationRequest(**wanted), now=g.now, by=actor())

    return _post(plan, form, "add", act, "Authorization saved.", authorisation=form)


@bp.post(f"{ALL}/<int:authorisation_id>/end")
@needs(Permission.EDIT_AUTHORISATIONS)
def end(plan_id: int, authorisation_id: int) -> Answer:
    """Let an authorization count no more; it stays readable."""
    plan, form = plans.load(session(), plan_id, person(), to_change=True), KeyedForm(request.form)

    def act() -> None:
        authorisations.end(session(), plan, authorisation_id, now=g.now, by=actor())

    return _post(plan, form, f"end {authorisation_id}", act, "The authorization counts no more.")


@bp.post("/plans/<int:plan_id>/product")
@needs(Permission.EDIT_AUTHORISATIONS)
def product(plan_id: int) -> Answer:
    """Say where what is given comes from, and whether it is here."""
    plan = plans.load(session(), plan_id, person(), to_change=True)
    form = ProductForm(request.form, prefix="product-", meta=_meta(plan))

    def act() -> None:
        wanted = Product(source=form.source.data, words=form.words.data, arrived_on=form.arrived_on.data)
        authorisations.set_product(session(), plan, wanted, version=form.version.data, now=g.now, by=actor())

    return _post(plan, form, "product", act, "Saved.", product=form)


def _post(plan: Plan, form: Any, name: str, act: Callable[[], None], told: str, **shown: Any) -> Answer:
    """Act once for each showing of a form; a refusal shows the page again with what was typed."""
    plan_id, here = plan.id, url_for("plan_papers.authorisations", plan_id=plan.id)
    if not form.validate():
        return _page(plan, **shown), 422
    content = {"plan": plan_id, "form": name, **{k: v for k, v in form.data.items() if k != "form_key"}}
    key = str(form.form_key.data)
    try:
        if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
            act()
            form_keys.settle(session(), key, here)
    except Refusal as refusal:
        session().rollback()
        plan = plans.load(session(), plan_id, person())
        if "product" in shown:
            form.version.stands(plan.version)
        return _page(plan, refusal=plan_page.said(refusal), **shown), 409
    session().commit()
    flash(told)
    return redirect(here, 303)


def _page(
    plan: Plan, *, authorisation: AuthorisationForm | None = None, product: ProductForm | None = None,
    refusal: Sequence[str] = (),
) -> str:  # fmt: skip
    patient = plan_page.patient_of(plan)
    showed("plan", plan.id, patient_id=patient.id)
    return render_template(
        "plan_papers/authorisations.html",
        plan=plan,
        cover=authorisations.of_plan(session(), plan.id),
        authorisation=authorisation or AuthorisationForm(data={"form_key": form_keys.new()}),
        product=product or _product(plan),
        typed=authorisation or product,
        new_key=form_keys.new,
        refusal=refusal,
        **plan_page.about(patient),
    )


def _product(plan: Plan) -> ProductForm:
    stands = {
        "version": plan.version, "source": plan.product, "words": plan.product_words,
        "arrived_on": plan.product_arrived_on, "form_key": form_keys.new(),
    }  # fmt: skip
    return ProductForm(prefix="product-", meta=_meta(plan), data=stands)


def _meta(plan: Plan) -> dict[str, Any]:
    return meta(g.now, clinic_for(plan_page.patient_of(plan)).zone)
