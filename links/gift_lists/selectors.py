"""Who sees which list, and a gift with everything that is shown of it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from funds.facade import pot_balances
from links.pots.selectors import put_together
from marketplace.core.errors import ForbiddenError, NotFoundError
from marketplace.core.money import Money

from .models import Gift, GiftClaim, GiftList, GiftListEditor

LIVE = (Gift.State.WANTED, Gift.State.ORDERED)
"""What is on a list as its guests see it."""


class Role(StrEnum):
    """What somebody is to a list."""

    OWNER = "owner"
    EDITOR = "editor"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class ListFace:
    """What is shown of a list beside its own columns."""

    role: Role
    contributed: Money
    in_pot: Money


@dataclass(frozen=True, slots=True)
class GiftFace:
    """What is shown of a gift beside its own columns. `is_claimed` is None for whoever is not told."""

    title: str
    url: str
    price: Money | None
    availability: str
    contributed: Money
    in_pot: Money
    is_claimed: bool | None
    is_claimed_by_me: bool


# --- who sees what


def edited_by(user: Any) -> QuerySet[GiftListEditor]:
    """The places of an editor that this person has: by the account, or by an address that was named before it was
    proven.
    """
    if not user.is_authenticated:
        return GiftListEditor.objects.none()
    mine = Q(user=user.pk)
    if user.is_verified:
        mine |= Q(user__isnull=True, email=user.email)
    return GiftListEditor.objects.filter(mine)


def lists_of(user: Any) -> QuerySet[GiftList]:
    """The person's own lists, and those they edit."""
    mine = Q(owner=user.pk) | Q(pk__in=edited_by(user).values("gift_list"))
    return GiftList.objects.filter(mine).select_related("owner")


def public_lists() -> QuerySet[GiftList]:
    """What everybody may see and give to."""
    return GiftList.objects.filter(visibility=GiftList.Visibility.PUBLIC, state=GiftList.State.OPEN).select_related(
        "owner"
    )


def role_of(gift_list: GiftList, user: Any) -> Role:
    """What the person is to the list; guests need not be allowed to see it."""
    if user.is_authenticated and gift_list.owner_id == user.pk:
        return Role.OWNER
    return Role.EDITOR if edited_by(user).filter(gift_list=gift_list).exists() else Role.GUEST


def id_of(user: Any) -> UUID:
    """Of somebody who is signed in."""
    return cast(UUID, user.pk)


def list_by_id(gift_list_id: UUID) -> GiftList:
    """Whoever may see it. Raises `NotFoundError`."""
    found = GiftList.objects.select_related("owner").filter(pk=gift_list_id).first()
    if found is None:
        raise NotFoundError
    return found


def list_to_see(user: Any, gift_list_id: UUID) -> GiftList:
    """One's own, one that one edits, or a public one (a closed one too). Raises `NotFoundError`."""
    found = list_by_id(gift_list_id)
    if found.visibility != GiftList.Visibility.PUBLIC and role_of(found, user) is Role.GUEST:
        raise NotFoundError
    return found


def list_to_edit(user: Any, gift_list_id: UUID) -> GiftList:
    """One's own, or one that one edits. Raises `ForbiddenError` for a public one, else `NotFoundError`."""
    found = list_to_see(user, gift_list_id)
    if role_of(found, user) is Role.GUEST:
        raise ForbiddenError
    return found


def list_to_keep(user: Any, gift_list_id: UUID) -> GiftList:
    """One's own: its terms, its editors, its end. Raises as `list_to_edit`, `ForbiddenError` for an editor."""
    found = list_to_see(user, gift_list_id)
    if role_of(found, user) is not Role.OWNER:
        raise ForbiddenError
    return found


def shared_list(token: str) -> GiftList:
    """The list that the link opens, unless it is private. Raises `NotFoundError`."""
    is_open = ~Q(visibility=GiftList.Visibility.PRIVATE)
    found = GiftList.objects.select_related("owner").filter(is_open, share_token=token).first()
    if found is None:
        raise NotFoundError
    return found


def may_give_to(user: Any, gift_list: GiftList, share_token: str) -> bool:
    """Whether the person sees the list: as its keeper, because it is public, or by its link."""
    if gift_list.visibility == GiftList.Visibility.PUBLIC or role_of(gift_list, user) is not Role.GUEST:
        return True
    return gift_list.visibility == GiftList.Visibility.SHARED and share_token == gift_list.share_token


def list_of_person(user: Any, owner_id: UUID, share_token: str) -> GiftList:
    """A list by which the person knows its owner and may give to them. Raises `NotFoundError`."""
    seen = Q(visibility=GiftList.Visibility.PUBLIC) | Q(pk__in=edited_by(user).values("gift_list"))
    if share_token:
        seen |= Q(visibility=GiftList.Visibility.SHARED, share_token=share_token)
    found = GiftList.objects.filter(seen, owner=owner_id, state=GiftList.State.OPEN).order_by("pk").first()
    if found is None:
        raise NotFoundError
    return found


