"""Making a selection: candidates from the scores, or by popularity without them; stored place by place."""

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core.ids import uuid7
from marketplace.core.inserting import insert_many
from promotions.engagement import decay
from promotions.engagement.decay import Decayed
from promotions.engagement.selectors import policy_in_force
from promotions.exposure import mixing, selectors
from promotions.exposure.board import Candidate, Settings
from promotions.exposure.keys import Recipe, seed_of
from promotions.exposure.models import Context, Pin, Slate, Slot
from promotions.exposure.values import Place, StoredSlate, ways_json
from promotions.scoring import selectors as scoring
from promotions.scoring.models import ProductScore, ScoringPolicy
from stores.contracts import Goods
from stores.facade import goods_on_sale, newest_on_sale

logger = logging.getLogger(__name__)

BY_EXPOSURE, BY_COLD = 200, 100
PERSONAL_EXPOSURE, PERSONAL_COLD = 120, 60
GENERAL_EXPOSURE, GENERAL_COLD = 80, 40
WITHOUT_SCORES = 300
NEW_WITHIN = timedelta(days=7)
TRENDING_FROM = 0.9
"""A popularity score from which a product is said to be in demand."""


def make_slate(
    *, recipe: Recipe, key: str, until: datetime, customer_id: UUID | None, policy: ScoringPolicy,
    pins: Iterable[Pin], at: datetime,
) -> StoredSlate:  # fmt: skip
    """Make the selection of a key and store it; where somebody else just has, theirs is the answer.

    From the scores of the recipe's version; without one, or where it has nothing that can be bought, by popularity
    (every reason is then `fallback`). A catalogue without anything to buy gives a selection without places.
    """
    pinned = list(pins)
    settings = _settings(recipe, policy, is_personal=customer_id is not None)
    candidates, badges = _scored(recipe, pinned, customer_id, at)
    version = recipe.scores_version
    if not candidates:
        version, badges = None, {}
        candidates = _unscored(recipe, pinned, at)
        settings = _settings(recipe, policy, is_personal=False, is_fallback=True)
    seed = seed_of(recipe, at)
    mixed = mixing.mix(
        candidates,
        pins=[mixing.Pinned(pin.pk, pin.product_id, pin.position) for pin in pinned],
        prior_rates=mixing.category_rates(candidates),
        settings=settings,
        seed=seed,
    )
    slate = Slate(
        key=key,
        context=recipe.asked.context,
        category_id=recipe.asked.category_id,
        customer_id=customer_id,
        segment=recipe.segment,
        scores_version=version,
        variants={knob: ways_json(way) for knob, way in recipe.ways.items()},
        parameters={**asdict(settings), "candidates": len(candidates), "policy": recipe.policy},
        seed=seed,
        relaxed=[rule.value for rule in mixed.relaxed],
        tier="scores" if version is not None else "popularity",
        expires_at=until,
    )
    return _store(slate, mixed, badges, recipe)


def _store(slate: Slate, mixed: mixing.Mix, badges: Mapping[UUID, tuple[str, ...]], recipe: Recipe) -> StoredSlate:
    slots = [
        Slot(
            id=uuid7(),
            slate=slate,
            position=each.position,
            product_id=each.product_id,
            reason=each.reason,
            badges=list(badges.get(each.product_id, ())),
            propensity=each.propensity,
            evidence=dict(each.evidence),
        )
        for each in mixed.placed
    ]
    try:
        with transaction.atomic():
            slate.save(force_insert=True)
            insert_many(slots)
    except IntegrityError:
        stored = selectors.stored_slate(slate.key)
        if stored is None:
            raise
        return stored
    return StoredSlate(
        slate_id=slate.pk,
        key=slate.key,
        scores_version=slate.scores_version,
        ways=recipe.ways,
        relaxed=tuple(slate.relaxed),
        is_fallback=slate.scores_version is None,
        expires_at=slate.expires_at,
        places=tuple(
            Place(slot.pk, slot.position, slot.product_id, str(slot.reason), tuple(slot.badges)) for slot in slots
        ),
    )


def _settings(recipe: Recipe, policy: ScoringPolicy, *, is_personal: bool, is_fallback: bool = False) -> Settings:
    """The policy's numbers, each knob of an experiment in its place."""
    values = {knob: way.value for knob, way in recipe.ways.items()}
    is_one_category = recipe.asked.context == Context.CATEGORY
    category_cap, store_cap = mixing.caps_for(recipe.asked.size, is_one_category=is_one_category)
    return Settings(
        size=recipe.asked.size,
        category_cap=category_cap,
        store_cap=store_cap,
        explore_share=0.0 if is_fallback else values.get("explore_share", policy.explore_share),
        w_popularity=values.get("w_popularity", policy.w_popularity),
        w_cold=policy.w_cold,
        w_profit=policy.w_profit,
        w_freshness=policy.w_freshness,
        trial_budget=policy.cold_impressions,
        is_personal=is_personal,
        is_fallback=is_fallback,
    )


