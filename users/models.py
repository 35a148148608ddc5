"""Models of the context, re-exported: Django looks for them here."""

from .accounts.models import DeniedAccount, MailToken, Session, SpentRefreshToken, User
from .addresses.models import Address
from .customers.models import (
    CustomerPlace,
    CustomerProfile,
    Segment,
    SegmentMembership,
    SegmentPolicy,
    Tier,
    TierPolicy,
)
from .personal_exports.models import PersonalExport
from .staff.models import Department, DepartmentMember

__all__ = [
    "Address",
    "CustomerPlace",
    "CustomerProfile",
    "DeniedAccount",
    "Department",
    "DepartmentMember",
    "MailToken",
    "PersonalExport",
    "Segment",
    "SegmentMembership",
    "SegmentPolicy",
    "Session",
    "SpentRefreshToken",
    "Tier",
    "TierPolicy",
    "User",
]