# --- gifts


def gifts() -> QuerySet[Gift]:
    """With what they are, in one query."""
    return Gift.objects.select_related("gift_list", "link__page", "variant__product")


def gifts_within(user: Any) -> QuerySet[Gift]:
    """Of the lists that the person keeps, without those removed."""
    return gifts().filter(gift_list__in=lists_of(user).values("pk")).exclude(state=Gift.State.REMOVED)


def gift_to_edit(user: Any, gift_id: UUID) -> Gift:
    """Raises `NotFoundError`."""
    found = gifts_within(user).filter(pk=gift_id).first()
    if found is None:
        raise NotFoundError
    return found


def live_gifts(gift_list: GiftList) -> QuerySet[Gift]:
    """What guests see, in the list's order."""
    return gifts().filter(gift_list=gift_list, state__in=LIVE).order_by("position", "pk")


def is_claimed() -> Exists:
    """Whether somebody has promised to give it, as an expression on gifts."""
    return Exists(GiftClaim.objects.filter(gift=OuterRef("pk"), released_at__isnull=True))


def title_of(gift: Gift) -> str:
    """What it is called: as its shop says, else its address."""
    if gift.variant is not None:
        return gift.variant.product.name
    assert gift.link is not None
    return gift.link.page.title or gift.link.page.canonical_url


def price_of(gift: Gift) -> Money | None:
    """What it costs now, as far as it is known, in whatever currency."""
    if gift.variant is not None:
        return gift.variant.price
    assert gift.link is not None
    return gift.link.page.price


def dressed_lists(lists: Sequence[GiftList], user: Any) -> list[GiftList]:
    """The lists with `face`: `ListFace`, in three queries."""
    ids = [each.pk for each in lists]
    together, balances = put_together(list_ids=ids), pot_balances(ids)
    edited = set(edited_by(user).filter(gift_list__in=ids).values_list("gift_list_id", flat=True))
    for each in lists:
        role = Role.EDITOR if each.pk in edited else Role.GUEST
        each.face = ListFace(  # type: ignore[attr-defined]
            Role.OWNER if user.is_authenticated and each.owner_id == user.pk else role,
            Money(together.get(each.pk, 0), each.currency),
            balances.get(each.pk, Money.zero(each.currency)),
        )
    return list(lists)


def dressed_gifts(rows: Iterable[Gift], user: Any) -> list[Gift]:
    """The gifts with `face`: `GiftFace`, in four queries.

    To whoever keeps the list a surprise says nothing of claims until the gift is there: the same face, claimed or not.
    """
    found = list(rows)
    ids, list_ids = [gift.pk for gift in found], {gift.gift_list_id for gift in found}
    together, balances = put_together(gift_ids=ids), pot_balances(ids)
    edited = set(edited_by(user).filter(gift_list__in=list_ids).values_list("gift_list_id", flat=True))
    claims = dict(GiftClaim.objects.filter(gift__in=ids, released_at__isnull=True).values_list("gift_id", "claimer_id"))
    for gift in found:
        is_keeper = gift.gift_list_id in edited or (user.is_authenticated and gift.gift_list.owner_id == user.pk)
        is_hidden = is_keeper and gift.gift_list.keeps_surprise and gift.state != Gift.State.RECEIVED
        nothing = Money.zero(gift.gift_list.currency)
        page = gift.link.page if gift.link else None
        gift.face = GiftFace(  # type: ignore[attr-defined]
            title=title_of(gift),
            url=page.canonical_url if page else "",
            price=price_of(gift),
            availability=page.availability if page else "",
            contributed=nothing + Money(together.get(gift.pk, 0), nothing.currency),
            in_pot=balances.get(gift.pk, nothing),
            is_claimed=None if is_hidden else gift.pk in claims,
            is_claimed_by_me=user.is_authenticated and claims.get(gift.pk) == user.pk,
        )
    return found


def token_hash(token: str) -> str:
    """How a claim's token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def claim_to_release(gift: Gift, user: Any, token: str) -> GiftClaim:
    """The live claim of this person, or of whoever has the token. Raises `NotFoundError`."""
    mine = Q(pk__in=[])
    if user.is_authenticated:
        mine |= Q(claimer=user.pk)
    if token:
        mine |= Q(token_hash=token_hash(token))
    claim = GiftClaim.objects.filter(mine, gift=gift, released_at__isnull=True).first()
    if claim is None:
        raise NotFoundError
    return claim
