"""Whom I name to decide in my place while I am away."""

from datetime import datetime, time, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.away import AwayForm
from app.queries import people
from app.queries.choices import Choices
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import people as services
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language, zone
from app.web.redirects import done

bp = Blueprint("delegations", __name__, url_prefix="/approvals/away")


@bp.get("/")
@permission("delegation.set")
def show() -> ResponseReturnValue:
    """Show whom I named, and the form for another."""
    with unit_of_work(me()) as uow:
        return _page(uow, AwayForm(language=current_language()))


@bp.post("/")
@permission("delegation.set")
def create() -> ResponseReturnValue:
    """Name somebody for some days, the last one included."""
    with unit_of_work(me()) as uow:
        form = AwayForm(request.form, language=current_language())
        if not form.validate() or not form.find(Choices(uow.session)):
            return _page(uow, form), 422
        try:
            _delegate(uow, form)
        except Invalid as wrong:
            form.refuse(wrong.fields)
            return _page(uow, form), 422
    return done(t("Saved. Both of you see it in your approvals."), ".show")


@bp.post("/<int:delegation>/end")
@permission("delegation.set")
def end(delegation: int) -> ResponseReturnValue:
    """End it now."""
    with unit_of_work(me()) as uow:
        services.cancel_delegation(uow, delegation)
    return done(t("From now on you decide yourself again."), ".show")


def _delegate(uow: UnitOfWork, form: AwayForm) -> None:
    person = people.by_login(uow.session, str(form.delegate.data))
    starts = datetime.combine(form.starts_on.data, time.min, zone())
    ends = datetime.combine(form.ends_on.data + timedelta(days=1), time.min, zone())
    services.delegate(uow, person.id if person else 0, starts, ends)


def _page(uow: UnitOfWork, form: AwayForm) -> str:
    named = people.delegations(uow.session, uow.actor.id or 0)
    return render_template("approvals/away.html", form=form, named=named, now=now(), wrong=bool(form.error_summary()))
