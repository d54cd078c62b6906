"""How a view takes a second person's signature on the tablet of whoever is signed in.

The view is declared with `@needs(..., opens_write=False)`; its write transaction opens once the password is checked.
"""

from typing import Any

from flask import g, request

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.countersign import CountersignForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.present import actor, person, session
from clinic_sessions.services.accounts import countersign
from clinic_sessions.services.actor import Actor


def meta(treatment: TreatmentSession, needs: Permission) -> dict[str, Any]:
    """Give what a form with a signature must know: who of the session's clinic may sign, besides who is signed in."""
    people = countersign.people(session(), treatment.clinic_id, needs, but=person())
    return {"signers": [(user.email, user.name) for user in people]}


def signer(form: CountersignForm, treatment: TreatmentSession, needs: Permission) -> Actor | None:
    """Check who signs and open the write transaction; give them as the actor of what they signed.

    None when the signature is not taken: the form says why, and the failed try is counted. Load the session again
    under its lock before changing it.
    """
    by, clinic_id = actor(), treatment.clinic_id
    try:
        user = countersign.person(
            session(), str(form.signer.data), str(form.signer_password.data),
            needs=needs, not_user=person(), clinic_id=clinic_id, now=g.now, address=request.remote_addr or "",
        )  # fmt: skip
    except countersign.NotSigned as refusal:
        session().commit()
        form.signer_password.errors = [words.say(reason) for reason in refusal.reasons]
        return None
    return countersign.acting(user, needs, on=by)