def _scored(
    recipe: Recipe, pins: list[Pin], customer_id: UUID | None, at: datetime
) -> tuple[list[Candidate], Mapping[UUID, tuple[str, ...]]]:
    """Candidates by score that can be bought now, and the badges that are facts about them."""
    if recipe.scores_version is None:
        return [], {}
    affinities = _affinities(recipe, customer_id, at)
    rows = {row.product_id: row for row in _rows(recipe.scores_version, recipe, affinities)}
    missing = [pin.product_id for pin in pins if pin.product_id not in rows]
    if missing:
        rows |= scoring.scores_of(recipe.scores_version, missing)
    on_sale = goods_on_sale({*rows, *missing})
    shown = {} if customer_id is None else selectors.shown_counts(customer_id, at)
    found = [
        _candidate(
            on_sale[pk], rows.get(pk), shown=shown.get(pk, 0), affinity=affinities.get(on_sale[pk].category_id, 0)
        )
        for pk in on_sale
    ]
    return found, {pk: _facts(row, at) for pk, row in rows.items()}


def _rows(version: int, recipe: Recipe, affinities: Mapping[UUID, float]) -> list[ProductScore]:
    if recipe.asked.category_id is not None:
        subtree = scoring.subtree(recipe.asked.category_id)
        return scoring.candidates(version, category_ids=subtree, exposure=BY_EXPOSURE, cold=BY_COLD)
    if not affinities:
        return scoring.candidates(version, exposure=BY_EXPOSURE, cold=BY_COLD)
    liked = scoring.candidates(version, category_ids=affinities, exposure=PERSONAL_EXPOSURE, cold=PERSONAL_COLD)
    return liked + scoring.candidates(version, exposure=GENERAL_EXPOSURE, cold=GENERAL_COLD)


def _affinities(recipe: Recipe, customer_id: UUID | None, at: datetime) -> Mapping[UUID, float]:
    if customer_id is None or recipe.asked.context != Context.PERSONALIZED:
        return {}
    return selectors.strongest_interests(customer_id, at, policy_in_force().half_life_hours)


def _candidate(goods: Goods, row: ProductScore | None, *, shown: int = 0, affinity: float = 0.0) -> Candidate:
    """A pinned product that is too new to have scores has none."""
    return Candidate(
        product_id=goods.product_id,
        category_id=goods.category_id,
        store_id=goods.store_id,
        brand_id=goods.brand_id,
        popularity=row.popularity if row else 0.0,
        cold=row.cold if row else 0.0,
        profit=row.profit if row else 0.0,
        freshness=row.freshness if row else 0.0,
        log_key=row.log_key if row else 0.0,
        impressions=row.impressions if row else 0.0,
        clicks=row.clicks if row else 0.0,
        shown_count=shown,
        affinity=affinity,
    )


def _facts(row: ProductScore, at: datetime) -> tuple[str, ...]:
    facts = []
    if at - row.fresh_since <= NEW_WITHIN:
        facts.append("new")
    if row.popularity >= TRENDING_FROM:
        facts.append("trending")
    return tuple(facts)


def _unscored(recipe: Recipe, pins: list[Pin], at: datetime) -> list[Candidate]:
    """What can be bought, by what people did with it as far as that is known; then what was added last."""
    category_id, per_second = recipe.asked.category_id, decay.rate(policy_in_force().half_life_hours)
    weights = {
        signal.product_id: decay.at(Decayed(signal.weight, signal.moment), at, per_second)
        for signal in selectors.strongest_signals(category_id, WITHOUT_SCORES)
    }
    newest = newest_on_sale(category_id=category_id, limit=WITHOUT_SCORES - min(len(weights), WITHOUT_SCORES // 2))
    on_sale = goods_on_sale({*weights, *newest, *(pin.product_id for pin in pins)})
    most = math.log1p(max(weights.values(), default=1.0))
    # Newer products have greater ids: the newest first among those that nobody looked at.
    ranks = {pk: 1.0 / (2 + rank) for rank, pk in enumerate(sorted(newest, reverse=True))}
    found = []
    for pk, goods in on_sale.items():
        popularity = math.log1p(weights.get(pk, 0.0)) / most if most else 0.0
        one = _candidate(goods, None)
        found.append(
            Candidate(
                one.product_id, one.category_id, one.store_id, one.brand_id, popularity, log_key=ranks.get(pk, 0.0)
            )
        )
    return found
