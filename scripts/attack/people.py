"""Who attacks: the people of the access matrix, and tokens that must open nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import jwt

from marketplace.core.access import KEYS
from marketplace.core.ids import uuid7
from marketplace.tests.access_table import EVERYBODY, PASSES, WHO
from marketplace.tests.world import World
from users.accounts.services.administration import change_account
from users.accounts.tests.factories import StaffFactory, UserFactory
from users.accounts.tokens import AccessToken, sign_access, sign_pair
from users.addresses.models import Address
from users.models import User
from users.staff.tests.factories import DepartmentMemberFactory

# Of whoever these are, some pages speak of the owner.
HOUSE: Final = frozenset({"owner", "clerk", "keeper", "administrator"})
REFUSED_TOKENS: Final = ("disabled", "expired", "foreign", "unsigned", "refresh", "garbage")
_STAFF: Final = {"staff", "its owner or staff"}
_FOREIGN_KEY: Final = "0123456789abcdef-of-somebody-else-0123456789abcdef"
SECRET: Final = "Planted Secret"  # noqa: S105 - looked for in answers


@dataclass(frozen=True, slots=True)
class Cast:
    """The headers of each, and what nobody but the owner and the house may read."""

    headers: dict[str, dict[str, str]]
    secrets: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def callers(self) -> list[str]:
        """Everybody's names."""
        return list(self.headers)


def expected(who: str, caller: str) -> int | None:
    """The status a caller is refused with by the table; 0: passes; None: the table leaves it open."""
    row = dict(zip(EVERYBODY, WHO[who], strict=True))
    if caller in row:
        return row[caller]
    if caller in REFUSED_TOKENS:
        return None if who in {"anyone", "its holder"} else 401
    if caller == "staff":  # of the house, without a key
        return None if who in _STAFF else row["stranger"]
    return None  # the keeper: what the owner's department may is the table's "key here"


def passes(who: str, caller: str) -> bool:
    """Whether the caller gets past the door."""
    if caller == "keeper":
        return who in {"key", "key here", "key of a department", "anyone", "signed in", "verified"} or who in _STAFF
    return expected(who, caller) == PASSES


def is_house(who: str, caller: str) -> bool:
    """Whether the caller may read about the owner there: of the house, or anybody of it where the row says staff."""
    return caller in HOUSE or (caller == "staff" and who in _STAFF)


def assemble(world: World) -> Cast:
    """Make the people who are not there yet, sign tokens good and bad, and plant what must not be read."""
    people = {name: user for name, user in world.people.items() if user is not None}
    people["staff"] = StaffFactory.create()
    keeper = DepartmentMemberFactory.create(department_id=world.ids["departments"]["pk"], keys=list(KEYS))
    people["keeper"] = keeper.user
    gone: User = UserFactory.create()
    tokens = {name: sign_access(user) for name, user in people.items()}
    tokens |= {"disabled": sign_access(gone), **_bad_tokens(world)}
    change_account(actor=world.person("administrator"), account_id=gone.pk, is_active=False)
    headers: dict[str, dict[str, str]] = {"anonymous": {}} | {
        name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()
    }
    return Cast(headers=headers, secrets=plant(world), tokens=tuple(tokens.values()))


def _bad_tokens(world: World) -> dict[str, str]:
    administrator = world.person("administrator")
    expired: Any = AccessToken(sign_access(world.owner))  # type: ignore[arg-type]  # the stubs know no text
    expired.set_exp(lifetime=-timedelta(hours=1))
    claims = jwt.decode(sign_access(administrator), options={"verify_signature": False})
    return {
        "expired": str(expired),
        "foreign": jwt.encode(claims, _FOREIGN_KEY, algorithm="HS256"),
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "refresh": sign_pair(administrator, uuid7()).refresh,
        "garbage": "a.b.c",
    }


def plant(world: World) -> tuple[str, ...]:
    """Words that nobody could guess in the owner's rows; with them, whatever names the owner's things."""
    address = {name: f"{SECRET} {name}" for name in ("recipient", "line1", "line2", "notes", "city")}
    Address.objects.filter(customer=world.owner.pk).update(**address, phone="+5215500000077")
    return (*world.secrets, SECRET, "+5215500000077")
