"""Recertification: every group's owner says of every access whether it stays."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.models.access import Campaign, CampaignEntry, Grant
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.people import Person
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.words import t
from app.services import access, messages
from app.unit_of_work import UnitOfWork

DECISIONS = ("keep", "revoke")


def start(uow: UnitOfWork, name: str, due_at: datetime) -> Campaign:
    """Ask the owner of each group about every open access to it; whoever holds an access never reviews it."""
    uow.check("access.recertify")
    if not name.strip() or due_at <= uow.now:
        raise Invalid({"name": t("Give the campaign a name, and a day to come.")})
    campaign = Campaign(name=name.strip()[:200], started_at=uow.now, started_by_id=uow.actor.id, due_at=due_at)
    uow.session.add(campaign)
    uow.session.flush()
    reviewers: set[int] = set()
    for grant_id, reviewer_id in _reviewers(uow).items():
        uow.session.add(CampaignEntry(campaign_id=campaign.id, grant_id=grant_id, reviewer_id=reviewer_id))
        reviewers |= {reviewer_id} if reviewer_id else set()
    event = uow.record_event(f"campaigns:{campaign.id}", "campaign.start", after={"due": due_at.isoformat()})
    for person in uow.session.scalars(select(Person).where(Person.id.in_(reviewers))):
        messages.tell(uow, person, "recertify", None, event, campaign=campaign.id)
    return campaign


def _reviewers(uow: UnitOfWork) -> dict[int, int | None]:
    """Return who reviews each open grant: an active owner of its group who is not its holder, else the holder's manager."""
    owner, holder = aliased(Person), aliased(Person)
    rows = uow.session.execute(
        select(Grant.id, owner.id, holder.manager_id)
        .join(holder, holder.id == Grant.person_id)
        .outerjoin(DirectoryGroup, DirectoryGroup.name == Grant.target)
        .outerjoin(GroupOwner, GroupOwner.group_id == DirectoryGroup.id)
        .outerjoin(owner, (owner.id == GroupOwner.person_id) & owner.active & (owner.id != Grant.person_id))
        .where(Grant.state == access.OPEN)
        .order_by(Grant.id, owner.id)
    )
    found: dict[int, int | None] = {}
    for grant_id, owner_id, manager_id in rows:
        if found.get(grant_id) is None or (owner_id and found[grant_id] == manager_id):
            found[grant_id] = owner_id or manager_id
    return found


def decide(uow: UnitOfWork, entry_id: int, decision: str) -> CampaignEntry:
    """Keep or revoke one access; the answer holds until the campaign is closed, a revocation at once."""
    query = select(CampaignEntry).where(CampaignEntry.id == entry_id).with_for_update()
    entry = uow.session.scalars(query).one_or_none()
    if entry is None or (entry.reviewer_id != uow.actor.id and not uow.actor.may("access.recertify")):
        raise NotFound(str(entry_id))
    if decision not in DECISIONS:
        raise Invalid({"decision": t("Choose whether the access stays or ends.")})
    if entry.decision == "revoke":
        raise ActionNotAllowed(t("This access is already being ended."))
    if entry.grant.person_id == uow.actor.id:
        raise ActionNotAllowed(t("You cannot decide about your own access."))
    was, entry.decision = entry.decision, decision
    entry.decided_by_id, entry.decided_at = uow.actor.id, uow.now
    uow.record_event(
        f"campaigns:{entry.campaign_id}", "campaign.decide",
        before={"decision": was}, after={"entry": entry.id, "grant": entry.grant_id, "decision": decision},
    )  # fmt: skip
    if decision == "revoke" and entry.grant.state == access.OPEN:
        access.revoke(uow, entry.grant, "recertification")
    return entry


def close(uow: UnitOfWork, campaign_id: int) -> Campaign:
    """Close a campaign; what nobody answered stays, and the administrators see it."""
    uow.check("access.recertify")
    campaign = uow.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None:
        raise NotFound(str(campaign_id))
    if campaign.state == "open":
        campaign.state, campaign.closed_at = "closed", uow.now
        uow.record_event(f"campaigns:{campaign.id}", "campaign.close")
    return campaign
