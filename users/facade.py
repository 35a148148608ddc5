"""What other contexts may ask of users. Each name with its promise; nothing else is for them.

`customer_card(customer_id) -> CustomerCard`
    The customer as of now, in one query. Raises `CustomerNotFoundError` (404).
`customer_cards(customer_ids) -> dict[UUID, CustomerCard]`
    The same of many, in one query; who is no customer is left out.
`places_in(audience) -> QuerySet[CustomerPlace]`
    An audience (`contracts.Audience`): customers in the circle (none: everywhere, those without a place included) who
    are in any of the segments (none: everyone), of any of the tiers, with an order since then. One row per customer
    at most. Columns `customer`, `latitude`,
    `longitude`; walk it in chunks by `customer` (an index answers that order). Active accounts only, verified or not.
`end_of_places(after, count) -> UUID | None`
    The customer of the `count`-th place behind this key, to walk a large audience in stretches; None: fewer are left.
`index_for_postgis() -> bool`
    Make the index that PostGIS answers `places_in` by, where GEOGRAPHY chooses it; False: no such extension here.
`record_order_outcome(*, customer_id, at, change)`
    +1 when an order succeeded, -1 when it was wholly returned; tier and automatic segments follow in the same
    transaction. Not harmless twice: call it from a handled-once handler.
`record_order_outcomes(outcomes)`
    The same for many at once (importers): a few statements, whatever their number.
`order_counts(after, limit) -> list[tuple[UUID, int]]`
    The next customers after that key with how many successful orders are counted for each: to walk over all of them.
`correct_order_count(*, customer_id, count, actor_id, reason) -> bool`
    Set the count to what the orders say, audited; `count()` is asked while the profile is locked. Whether it changed.
`add_customers(rows, *, password=None) -> list[UUID]`
    Accounts and profiles by the thousand; known addresses are left alone and give their id.
`add_departments(names) -> dict[slug, UUID]`
    Departments by slug, those that are not there yet.
`add_staff(rows, *, password) -> list[UUID]`
    Verified accounts of the house with their keys; known addresses are left alone and give their id.
`address_snapshot(customer_id, address_id=None) -> dict[str, str] | None`
    What an order keeps of one of the customer's addresses (of the default one unless said); None when there is none
    such. Names: recipient, phone, line1, line2, city, state, postal_code, country, notes.
`customer_languages(ids) -> dict[UUID, str]`
    The language of each customer, `en` or `es`.
`accounts_exist(ids) -> bool`
    Whether each id is an active account.
`is_signed_in(account_id, generation) -> bool`
    Whether access tokens of that generation (`User.token_version`) still open anything; one query, no cache.
`refused_generations() -> dict[UUID, int]`
    Accounts that were disabled or logged out everywhere lately: tokens below that generation are refused. One query.
`access_token(account_id) -> str`
    An access token without a session, for measurements and tools. It works as any other and runs out as fast.
`register_account(*, email, password, name, language)`
    Make an account and have the verification mail sent; the same for a known address. Raises `InvalidInputError`.
`request_verification(*, email)`
    Have the verification mail sent again; the same for an unknown address.
`change_profile(*, actor, customer_id, **values)`
    Place, language, time zone of a customer. Raises `CustomerNotFoundError`, `InvalidInputError` for half a place.
`contacts(ids) -> dict[UUID, Contact]`
    Address (and whether it is proven), name, language and time zone of each active account. One query.
`verified_account(email) -> UUID | None`
    The active account whose owner has proven that address. Never to be told to a stranger.
`staff_with(permission) -> list[UUID]`
    Active people of the house who have that Django permission (`app.codename`), administrators included.
`staff_holding(key, department_id) -> list[UUID]`
    Active people of the house who hold that key in the department; writing includes reading.
`departments_of(user_id) -> dict[UUID, frozenset[str]]`
    A person's keys by department, as `core.access.KEYS`.
`AccessRevokedError`
    The refusal (401) of an access token that is out of force, for a write that looks at the account itself.
`has_second_factor(account_id)`, `begin_second_factor`, `confirm_second_factor`, `check_second_factor`
    The back office's second factor: codes of an authenticator application, and recovery codes.
    Raise `SecondFactorPresentError`, `WrongCodeError`.
`kpis() -> list[Kpi]`
    Figures for the dashboard.
"""

from django.utils import timezone

from marketplace.core.kpis import Kpi

from .accounts.errors import AccessRevokedError, SecondFactorPresentError, WrongCodeError
from .accounts.selectors import (
    accounts_exist,
    contacts,
    is_signed_in,
    refused_generations,
    staff_with,
    verified_account,
)
from .accounts.services.registration import register_account, request_verification
from .accounts.services.second_factor import (
    begin_second_factor,
    check_second_factor,
    confirm_second_factor,
    has_second_factor,
)
from .accounts.services.sessions import access_token
from .addresses.errors import AddressNotFoundError
from .addresses.selectors import address_snapshot
from .contracts import Contact
from .customers import selectors as _customers
from .customers.errors import CustomerNotFoundError
from .customers.models import Tier
from .customers.places import index_for_postgis
from .customers.selectors import (
    customer_card,
    customer_cards,
    customer_languages,
    end_of_places,
    order_counts,
    places_in,
)
from .customers.services.many import add_customers
from .customers.services.profiles import change_profile
from .customers.services.tiers import correct_order_count, record_order_outcome, record_order_outcomes
from .staff.many import add_departments, add_staff
from .staff.selectors import departments_of, staff_holding

__all__ = [
    "AccessRevokedError",
    "AddressNotFoundError",
    "Contact",
    "CustomerNotFoundError",
    "SecondFactorPresentError",
    "Tier",
    "WrongCodeError",
    "access_token",
    "accounts_exist",
    "add_customers",
    "add_departments",
    "add_staff",
    "address_snapshot",
    "begin_second_factor",
    "change_profile",
    "check_second_factor",
    "confirm_second_factor",
    "contacts",
    "correct_order_count",
    "customer_card",
    "customer_cards",
    "customer_languages",
    "departments_of",
    "end_of_places",
    "has_second_factor",
    "index_for_postgis",
    "is_signed_in",
    "kpis",
    "order_counts",
    "places_in",
    "record_order_outcome",
    "record_order_outcomes",
    "refused_generations",
    "register_account",
    "request_verification",
    "staff_holding",
    "staff_with",
    "verified_account",
]


def kpis() -> list[Kpi]:
    """Figures for the dashboard."""
    return _customers.kpis(timezone.now())
