"""Answering what to show: from the nearest tier that can, checked against what can be bought this moment."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from marketplace.core.errors import FieldError, InvalidInputError, gettext_noop
from marketplace.core.observability.counting import Histogram
from promotions.contracts import ExposureMix, ShownProduct
from promotions.experiments.assignment import variants_for
from promotions.exposure import caching, selectors
from promotions.exposure.keys import Recipe, key_of
from promotions.exposure.models import Context
from promotions.exposure.offers import badges_for
from promotions.exposure.standing import Standing, pins_word, standing
from promotions.exposure.values import Asked, Place, StoredSlate, Tier, Viewer, Way
from stores.contracts import ShelfProduct
from stores.facade import products_on_sale

from .making import make_slate

logger = logging.getLogger(__name__)

SECONDS = Histogram("marketplace_selection_seconds", "from a question to its selection, by its tier", ("tier",))

LEAST_LEFT = 0.5
"""Where less of a selection can still be bought, another one is made."""


def serve_mix(*, asked: Asked, viewer: Viewer, at: datetime) -> ExposureMix:
    """What the viewer is shown there now, and from which tier it came.

    Tiers: this process, the shared cache, the stored selection of the key, a new one from the newest complete scores,
    and one by popularity where there are none. A customer's `personalized` is their own; everything else is the same
    for all who get the same ways of the running experiments. Whatever the tier, what cannot be bought or seen this
    moment is left out (one query). Raises `InvalidInputError` for a category that does not exist.
    """
    started = time.perf_counter()
    stands = standing(at)
    customer_id = viewer.customer_id if asked.context == Context.PERSONALIZED else None
    recipe = _recipe(asked.as_made(), viewer, customer_id, stands, at)
    slate, tier = _slate(recipe, customer_id, stands, at)
    on_sale: Mapping[UUID, ShelfProduct] = products_on_sale(each.product_id for each in slate.places)
    if len(on_sale) < len(slate.places) * LEAST_LEFT:
        slate, tier, on_sale = _again(recipe, customer_id, stands, slate, at)
    answer = _answer(asked, slate, tier, on_sale, viewer, at)
    SECONDS.add(time.perf_counter() - started, tier.value)
    return answer


def _recipe(asked: Asked, viewer: Viewer, customer_id: UUID | None, stands: Standing, at: datetime) -> Recipe:
    ways = {
        knob: Way(each.id, each.experiment_id, each.key, each.value)
        for knob, each in variants_for(viewer.unit, at=at).items()
    }
    policy = stands.policy
    return Recipe(
        asked=asked,
        segment=f"c{customer_id.hex}" if customer_id else "",
        ways=ways,
        scores_version=stands.scores_version,
        policy=str(policy.pk or 0),
        pins=pins_word(stands.pins_in(asked.context, asked.category_id, at)),
    )


def _slate(
    recipe: Recipe, customer_id: UUID | None, stands: Standing, at: datetime, *, mark: str = ""
) -> tuple[StoredSlate, Tier]:
    """`mark` begins other keys than those of the period."""
    key, until = key_of(recipe, at)
    key += mark

    def make() -> tuple[StoredSlate, Tier]:
        try:
            return _stored_or_made(recipe, key, until, customer_id, stands, at)
        except DatabaseError:
            logger.warning("exposure: no selection could be made", exc_info=True, extra={"key": key})
            latest = selectors.latest_slate(recipe.asked.context, recipe.asked.category_id)
            if latest is None:
                raise
            return latest, Tier.STORED

    return caching.find_or_make(key, stands.word, at, make)


def _stored_or_made(
    recipe: Recipe, key: str, until: datetime, customer_id: UUID | None, stands: Standing, at: datetime
) -> tuple[StoredSlate, Tier]:
    stored = selectors.stored_slate(key)
    if stored is not None:
        return stored, Tier.STORED
    asked = recipe.asked
    if asked.category_id is not None and not selectors.category_exists(asked.category_id):
        text = gettext_noop("There is no such category.")
        raise InvalidInputError([FieldError("category_id", "does_not_exist", text)])
    made = make_slate(
        recipe=recipe,
        key=key,
        until=until,
        customer_id=customer_id,
        policy=stands.policy,
        pins=stands.pins_in(asked.context, asked.category_id, at),
        at=at,
    )
    return made, Tier.POPULARITY if made.is_fallback else Tier.COMPUTED


def _again(
    recipe: Recipe, customer_id: UUID | None, stands: Standing, before: StoredSlate, at: datetime
) -> tuple[StoredSlate, Tier, Mapping[UUID, ShelfProduct]]:
    """Too much of it is sold out: one of this minute."""
    minute = int(at.timestamp()) // 60
    slate, tier = _slate(recipe, customer_id, stands, at, mark=f":m{minute % 1_000}")
    return slate, tier, products_on_sale(each.product_id for each in slate.places)


def _answer(
    asked: Asked,
    slate: StoredSlate,
    tier: Tier,
    on_sale: Mapping[UUID, ShelfProduct],
    viewer: Viewer,
    at: datetime,
) -> ExposureMix:
    shown = [each for each in slate.places if each.position <= asked.size and each.product_id in on_sale]
    shelves = [on_sale[each.product_id] for each in shown]
    badges: Mapping[UUID, tuple[str, ...]] = badges_for(shelves, viewer, at) if shelves else {}
    keys = [way.key for _knob, way in sorted(slate.ways.items())]
    return ExposureMix(
        context=asked.context,
        category_id=asked.category_id,
        products=tuple(
            _shown(place, shelf, badges.get(place.product_id, ())) for place, shelf in zip(shown, shelves, strict=True)
        ),
        scores_version=slate.scores_version,
        variant="+".join(keys) or None,
        relaxed=slate.relaxed,
        tier=tier.value,
        expires_at=slate.expires_at,
    )


def _shown(place: Place, shelf: ShelfProduct, badges: tuple[str, ...]) -> ShownProduct:
    return ShownProduct(
        product_id=place.product_id,
        position=place.position,
        reason=place.reason,
        badges=(*place.badges, *badges),
        exposure_id=place.exposure_id,
        name=shelf.name,
        store_name=shelf.store_name,
        category_name=shelf.category_name,
        price_from=shelf.price_from,
        thumbnail=shelf.thumbnail,
        alternative_text=shelf.alternative_text,
    )
