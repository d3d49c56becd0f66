"""Do they still need it? The reviewer's page, and the campaigns of those who look after access."""

from datetime import datetime
from typing import Final

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.base import options
from app.forms.recertification import CampaignForm
from app.queries import reviews as queries
from app.rules import access as rules
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import recertification
from app.settings import settings
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import done, see_other
from app.web.shown import say

bp = Blueprint("recertification", __name__, url_prefix="/access")
ANSWER: Final = "entry-"


@bp.get("/reviews")
@permission("access.review")
def reviews() -> ResponseReturnValue:
    """Show every access I am asked about, by group, and how far I am."""
    with unit_of_work(me()) as uow:
        return _page("access/reviews.html", reviews=queries.of(uow.session, uow.actor))


@bp.post("/reviews/<int:campaign>")
@permission("access.review")
def answer(campaign: int) -> ResponseReturnValue:
    """Take the answers; the second button also keeps all that was left without one."""
    said = {int(name.removeprefix(ANSWER)): value for name, value in request.form.items() if name.removeprefix(ANSWER).isdecimal()}
    keep_rest = "keep_rest" in request.form
    with unit_of_work(me()) as uow:
        taken = recertification.answer(uow, campaign, said, keep_rest=keep_rest)
    if taken:
        flash(say(t("Thank you. Answers taken: %(count)s.", count=taken)), "success")
    else:
        flash(say(t("You have not chosen anything yet.")), "info")
    return see_other(".reviews")


@bp.get("/campaigns")
@permission("access.view")
def index() -> ResponseReturnValue:
    """List the campaigns, the newest first."""
    with unit_of_work(me()) as uow:
        page, standings = queries.campaigns(uow.session, request.args.get("page"))
        return _page("access/campaigns.html", page=page, standings=standings)


@bp.get("/campaigns/new")
@permission("access.recertify")
def new() -> ResponseReturnValue:
    """Show the form of a new campaign."""
    with unit_of_work(me()) as uow:
        return _form_page(uow, CampaignForm(language=current_language(), data={"scope": "all", "unanswered": settings().recertify_unanswered}))


@bp.post("/campaigns/new")
@permission("access.recertify")
def start() -> ResponseReturnValue:
    """Start it: every reviewer gets a mail."""
    form = CampaignForm(request.form, language=current_language())
    try:
        with unit_of_work(me()) as uow:
            if not form.validate():
                return _form_page(uow, form), 422
            groups = form.groups.data if form.scope.data == "some" else None
            made = recertification.start(uow, form.name.data or "", form.due_on.data, groups=groups, unanswered=form.unanswered.data)
    except Invalid as wrong:
        form.refuse(wrong.fields)
        with unit_of_work(me()) as uow:
            return _form_page(uow, form), 422
    return done(t("The reviewers are being asked."), ".campaign", campaign=made.id)


@bp.get("/campaigns/<int:campaign>")
@permission("access.view")
def campaign(campaign: int) -> ResponseReturnValue:
    """Show one campaign: how far each reviewer is, and the answers."""
    show = request.args.get("show", "left")
    with unit_of_work(me()) as uow:
        found, standing = queries.campaign(uow.session, campaign)
        asked = queries.reviewers(uow.session, campaign)
        page = queries.entries(uow.session, campaign, show, request.args.get("page"))
        return _page("access/campaign.html", campaign=found, standing=standing, asked=asked, page=page, show=show)


@bp.post("/campaigns/<int:campaign>/entries/<int:entry>")
@permission("access.recertify")
def decide(campaign: int, entry: int) -> ResponseReturnValue:
    """Answer in the place of a reviewer, or where none could be found."""
    with unit_of_work(me()) as uow:
        recertification.decide(uow, entry, request.form.get("decision", ""))
    return see_other(".campaign", campaign=campaign)


@bp.post("/campaigns/<int:campaign>/close")
@permission("access.recertify")
def close(campaign: int) -> ResponseReturnValue:
    """Close it before its last day."""
    with unit_of_work(me()) as uow:
        recertification.close(uow, campaign)
    return done(t("The campaign is closed."), ".campaign", campaign=campaign)


def _form_page(uow: UnitOfWork, form: CampaignForm) -> str:
    form.groups.choices = options((group, group) for group in queries.groups_held(uow.session))
    return _page("access/new_campaign.html", form=form, wrong=bool(form.error_summary()))


def _page(template: str, **values: object) -> str:
    return render_template(template, now=now(), last_day=_last, why=rules.ENDED_WHY, **values)


def _last(at: datetime) -> object:
    return rules.last_day(at, settings().timezone)
