"""Why a product stands where it stands, in words, from what was stored with its place and with nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Context, Reason, Slot


def explain(slot: Slot, product_name: str) -> list[str]:
    """Sentences in the reader's language: where and when, what placed it, with which numbers, and with what chance."""
    return [*_where(slot, product_name), *_why(slot), *_how(slot)]


def _where(slot: Slot, product_name: str) -> Iterator[str]:
    slate = slot.slate
    place = Context(slate.context).label
    yield _("On %(moment)s “%(product)s” was put in place %(position)s of: %(place)s.") % {
        "product": product_name,
        "position": slot.position,
        "place": place,
        "moment": date_format(localtime(slate.created_at), "DATETIME_FORMAT"),
    }
    if slate.customer_id is not None:
        yield _("It was made for one customer.")
    else:
        yield _("It was the same for everybody in the same experiments.")
    if slate.scores_version is None:
        yield _("There were no scores: it was made of what people looked at, and of what was newest.")
    else:
        yield _("It was made of version %(version)s of the scores.") % {"version": slate.scores_version}
    for knob, way in sorted(slate.variants.items()):
        yield _("An experiment was running: “%(way)s”, with %(knob)s at %(value)s.") % {
            "way": way["key"],
            "knob": knob,
            "value": _number(way["value"], 2),
        }


def _why(slot: Slot) -> Iterator[str]:
    proof = slot.evidence
    if slot.reason == Reason.PINNED:
        yield _("Staff pinned it there. Pins pass by popularity and variety, never by stock.")
        if proof.get("pinned_at") not in {None, slot.position}:
            yield _("It was pinned to place %(place)s; the selection was shorter.") % {"place": proof["pinned_at"]}
    elif "drawn_rate" in proof:
        yield from _trial(proof)
    elif slot.reason == Reason.FALLBACK:
        yield _("It was the next by what people did with it.")
    else:
        yield from _exposure(slot, proof)


def _trial(proof: Mapping[str, Any]) -> Iterator[str]:
    yield _("The place is one of those where new products are tried out.")
    yield _(
        "Until then it had been on the screen %(seen)s times and was clicked %(clicked)s times (older ones count less)."
    ) % {"seen": _number(proof["impressions"], 1), "clicked": _number(proof["clicks"], 1)}
    yield ngettext(
        "It was drawn against %(count)s other product: its drawn click rate was %(rate)s, in a category of %(usual)s.",
        "It was drawn against %(count)s other products: its drawn click rate was %(rate)s, in a category of %(usual)s.",
        proof["rivals"],
    ) % {
        "count": proof["rivals"],
        "rate": _percent(proof["drawn_rate"]),
        "usual": _percent(proof["category_rate"]),
    }


def _exposure(slot: Slot, proof: Mapping[str, Any]) -> Iterator[str]:
    if slot.reason == Reason.PERSONAL:
        yield _("It is of a category that the customer looked at (%(share)s of the strongest interest).") % {
            "share": _percent(proof.get("affinity", 0))
        }
    yield _("Its exposure score was %(score)s: %(parts)s.") % {
        "score": _number(proof.get("exposure", 0), 3),
        "parts": ", ".join(_parts(slot)),
    }
    if proof.get("similarity"):
        yield _("It has %(share)s in common with something that stands before it, which counted against it.") % {
            "share": _percent(proof["similarity"])
        }
    if proof.get("shown"):
        yield ngettext(
            "The viewer had seen it %(count)s time in 24 hours, which counted against it.",
            "The viewer had seen it %(count)s times in 24 hours, which counted against it.",
            proof["shown"],
        ) % {"count": proof["shown"]}


def _parts(slot: Slot) -> Iterator[str]:
    """Each score times its weight, as the selection's own numbers have it."""
    proof, made_with = slot.evidence, slot.slate.parameters
    first = made_with.get("w_popularity", 0)
    weights = {
        "popularity": (_("popularity"), first),
        "cold": (_("newness"), (1 - first) * made_with.get("w_cold", 0)),
        "profit": (_("profit"), (1 - first) * made_with.get("w_profit", 0)),
        "freshness": (_("freshness"), (1 - first) * made_with.get("w_freshness", 0)),
    }
    for name, (label, weight) in weights.items():
        yield _("%(label)s %(score)s × %(weight)s") % {
            "label": label,
            "score": _number(proof.get(name, 0), 2),
            "weight": _number(weight, 3),
        }


def _how(slot: Slot) -> Iterator[str]:
    if slot.propensity < 1:
        yield _("The chance that this product stood in this place was %(chance)s.") % {
            "chance": _percent(slot.propensity)
        }
    else:
        yield _("Nothing was drawn: with the same numbers it always stands there.")
    labels = {
        "store": _("the most of one store"),
        "category": _("the most of one category"),
        "repetition": _("repetition"),
    }
    gave_way = [labels[rule] for rule in slot.evidence.get("gave_way", []) if rule in labels]
    if gave_way:
        yield _("Nothing else was left within the rules; what gave way: %(rules)s.") % {"rules": ", ".join(gave_way)}


def _number(value: float, digits: int) -> str:
    return number_format(value, decimal_pos=digits, force_grouping=True)


def _percent(share: float) -> str:
    return f"{_number(share * 100, 1)} %"
