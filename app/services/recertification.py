"""Recertification: every group's owner says of every access whether it stays (domain.md 3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from app.models.access import Campaign, CampaignEntry, Grant
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.events import Event
from app.models.people import Person, RoleGrant
from app.rules import access as rules
from app.rules.access import Unanswered
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.words import Text, t
from app.services import access, messages
from app.settings import matrix, settings
from app.unit_of_work import UnitOfWork

KEEP, REVOKE = "keep", "revoke"
NAME_LIMIT = 200


def start(uow: UnitOfWork, name: str, due_on: date, *, groups: Sequence[str] | None = None, unanswered: str = "") -> Campaign:
    """Ask the owner of each group (or of these) about every open access to it; whoever holds an access never reviews it.

    Answers are taken until the end of that day; then flow recertify closes the campaign. Invalid names what is wrong.
    """
    uow.check("access.recertify")
    due_at = rules.end_of(due_on, settings().timezone)
    wanted = sorted({group.strip() for group in groups if group.strip()}) if groups is not None else None
    rest = unanswered or settings().recertify_unanswered
    if wrong := _wrong(uow, name, due_at <= uow.now, wanted, rest):
        raise Invalid(wrong)
    campaign = Campaign(
        name=name.strip()[:NAME_LIMIT], groups=wanted, unanswered=rest, started_at=uow.now, started_by_id=uow.actor.id,
        due_at=due_at, next_at=rules.next_review_look(uow.now, due_at, uow.now),
    )  # fmt: skip
    uow.session.add(campaign)
    uow.session.flush()
    found = _reviewers(uow, wanted)
    if not found:
        raise Invalid({"groups": t("Nobody holds access there that the desk knows of: there is nothing to ask about.")})
    uow.session.add_all(
        CampaignEntry(campaign_id=campaign.id, grant_id=grant, reviewer_id=reviewer) for grant, reviewer in found.items()
    )
    event = _tell_of(uow, campaign, "start", {"due": due_at.isoformat(), "entries": len(found), "unanswered": rest})
    _ask(uow, campaign, event, "recertify")
    return campaign


def _wrong(uow: UnitOfWork, name: str, is_over: bool, groups: Sequence[str] | None, rest: str) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    if not name.strip():
        wrong["name"] = t("Give the campaign a name, such as the quarter.")
    if is_over:
        wrong["due_on"] = t("Choose a day to come.")
    if groups is not None:
        known = set(uow.session.scalars(select(DirectoryGroup.name).where(DirectoryGroup.name.in_(groups))))
        if not groups:
            wrong["groups"] = t("Choose at least one group, or ask about all of them.")
        elif unknown := sorted(set(groups) - known):
            wrong["groups"] = t("The directory has no group called %(name)s.", name=unknown[0])
    if rest not in set(Unanswered):
        wrong["unanswered"] = t("Choose what becomes of access that nobody answers for.")
    return wrong


def _reviewers(uow: UnitOfWork, groups: Sequence[str] | None) -> dict[int, int | None]:
    """Return who reviews each open grant: an active owner of its group who is not its holder, else the holder's manager."""
    owner, holder, manager = aliased(Person), aliased(Person), aliased(Person)
    query = (
        select(Grant.id, owner.id, manager.id)
        .join(holder, holder.id == Grant.person_id)
        .outerjoin(manager, (manager.id == holder.manager_id) & manager.active & (manager.id != holder.id))
        .outerjoin(DirectoryGroup, (DirectoryGroup.name == Grant.target) & DirectoryGroup.gone_at.is_(None))
        .outerjoin(GroupOwner, GroupOwner.group_id == DirectoryGroup.id)
        .outerjoin(owner, (owner.id == GroupOwner.person_id) & owner.active & (owner.id != Grant.person_id))
        .where(Grant.state == access.OPEN)
        .order_by(Grant.id, owner.id)
    )
    if groups is not None:
        query = query.where(Grant.target.in_(groups))
    owners: dict[int, int | None] = {}
    managers: dict[int, int | None] = {}
    for grant_id, owner_id, manager_id in uow.session.execute(query):
        owners[grant_id] = owners.get(grant_id) or owner_id
        managers[grant_id] = manager_id
    return {grant_id: owner_id or managers[grant_id] for grant_id, owner_id in owners.items()}


def answer(uow: UnitOfWork, campaign_id: int, answers: Mapping[int, str], *, keep_rest: bool = False) -> int:
    """Take a reviewer's answers by entry; with `keep_rest` all that is left unanswered stays. Returns how many were taken."""
    mine = select(CampaignEntry.id).join(Grant, Grant.id == CampaignEntry.grant_id).where(
        CampaignEntry.campaign_id == campaign_id, CampaignEntry.reviewer_id == uow.actor.id,
        CampaignEntry.decision.is_(None), Grant.state == access.OPEN,
    )  # fmt: skip
    said = dict(answers)
    if keep_rest:
        said = dict.fromkeys(uow.session.scalars(mine), KEEP) | said
    for entry_id in sorted(said):
        if decide(uow, entry_id, said[entry_id]).campaign_id != campaign_id:
            raise NotFound(str(entry_id))
    return len(said)


