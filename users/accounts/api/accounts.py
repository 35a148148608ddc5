"""`users/`: registration and accounts."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from marketplace.core.http.permissions import Anyone, IsStaff, SignedIn
from marketplace.core.http.throttling import AuthRateLimit, MailRateLimit
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet
from users.accounts import selectors
from users.accounts.models import User
from users.accounts.services import administration, registration

from .caller import caller
from .serializers import AccountChangeInput, AccountOutput, AddressOutput, RegistrationInput

NOTHING = OpenApiResponse(description="Done; nothing to say.")


class AccountFilter(django_filters.FilterSet):
    """The list's filters."""

    search = django_filters.CharFilter(method="find", max_length=100, label="Part of the address or the name")

    class Meta:
        model = User
        fields = ["is_active", "is_staff"]

    def find(self, rows: "QuerySet[User]", name: str, value: str) -> "QuerySet[User]":
        return rows.filter(Q(email__icontains=value) | Q(name__icontains=value))


ACCOUNT = {
    "id": "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e",
    "email": "ana@example.com",
    "name": "Ana",
    "is_active": True,
    "is_staff": False,
    "is_verified": True,
    "created_at": "2026-01-31T10:00:00Z",
}
ACCOUNT_EXAMPLE = OpenApiExample("An account", value=ACCOUNT, response_only=True, status_codes=["200"])
CHANGE_EXAMPLE = OpenApiExample("A new name", value={"name": "Ana María"}, request_only=True)
CHANGE_DESCRIPTION = (
    "The owner: `name`, and `password` with `current_password` (which ends every session). "
    "Staff: also `is_active`, of accounts that are not staff's. Administrators: also `is_staff`."
)


@extend_schema(tags=["users"])
@extend_schema_view(
    list=extend_schema(summary="Accounts (staff)", description="Newest first.", responses=AccountOutput(many=True)),
    retrieve=extend_schema(
        summary="An account (self, staff)",
        description="The account of somebody else is 404.",
        responses=AccountOutput,
        examples=[ACCOUNT_EXAMPLE],
    ),
    partial_update=extend_schema(
        summary="Change an account (self, staff)",
        description=CHANGE_DESCRIPTION,
        request=AccountChangeInput,
        responses=AccountOutput,
        examples=[CHANGE_EXAMPLE, ACCOUNT_EXAMPLE],
    ),
    destroy=extend_schema(
        summary="Delete an account (self, staff)",
        description="Forgets the person: address, name, place. The books keep their rows. "
        "409 says what must be settled first.",
        responses={204: NOTHING},
    ),
)
class AccountViewSet(ViewSet):
    """Registration and accounts."""

    is_private = True
    queryset = User.objects.none()
    serializer_class = AccountOutput
    filterset_class = AccountFilter
    lookup_value_regex = UUID_PATTERN
    permission_classes = [SignedIn]

    def get_permissions(self) -> list[Any]:
        kinds: dict[str, type[BasePermission]] = {"create": Anyone, "list": IsStaff}
        kind = kinds.get(self.action or "")
        return [kind()] if kind else list(super().get_permissions())

    def get_throttles(self) -> list[BaseThrottle]:
        if self.action == "create":
            return [MailRateLimit()]
        # A change may carry the current password: it is guessed no faster here than at log-in.
        return [AuthRateLimit()] if self.request.method == "PATCH" else super().get_throttles()

    def get_queryset(self) -> "QuerySet[User]":
        return selectors.visible_accounts(caller(self.request))

    @extend_schema(
        summary="Register",
        description="The answer is the same for an address that has an account. A mail with a link completes it.",
        request=RegistrationInput,
        responses={202: AddressOutput},
        examples=[
            OpenApiExample(
                "Register",
                value={"email": "ana@example.com", "password": "correct horse battery", "name": "Ana"},
                request_only=True,
            ),
            OpenApiExample("Accepted", value={"email": "ana@example.com"}, response_only=True, status_codes=["202"]),
        ],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=RegistrationInput)
        registration.register_account(**values, language=get_language() or "")
        return self.present(values, status=202, serializer=AddressOutput)

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        return self._change(request, UUID(pk))

    def destroy(self, request: Request, pk: str) -> Response:
        return self._archive(request, UUID(pk))

    @extend_schema(summary="My account", responses=AccountOutput, examples=[ACCOUNT_EXAMPLE])
    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        return self.present(selectors.account(caller(request).pk))

    @extend_schema(
        summary="Change my account",
        description=CHANGE_DESCRIPTION,
        request=AccountChangeInput,
        responses=AccountOutput,
        examples=[CHANGE_EXAMPLE, ACCOUNT_EXAMPLE],
    )
    @me.mapping.patch
    def change_me(self, request: Request) -> Response:
        return self._change(request, caller(request).pk)

    @extend_schema(
        summary="Delete my account",
        description="Forgets the person: address, name, place. The books keep their rows. "
        "409 says what must be settled first.",
        responses={204: NOTHING},
    )
    @me.mapping.delete
    def delete_me(self, request: Request) -> Response:
        return self._archive(request, caller(request).pk)

    def _change(self, request: Request, account_id: UUID) -> Response:
        values = self.read(request, serializer=AccountChangeInput)
        administration.change_account(actor=caller(request), account_id=account_id, **values)
        return self.present(selectors.account(account_id))

    def _archive(self, request: Request, account_id: UUID) -> Response:
        administration.archive_account(actor=caller(request), account_id=account_id)
        return Response(status=204)
