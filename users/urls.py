"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from marketplace.core.http.viewsets import UUID_PATTERN

from .accounts.api.accounts import AccountViewSet
from .accounts.api.mail_links import MailLinkViewSet
from .accounts.api.tokens import TokenViewSet
from .addresses.api import AddressViewSet
from .customers.api import OwnProfileViewSet, ProfileAliasViewSet, ProfileViewSet, SegmentViewSet
from .personal_exports.api import PersonalExportFileViewSet, PersonalExportViewSet
from .staff.api import DepartmentViewSet, MemberViewSet

router = SimpleRouter()
router.register("auth", TokenViewSet, basename="auth")
router.register("users/user-segments", SegmentViewSet, basename="segment")
router.register("users/client-profiles", ProfileViewSet, basename="profile")
router.register("users/clients-profiles", ProfileAliasViewSet, basename="profile-alias")
router.register("users/departments", DepartmentViewSet, basename="department")
router.register(
    rf"users/departments/(?P<department_pk>{UUID_PATTERN})/members", MemberViewSet, basename="department-member"
)
router.register("users/me/addresses", AddressViewSet, basename="address")
router.register("users/me", OwnProfileViewSet, basename="own")
router.register("users", MailLinkViewSet, basename="mail-link")
router.register("users", AccountViewSet, basename="account")

urlpatterns = [
    path(
        "users/me/export/",
        PersonalExportViewSet.as_view({"get": "current", "post": "ask"}),
        name="personal-export",
    ),
    path(
        "users/me/export/file/",
        PersonalExportFileViewSet.as_view({"get": "file"}),
        name="personal-export-file",
    ),
    *router.urls,
]
