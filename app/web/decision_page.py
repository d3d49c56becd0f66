"""The page on which one decides: what, what it costs, why, who, what would be done, and what was before (ux 24)."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, render_template

from app.forms.approvals import NamedForm
from app.models.requests import Item
from app.queries import access, approvals, catalog, progress, requests
from app.rules import plans
from app.rules.actions import ACTIONS
from app.rules.catalog import conditions
from app.rules.catalog.items import Item as Offer
from app.rules.plans import Planned
from app.rules.words import Text
from app.services.approvals import is_stuck
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import navigation
from app.web.allowed import allowed
from app.web.answers import shown
from app.web.current import me, now
from app.web.form_pages import unkept
from app.web.preferences import current_language


@dataclass(frozen=True)
class StepShown:
    """One step: words, whether the desk does it by itself and can take it back, and its plan where there is one."""

    words: Text
    is_automatic: bool
    is_final: bool
    planned: Planned | None


def page(
    number: str, *, address: str, errors: Mapping[str, str] | None = None, comment: str = "", named: NamedForm | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    """Return the page about one item; `address` is where its decision is sent."""
    with unit_of_work(me()) as uow:
        item, rounds = requests.item_with_rounds(uow.session, uow.actor, number)
        offer = catalog.version(uow.session, item.catalog_hash)
        asked = approvals.question(uow.session, uow.actor, number)
        stuck = [each for each in rounds[-1].approvals if is_stuck(each)] if rounds and rounds[-1].state == "open" else []
        may = allowed(uow, item, "item.name_approver") if stuck else frozenset()
        body = render_template(
            "approvals/show.html", item=item, rounds=rounds, offer=offer, errors=errors or {}, comment=comment, now=now(),
            steps=_steps(uow, item, offer), rows=shown(uow.session, offer, item.answers), seat=asked, address=address,
            equals=len(approvals.equals(uow.session, uow.actor, asked.shape)) if asked and navigation.waiting("approvals.waiting") > 1 else 0,
            extends=access.extended_by(uow.session, item.id),
            talk=approvals.talk(uow.session, item.id), earlier=approvals.earlier(uow.session, item), stuck=stuck,
            may_name="item.name_approver" in may and item.requester_id != uow.actor.id,
            named=named or NamedForm(language=current_language()), wrong=status == 422,
        )  # fmt: skip
    return unkept(body, status)


def _steps(uow: UnitOfWork, item: Item, offer: Offer) -> list[StepShown]:
    planned = plans.read(item.plan)
    steps = conditions.in_force(offer, item.answers).steps
    words = progress.words(uow.session, item, offer, current_language())
    return [
        StepShown(text, step.is_automatic, bool(step.do) and ACTIONS[step.do].irreversible, planned.get(step.name))
        for step, text in zip(steps, words, strict=True)
    ]
