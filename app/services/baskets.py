"""What somebody is about to order: drafts of forms, and the cart. Private working state, nobody else's business.

Nothing here leaves an event: what counts begins with requests.submit, which judges every answer again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ScalarSelect, delete, func, select

from app.models.baskets import CartLine, Draft
from app.models.people import Person
from app.models.requests import Request
from app.queries import catalog
from app.rules.audit import canonical
from app.rules.catalog.items import Item
from app.rules.errors import Invalid, NotFound
from app.rules.words import Text, t
from app.services import requests
from app.unit_of_work import Actor, UnitOfWork

MOST_LINES: Final = 20
LARGEST_DRAFT: Final = 64 * 1024  # characters of its JSON

Typed = Mapping[str, Sequence[str]]
"""What stands in a form: the name of each input, and all it was given."""


@dataclass(frozen=True)
class Entry:
    """One line of the cart, the version it was made with, and what keeps it from being sent (None: nothing)."""

    line: CartLine
    item: Item
    beneficiary: Person | None
    trouble: Text | None


def save_draft(uow: UnitOfWork, slug: str, typed: Typed) -> None:
    """Keep what the actor typed into a form so far; it replaces what was kept before."""
    uow.check("catalog.order")
    _offered(uow, slug)
    kept = {name: list(values) for name, values in typed.items()}
    if len(canonical(kept)) > LARGEST_DRAFT:
        raise Invalid({}, t("This is too long to be kept."))
    uow.session.merge(Draft(person_id=uow.actor.id, slug=slug, answers=kept, updated_at=uow.now))


def draft(uow: UnitOfWork, slug: str) -> Draft | None:
    """Return what the actor kept of a form, if anything."""
    return uow.session.get(Draft, {"person_id": uow.actor.id, "slug": slug})


def forget_draft(uow: UnitOfWork, *slugs: str) -> None:
    """Throw away what the actor kept of these forms."""
    uow.session.execute(delete(Draft).where(Draft.person_id == uow.actor.id, Draft.slug.in_(slugs)))


def add(uow: UnitOfWork, line: requests.Line, beneficiary_id: int | None = None) -> CartLine:
    """Put something into the actor's cart, its answers judged; Invalid says what does not fit."""
    uow.check("catalog.order")
    if len(_own_lines(uow)) >= MOST_LINES:
        raise Invalid({}, t("The cart is full. Send it first."))
    kept = CartLine(person_id=uow.actor.id, added_at=uow.now, **_judged(uow, line, beneficiary_id))
    uow.session.add(kept)
    forget_draft(uow, line.slug)
    uow.session.flush()
    return kept


def change(uow: UnitOfWork, line_id: int, line: requests.Line, beneficiary_id: int | None = None) -> CartLine:
    """Give a line of the actor's cart other answers."""
    kept = own_line(uow, line_id)
    if kept.slug != line.slug:
        raise NotFound(str(line_id))
    for name, value in _judged(uow, line, beneficiary_id).items():
        setattr(kept, name, value)
    return kept


def remove(uow: UnitOfWork, line_id: int) -> None:
    """Take a line out of the actor's cart."""
    uow.session.delete(own_line(uow, line_id))


def own_line(uow: UnitOfWork, line_id: int) -> CartLine:
    """Return a line of the actor's own cart, locked; NotFound for anybody else's."""
    mine = select(CartLine).where(CartLine.id == line_id, CartLine.person_id == uow.actor.id)
    found = uow.session.scalars(mine.with_for_update()).one_or_none()
    if found is None:
        raise NotFound(str(line_id))
    return found


def cart(uow: UnitOfWork) -> list[Entry]:
    """Return the actor's cart, and of each line what must be looked at before it can be sent."""
    kept = _own_lines(uow)
    items = catalog.versions(uow.session, [line.catalog_hash for line in kept])
    people = {line.beneficiary_id for line in kept if line.beneficiary_id}
    known = {person.id: person for person in uow.session.scalars(select(Person).where(Person.id.in_(people)))}
    return [
        Entry(line, items[line.catalog_hash], known.get(line.beneficiary_id or 0), _trouble(uow, line)) for line in kept
    ]


def counting(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many things lie in the actor's cart."""
    return select(func.count()).select_from(CartLine).where(CartLine.person_id == actor.id).scalar_subquery()


def submit(uow: UnitOfWork, key: str) -> list[Request]:
    """Order everything in the actor's cart: one request for each person it is for. The same key again: the same requests."""
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"cart:{uow.actor.id}", 0))))
    kept = _own_lines(uow)
    if not kept:
        return _earlier(uow, key)
    wrong = {f"line-{line.id}": trouble for line in kept if (trouble := _trouble(uow, line))}
    if wrong:
        raise Invalid(wrong, t("Something in the cart must be looked at first."))
    sent = []
    for beneficiary in dict.fromkeys(line.beneficiary_id for line in kept):
        lines = [
            requests.Line(line.slug, line.catalog_hash, line.answers) for line in kept if line.beneficiary_id == beneficiary
        ]
        sent.append(requests.submit(uow, requests.Order(f"{key}-{beneficiary or uow.actor.id}", lines, beneficiary)))
    uow.session.execute(delete(CartLine).where(CartLine.id.in_([line.id for line in kept])))
    return sent


def _earlier(uow: UnitOfWork, key: str) -> list[Request]:
    mine = select(Request).where(
        Request.opened_by_id == uow.actor.id, func.starts_with(Request.submission_key, f"{key}-")
    )
    found = list(uow.session.scalars(mine.order_by(Request.id))) if key else []
    if not found:
        raise Invalid({}, t("The cart is empty."))
    return found


def _own_lines(uow: UnitOfWork) -> list[CartLine]:
    return list(uow.session.scalars(select(CartLine).where(CartLine.person_id == uow.actor.id).order_by(CartLine.id)))


def _offered(uow: UnitOfWork, slug: str) -> Item:
    return catalog.orderable(uow.session, slug, uow.actor.id)


def _judged(uow: UnitOfWork, line: requests.Line, beneficiary_id: int | None) -> dict[str, Any]:
    item = _offered(uow, line.slug)
    answers = requests.judged(uow, item, line.answers)
    return {"slug": item.slug, "catalog_hash": item.hash, "answers": answers, "beneficiary_id": beneficiary_id}


def _trouble(uow: UnitOfWork, line: CartLine) -> Text | None:
    """Say what keeps a line from being sent: the item is gone or other, an answer no longer fits."""
    try:
        item = _offered(uow, line.slug)
        requests.judged(uow, item, line.answers)
    except NotFound:
        return t("This can no longer be ordered.")
    except Invalid:
        return t("An answer no longer fits. Open it and check.")
    if item.hash != line.catalog_hash:
        return t("The form was changed meanwhile. Open it and check.")
    return None