def decide(uow: UnitOfWork, entry_id: int, decision: str) -> CampaignEntry:
    """Keep or revoke one access; a revocation is carried out at once, "it stays" may be changed until the campaign closes."""
    query = select(CampaignEntry).where(CampaignEntry.id == entry_id).with_for_update()
    entry = uow.session.scalars(query).one_or_none()
    if entry is None or (entry.reviewer_id != uow.actor.id and not uow.actor.may("access.recertify")):
        raise NotFound(str(entry_id))
    if decision not in {KEEP, REVOKE}:
        raise Invalid({"decision": t("Choose whether the access stays or ends.")})
    if entry.campaign.state != "open":
        raise ActionNotAllowed(t("This campaign is closed."))
    if entry.grant.person_id == uow.actor.id:
        raise ActionNotAllowed(t("You cannot decide about your own access."))
    if entry.decision == decision:
        return entry
    if entry.decision == REVOKE:
        raise ActionNotAllowed(t("This access is already being ended."))
    was, entry.decision = entry.decision, decision
    entry.decided_by_id, entry.decided_at = uow.actor.id, uow.now
    after = {"entry": entry.id, "grant": entry.grant_id, "decision": decision}
    uow.record_event(f"campaigns:{entry.campaign_id}", "campaign.decide", before={"decision": was}, after=after)
    if decision == REVOKE and entry.grant.state == access.OPEN:
        access.revoke(uow, entry.grant, "recertification")
    return entry


def due(uow: UnitOfWork, limit: int = 50) -> Sequence[int]:
    """Return the campaigns that must be looked at now."""
    query = select(Campaign.id).where(Campaign.next_at <= func.desk_now()).order_by(Campaign.next_at).limit(limit)
    return uow.session.scalars(query).all()


def look(uow: UnitOfWork, campaign_id: int) -> Campaign:
    """Remind those who have not answered, or close the campaign when its time is over; a second look changes nothing."""
    campaign = _locked(uow, campaign_id)
    if campaign.next_at is None or campaign.next_at > uow.now:
        return campaign
    if campaign.due_at <= uow.now:
        return close(uow, campaign_id)
    campaign.next_at = rules.next_review_look(campaign.started_at, campaign.due_at, uow.now)
    event = _tell_of(uow, campaign, "remind", {"next": campaign.next_at.isoformat()})
    _ask(uow, campaign, event, "recertify_reminder")
    return campaign


def close(uow: UnitOfWork, campaign_id: int) -> Campaign:
    """Close a campaign; what nobody answered stays or ends as it was said at its start, and the administrators are told."""
    uow.check("access.recertify")
    campaign = _locked(uow, campaign_id)
    if campaign.state != "open":
        return campaign
    campaign.state, campaign.closed_at, campaign.next_at = "closed", uow.now, None
    left = uow.session.scalars(_unanswered(campaign).order_by(Grant.id).with_for_update(of=Grant)).all()
    if campaign.unanswered == Unanswered.REVOKE:
        for grant in left:
            access.revoke(uow, grant, "unanswered")
    event = _tell_of(uow, campaign, "close", {"unanswered": len(left), "then": campaign.unanswered})
    holders = select(RoleGrant.person_id).where(RoleGrant.role.in_(matrix().roles_for("access.recertify")))
    words: dict[str, Any] = {"campaign": campaign.id, "name": campaign.name, "left": len(left)}
    for person in uow.session.scalars(select(Person).where(Person.id.in_(holders), Person.active).order_by(Person.id)):
        messages.tell(uow, person, "recertify_closed", None, event, **words)
    return campaign


def _ask(uow: UnitOfWork, campaign: Campaign, event: Event, letter: str) -> None:
    """Write to each reviewer who has something left to answer."""
    left = _unanswered(campaign).with_only_columns(CampaignEntry.reviewer_id, func.count()).group_by(CampaignEntry.reviewer_id)
    counts = {reviewer: count for reviewer, count in uow.session.execute(left) if reviewer}
    until = str(rules.last_day(campaign.due_at, settings().timezone))
    for person in uow.session.scalars(select(Person).where(Person.id.in_(counts)).order_by(Person.id)):
        words: dict[str, Any] = {"campaign": campaign.id, "left": counts[person.id], "until": until}
        messages.tell(uow, person, letter, None, event, **words)


def _unanswered(campaign: Campaign) -> Select[Grant]:
    query = select(Grant).join(CampaignEntry, CampaignEntry.grant_id == Grant.id)
    return query.where(CampaignEntry.campaign_id == campaign.id, CampaignEntry.decision.is_(None), Grant.state == access.OPEN)


def _tell_of(uow: UnitOfWork, campaign: Campaign, what: str, after: Mapping[str, object]) -> Event:
    return uow.record_event(f"campaigns:{campaign.id}", f"campaign.{what}", after=after)


def _locked(uow: UnitOfWork, campaign_id: int) -> Campaign:
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update().execution_options(populate_existing=True)
    campaign = uow.session.scalars(query).one_or_none()
    if campaign is None:
        raise NotFound(str(campaign_id))
    return campaign
