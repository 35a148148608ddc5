"""`benefits_json`: checked against the published JSON Schema, then for what a schema cannot say, then parsed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from marketplace.core.errors import DomainError, FieldError, gettext_noop
from marketplace.core.money import Money
from promotions.contracts import Benefit, BenefitKind

FIELD: Final = "benefits_json"
NOT_OF_ORDERS: Final = frozenset({BenefitKind.FIXED_PRICE.value, BenefitKind.BUY_X_GET_Y.value})
_AMOUNT_OF: Final = {"amount": "amount", "fixed_price": "price"}
_FULL: Final = 10_000
_OTHERWISE: Final = gettext_noop("This does not follow the schema.")
_SENTENCES: Final = {
    "additionalProperties": gettext_noop("This has a member that its kind does not have."),
    "enum": gettext_noop("There is no such kind of benefit."),
    "maximum": gettext_noop("This number is too large."),
    "maxItems": gettext_noop("These are too many benefits."),
    "minimum": gettext_noop("This number is too small."),
    "minItems": gettext_noop("Give at least one benefit."),
    "pattern": gettext_noop("Write the amount as plain digits, such as 50.00."),
    "required": gettext_noop("A member that its kind needs is missing."),
    "type": gettext_noop("This is of the wrong type: benefits are a list of objects, amounts texts, shares integers."),
}
_SCHEMA = Path(__file__).with_name("benefits.schema.json")


@lru_cache(maxsize=1)
def benefits_schema() -> dict[str, Any]:
    """The published schema."""
    schema: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return schema


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    return Draft202012Validator(benefits_schema())


def benefit_errors(benefits: Any, *, scope: str, currency: str) -> list[FieldError]:
    """What is wrong with the benefits of a campaign of that scope and currency; each names its place in the list."""
    broken = [_broken(error) for error in _validator().iter_errors(benefits) if not _says_nothing(error)]
    return broken or [*_meaning_errors(benefits, scope, currency)]


def parse_benefits(benefits: Sequence[dict[str, Any]], currency: str) -> tuple[Benefit, ...]:
    """Valid benefits as prices are computed with them."""
    return tuple(_parse(each, currency) for each in benefits)


def _parse(benefit: dict[str, Any], currency: str) -> Benefit:
    kind = BenefitKind(benefit["kind"])
    amount = benefit.get(_AMOUNT_OF.get(kind.value, ""))
    default = _FULL if kind == BenefitKind.BUY_X_GET_Y else 0
    return Benefit(
        kind,
        # JSON does not tell 1.0 from 1, nor does the schema.
        basis_points=int(benefit.get("basis_points", default)),
        minor=0 if amount is None else Money.parse(amount, currency).minor,
        buy=int(benefit.get("buy", 0)),
        get=int(benefit.get("get", 0)),
    )


def _broken(error: ValidationError) -> FieldError:
    """Of a benefit, what is wrong with it as the kind it says it is."""
    reason = _own_reason(error) or error
    place = FIELD + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in reason.absolute_path)
    return FieldError(place, "schema", _SENTENCES.get(str(reason.validator), _OTHERWISE))


def _says_nothing(error: ValidationError) -> bool:
    """Of an unknown kind the list of kinds says it all."""
    return error.validator == "oneOf" and isinstance(error.instance, dict) and _own_reason(error) is None


def _own_reason(error: ValidationError) -> ValidationError | None:
    """The first fault in the branch of the benefit's own kind; None where the error is no choice between kinds."""
    if error.validator != "oneOf" or not isinstance(error.instance, dict):
        return None
    kinds = [branch["properties"]["kind"]["const"] for branch in benefits_schema()["items"]["oneOf"]]
    kind = error.instance.get("kind")
    inner = error.context or ()
    return next((each for each in inner if kinds[int(each.schema_path[0])] == kind), None)


def _meaning_errors(benefits: Sequence[dict[str, Any]], scope: str, currency: str) -> Iterator[FieldError]:
    kinds = Counter(benefit["kind"] for benefit in benefits)
    if max(kinds.values()) > 1:
        yield FieldError(FIELD, "duplicate", gettext_noop("Give each kind of benefit once."))
    if scope == "order" and NOT_OF_ORDERS & kinds.keys():
        detail = gettext_noop("A campaign about orders gives no fixed price and no units for free.")
        yield FieldError(FIELD, "invalid", detail)
    for position, benefit in enumerate(benefits):
        name = _AMOUNT_OF.get(benefit["kind"])
        if name is not None:
            yield from _amount_errors(benefit[name], currency, f"{FIELD}[{position}].{name}")


def _amount_errors(text: str, currency: str, place: str) -> Iterator[FieldError]:
    if not currency:
        yield FieldError("currency", "required", gettext_noop("Amounts need a currency."))
        return
    try:
        amount = Money.parse(text, currency)
    except DomainError:
        yield FieldError(place, "invalid_amount", gettext_noop("The currency does not have so many decimals."))
        return
    if not amount:
        yield FieldError(place, "not_positive", gettext_noop("The amount must be more than zero."))
