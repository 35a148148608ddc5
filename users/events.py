"""Facts of the users context. Ids only: no address, no token."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegistered(Event):
    """Somebody made an account; the address is not proven yet."""

    wire_name: ClassVar[str] = "users.account_registered"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRepeated(Event):
    """Somebody tried to register an address that has an account."""

    wire_name: ClassVar[str] = "users.registration_repeated"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequested(Event):
    """Somebody wants the verification mail again. The nil id stands for an address without an account."""

    wire_name: ClassVar[str] = "users.verification_requested"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(Event):
    """Somebody forgot a password. The nil id stands for an address without an account."""

    wire_name: ClassVar[str] = "users.password_reset_requested"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    """The owner proved the address."""

    wire_name: ClassVar[str] = "users.email_verified"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Event):
    """The account may do nothing any more (disabled by staff, or archived)."""

    wire_name: ClassVar[str] = "users.account_disabled"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChanged(Event):
    """A customer's tier is another one now; tiers are `bronze`, `silver`, `gold`."""

    wire_name: ClassVar[str] = "users.tier_changed"
    customer_id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPolicyChanged(Event):
    """New limits of the tiers are in force."""

    wire_name: ClassVar[str] = "users.tier_policy_changed"
    policy_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalExportRequested(Event):
    """Somebody wants a copy of what is kept about a person."""

    wire_name: ClassVar[str] = "users.personal_export_requested"
    export_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalExportReady(Event):
    """The copy is there for its owner."""

    wire_name: ClassVar[str] = "users.personal_export_ready"
    export_id: UUID
    user_id: UUID
