"""Who gets which way: a pure function of the experiment, its salt and the unit. Nothing is stored for it.

The same unit always gets the same way, on every process and engine, and nobody has to be asked. Two salts, so that
who takes part says nothing about the way they get; salts of each experiment, so that one says nothing about another.
"""

from hashlib import blake2b
from itertools import accumulate
from typing import Final, NamedTuple
from uuid import UUID

from .models import Experiment

PARTS: Final = 10_000
"""Inclusion and shares are of so many."""


class Split(NamedTuple):
    """What assignment needs to know of an experiment. Variants in the order of their ids, shares beside them."""

    experiment_id: UUID
    salt: str
    inclusion_bp: int
    variants: tuple[tuple[UUID, int], ...]


def place_of(experiment_id: UUID, salt: str, unit: UUID) -> int:
    """blake2b(experiment|salt|unit) mod 10,000, of eight bytes, the first being the highest.

    2^64 is no multiple of 10,000: places differ in likelihood by 5·10^−16 of it, which nobody will measure.
    """
    digest = blake2b(f"{experiment_id}|{salt}|{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % PARTS


def assigned(split: Split, unit: UUID) -> UUID | None:
    """The variant the unit gets, or None where it takes no part.

    The first half of the salt is for taking part, the second for the way. Shares sum up to 10,000.
    """
    half = len(split.salt) // 2
    if place_of(split.experiment_id, split.salt[:half], unit) >= split.inclusion_bp:
        return None
    place = place_of(split.experiment_id, split.salt[half:], unit)
    ends = accumulate(share for _variant_id, share in split.variants)
    return next(
        (variant_id for (variant_id, _share), end in zip(split.variants, ends, strict=True) if place < end), None
    )


def split_of(experiment: Experiment) -> Split:
    """From the rows; `variants` best prefetched."""
    variants = tuple(sorted((variant.pk, variant.share_bp) for variant in experiment.variants.all()))
    return Split(experiment.pk, experiment.salt, experiment.inclusion_bp, variants)
