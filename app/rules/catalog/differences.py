"""What a change of the catalogue's files will mean for the people who order, decide and carry out, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.rules.catalog.items import Approval, Approver, Cost, Field, Item, Part, Step, to_json
from app.rules.words import Text, t

N = TypeVar("N", Field, Step)

PLAIN_FIELDS = ("kind", "required", "pattern", "min", "max", "min_days", "max_days", "max_length", "longest", "currency", "types",
                "max_mb", "max_rows", "groups", "default", "when", "columns", "label", "hint")  # fmt: skip
PLAIN_STEPS = ("do", "parameters", "ends", "task", "team", "due", "after", "wait", "compensate", "when")


@dataclass(frozen=True)
class Difference:
    """One thing that will be other than it was; `slug` is the item's."""

    slug: str
    what: Text


def between(old: Mapping[str, Item], new: Mapping[str, Item]) -> list[Difference]:
    """Return what changes from the old items to the new ones, by item; nothing where only the layout of a file did."""
    found: list[Difference] = []
    for slug in sorted(old.keys() | new.keys()):
        if slug not in new:
            words = [t("The item can no longer be ordered. What is under way goes on as it was agreed.")]
        elif slug not in old:
            words = [t("A new item: %(name)s.", name=new[slug].name.to("en")), *_asked_of(new[slug])]
        elif old[slug].hash != new[slug].hash:
            words = [*_changes(old[slug], new[slug]), t("What is under way keeps its version; a form that is open now is checked anew.")]
        else:
            continue
        found += [Difference(slug, each) for each in words]
    return found


def approver(approval: Approval) -> Text:
    """Say in words who is asked, how many must agree, and when."""
    match approval.who:
        case Approver.MANAGER_OF_BENEFICIARY:
            who = t("the manager of whoever gets it")
        case Approver.OWNER_OF_GROUP:
            who = t("the owner of the group %(group)s", group=approval.group)
        case _:
            who = t("the team %(team)s", team=approval.who.removeprefix("team:"))
    only = approval.only_if
    said = t("%(who)s, %(needs)s, in stage %(stage)s", who=who, needs=approval.needs, stage=approval.stage)
    if only.cost_over:
        said = t("%(said)s, above a cost of %(amount)s", said=said, amount=only.cost_over)
    if only.audience:
        said = t("%(said)s, for %(audience)s", said=said, audience=", ".join(only.audience))
    return said


def _changes(old: Item, new: Item) -> Iterator[Text]:
    for key in ("name", "summary", "owner", "target", "audience", "search"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield t("“%(key)s”: %(before)s → %(after)s", key=key, before=_plain(before), after=_plain(after))
    if old.cost != new.cost:
        yield t("The cost: %(before)s → %(after)s", before=_cost(old.cost), after=_cost(new.cost))
    if new.empowerment != old.empowerment:
        yield (
            t("From now on it may be let through inside somebody's limit.")
            if new.empowerment
            else t("It is no longer let through inside a limit: it is always asked for.")
        )
    yield from _fields(old, new)
    yield from _approvals(old, new)
    yield from _steps(old, new)
    yield from _parts(old.parts, new.parts)


def _fields(old: Item, new: Item) -> Iterator[Text]:
    gone, come, both = _by_name(old.fields, new.fields)
    for field in gone:
        yield t("The question “%(name)s” is no longer asked.", name=field.name)
    for field in come:
        must = t("must be answered") if field.required else t("may be left empty")
        yield t("A new question “%(name)s” (%(kind)s), which %(must)s.", name=field.name, kind=field.kind.value, must=must)
    for before, after in both:
        if changed := [key for key in PLAIN_FIELDS if getattr(before, key) != getattr(after, key)]:
            yield t("The question “%(name)s” changes: %(keys)s.", name=after.name, keys=", ".join(changed))
        if before.choices != after.choices:
            yield from _choices(before, after)


def _choices(before: Field, after: Field) -> Iterator[Text]:
    was = {each.value: each for each in before.choices}
    now = {each.value: each for each in after.choices}
    for value in [each for each in now if each not in was]:
        yield t("The question “%(name)s” has a new answer “%(value)s”.", name=after.name, value=value)
    for value in [each for each in was if each not in now]:
        yield t("The question “%(name)s” loses the answer “%(value)s”.", name=after.name, value=value)
    for value in [each for each in now if each in was]:
        if was[value].cost != now[value].cost:
            yield t("The answer “%(value)s” costs %(after)s instead of %(before)s.", value=value,
                    after=now[value].cost or "0", before=was[value].cost or "0")  # fmt: skip


def _approvals(old: Item, new: Item) -> Iterator[Text]:
    for approval in new.approvals:
        if approval not in old.approvals:
            yield t("Will be asked anew: %(who)s.", who=approver(approval))
    for approval in old.approvals:
        if approval not in new.approvals:
            yield t("Will no longer be asked: %(who)s.", who=approver(approval))
    if old.approvals and not new.approvals:
        yield t("Nobody is asked any more: an order is carried out at once.")


def _steps(old: Item, new: Item) -> Iterator[Text]:
    gone, come, both = _by_name(old.steps, new.steps)
    for step in gone:
        yield t("The step “%(name)s” falls away: %(does)s.", name=step.name, does=_does(step))
    for step in come:
        yield t("A new step “%(name)s”: %(does)s.", name=step.name, does=_does(step))
    for before, after in both:
        if changed := [key for key in PLAIN_STEPS if getattr(before, key) != getattr(after, key)]:
            yield t("The step “%(name)s” changes: %(keys)s.", name=after.name, keys=", ".join(changed))


def _parts(old: Sequence[Part], new: Sequence[Part]) -> Iterator[Text]:
    for part in new:
        if part not in old:
            yield t("Orders along: %(slug)s.", slug=part.slug)
    for part in old:
        if part not in new:
            yield t("No longer orders along as before: %(slug)s.", slug=part.slug)


def _asked_of(item: Item) -> Iterator[Text]:
    for approval in item.approvals:
        yield t("Will be asked anew: %(who)s.", who=approver(approval))
    if not item.approvals:
        yield t("Nobody is asked: an order is carried out at once.")


def _by_name(old: Sequence[N], new: Sequence[N]) -> tuple[list[N], list[N], list[tuple[N, N]]]:
    was, now = {each.name: each for each in old}, {each.name: each for each in new}
    gone = [each for each in old if each.name not in now]
    come = [each for each in new if each.name not in was]
    return gone, come, [(was[name], now[name]) for name in now if name in was]


def _does(step: Step) -> str:
    return step.do or step.task.get("en") or f"wait {step.wait}"


def _cost(cost: Cost | None) -> object:
    if cost is None:
        return t("none")
    each = t("each month") if cost.per == "month" else t("once")
    return t("%(currency)s %(amount)s %(each)s", currency=cost.currency, amount=cost.amount, each=each)


def _plain(value: Any) -> str:
    found = to_json(value)
    if isinstance(found, dict):
        return str(found.get("en", ""))
    return ", ".join(found) if isinstance(found, list) else str(found)
