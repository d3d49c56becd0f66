"""Recertification as pages show it: what a reviewer has to answer, how far a campaign is, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.access import Campaign, CampaignEntry, Grant
from app.models.people import Person
from app.models.requests import Item
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.visibility import Actor

SHOWS: Final = ("left", "kept", "ended")
MOST: Final = 200  # entries on a reviewer's page; the next ones come when these are answered

# Access that has ended in some other way needs no answer any more.
_LEFT: Final[ColumnElement[bool]] = and_(CampaignEntry.decision.is_(None), Grant.state == "open")


@dataclass(frozen=True)
class Standing:
    """How many accesses a campaign (or one reviewer in it) is about, and how many are answered for."""

    all: int
    left: int

    @property
    def done(self) -> int:
        """How many need no answer any more."""
        return self.all - self.left


@dataclass(frozen=True)
class Review:
    """One campaign as one reviewer sees it: the entries to answer by group, and how far it is."""

    campaign: Campaign
    standing: Standing
    groups: dict[str, list[CampaignEntry]]
    kept: Sequence[CampaignEntry]


def count_for(session: Session, who: Actor) -> int:
    """Return how many accesses wait for this reviewer's answer."""
    query = select(func.count()).select_from(CampaignEntry).join(Grant, Grant.id == CampaignEntry.grant_id)
    mine = query.join(Campaign, Campaign.id == CampaignEntry.campaign_id)
    return session.scalars(mine.where(CampaignEntry.reviewer_id == who.id, Campaign.state == "open", _LEFT)).one()


def of(session: Session, who: Actor) -> list[Review]:
    """Return what this reviewer is asked in each open campaign, what is due first on top."""
    mine = CampaignEntry.reviewer_id == who.id
    asked = select(CampaignEntry.campaign_id).where(mine)
    campaigns = session.scalars(
        select(Campaign).where(Campaign.state == "open", Campaign.id.in_(asked)).order_by(Campaign.due_at, Campaign.id)
    ).all()
    standings = _standings(session, mine, [each.id for each in campaigns])
    found = []
    for campaign in campaigns:
        own = _entries(campaign.id).where(mine)
        groups: dict[str, list[CampaignEntry]] = {}
        for entry in session.scalars(own.where(_LEFT).order_by(Grant.target, Person.name, CampaignEntry.id).limit(MOST)):
            groups.setdefault(entry.grant.target, []).append(entry)
        kept = session.scalars(own.where(CampaignEntry.decision == "keep").order_by(CampaignEntry.decided_at.desc()).limit(MOST))
        found.append(Review(campaign, standings[campaign.id], groups, kept.all()))
    return found


def campaigns(session: Session, bookmark: str | None = None) -> tuple[Page[Any], dict[int, Standing]]:
    """Return the campaigns, the newest first, and how far each is."""
    found = page(session, select(Campaign).order_by(Campaign.id.desc()), bookmark)
    rows = [row[0] for row in found.rows]
    return Page(rows, found.next, found.previous), _standings(session, None, [each.id for each in rows])


def campaign(session: Session, campaign_id: int) -> tuple[Campaign, Standing]:
    """Return one campaign and how far it is; NotFound where there is none."""
    found = session.scalars(select(Campaign).where(Campaign.id == campaign_id).options(joinedload(Campaign.started_by))).one_or_none()
    if found is None:
        raise NotFound(str(campaign_id))
    return found, _standings(session, None, [campaign_id])[campaign_id]


def reviewers(session: Session, campaign_id: int) -> Sequence[Any]:
    """Return who is asked in a campaign: name (None: nobody could be found), how many, how many are left."""
    query = (
        select(Person.name, Person.active, func.count().label("all"), func.count(case((_LEFT, 1))).label("left"))
        .select_from(CampaignEntry).join(Grant, Grant.id == CampaignEntry.grant_id)
        .outerjoin(Person, Person.id == CampaignEntry.reviewer_id)
        .where(CampaignEntry.campaign_id == campaign_id)
        .group_by(Person.id, Person.name, Person.active)
    )  # fmt: skip
    return session.execute(query.order_by(func.count(case((_LEFT, 1))).desc(), Person.name)).all()


def entries(session: Session, campaign_id: int, show: str = "left", bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return the entries of a campaign: those without an answer, those that stay, or those that end."""
    holder, reviewer, decider = aliased(Person), aliased(Person), aliased(Person)
    query: Select[*tuple[Any, ...]] = (
        select(
            CampaignEntry.id, CampaignEntry.decision, CampaignEntry.decided_at, Grant.id.label("grant"), Grant.target, Grant.state,
            Grant.ended_why, holder.id.label("holder_id"), holder.name.label("holder"), reviewer.name.label("reviewer"),
            decider.name.label("decider"),
        )
        .join(Grant, Grant.id == CampaignEntry.grant_id).join(holder, holder.id == Grant.person_id)
        .outerjoin(reviewer, reviewer.id == CampaignEntry.reviewer_id)
        .outerjoin(decider, decider.id == CampaignEntry.decided_by_id)
        .where(CampaignEntry.campaign_id == campaign_id)
    )  # fmt: skip
    over = or_(CampaignEntry.decision == "revoke", and_(CampaignEntry.decision.is_(None), Grant.state != "open"))
    chosen = {"kept": CampaignEntry.decision == "keep", "ended": over}.get(show, _LEFT)
    return page(session, query.where(chosen).order_by(CampaignEntry.id), bookmark, per_page)


def groups_held(session: Session) -> Sequence[str]:
    """Return the groups that somebody holds access to by the register: what a campaign can ask about."""
    return session.scalars(select(Grant.target).where(Grant.state == "open").distinct().order_by(Grant.target)).all()


def _entries(campaign_id: int) -> Select[CampaignEntry]:
    query = select(CampaignEntry).join(Grant, Grant.id == CampaignEntry.grant_id).join(Person, Person.id == Grant.person_id)
    whole = joinedload(CampaignEntry.grant)
    options = whole.joinedload(Grant.person), whole.joinedload(Grant.item).joinedload(Item.request)
    return query.where(CampaignEntry.campaign_id == campaign_id).options(*options)


def _standings(session: Session, mine: ColumnElement[bool] | None, ids: Sequence[int]) -> dict[int, Standing]:
    if not ids:
        return {}
    query = select(CampaignEntry.campaign_id, func.count(), func.count(case((_LEFT, 1)))).join(Grant, Grant.id == CampaignEntry.grant_id)
    query = query.where(CampaignEntry.campaign_id.in_(ids), *([mine] if mine is not None else []))
    found = {campaign: Standing(all_, left) for campaign, all_, left in session.execute(query.group_by(CampaignEntry.campaign_id))}
    return {each: found.get(each, Standing(0, 0)) for each in ids}
