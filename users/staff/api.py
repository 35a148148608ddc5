"""HTTP of the staff slice: departments and their members."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.access import KEYS
from marketplace.core.errors import NotFoundError
from marketplace.core.http import fields
from marketplace.core.http.permissions import IsAdministrator
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet
from users.accounts.api.caller import caller
from users.accounts.models import User

from . import selectors, services
from .models import Department, DepartmentMember

NOTHING = OpenApiResponse(description="Done; nothing to say.")
DEPARTMENT = {
    "id": "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e",
    "name": "Bakery",
    "slug": "bakery",
    "member_count": 3,
    "created_at": "2026-01-31T10:00:00Z",
}
MEMBER = {
    "id": "0198c6a0-6b1d-7a52-8f0e-7d0f3c2b1a09",
    "department": DEPARTMENT["id"],
    "user": "0198c6a0-7c2e-7b63-9a1f-8e1f4d3c2b1a",
    "keys": ["catalog:write", "inventory:read"],
    "created_at": "2026-01-31T10:00:00Z",
}
DEPARTMENT_EXAMPLE = OpenApiExample("A department", value=DEPARTMENT, response_only=True)
MEMBER_EXAMPLE = OpenApiExample("A member", value=MEMBER, response_only=True)


class DepartmentOutput(fields.ModelSerializer):
    """A department."""

    member_count = fields.IntegerField(read_only=True)

    class Meta:
        model = Department
        fields = ["id", "name", "slug", "member_count", "created_at"]
        read_only_fields = fields


class DepartmentInput(serializers.Serializer[None]):
    """A department."""

    name = fields.CharField(max_length=80)
    slug = fields.SlugField(max_length=80)


class MemberOutput(fields.ModelSerializer):
    """A person's keys in one department."""

    department = fields.UUIDField(source="department_id", read_only=True)
    user = fields.UUIDField(source="user_id", read_only=True)
    keys = serializers.ListField(child=fields.ChoiceField(choices=KEYS), read_only=True)

    class Meta:
        model = DepartmentMember
        fields = ["id", "department", "user", "keys", "created_at"]
        read_only_fields = fields


class MemberKeysInput(serializers.Serializer[None]):
    """Keys: an area with `read` or `write`; writing includes reading."""

    keys = serializers.ListField(child=fields.ChoiceField(choices=KEYS), max_length=len(KEYS))


class MemberInput(MemberKeysInput):
    """A new member."""

    user: Any = fields.PrimaryKeyRelatedField(queryset=User.objects.filter(archived_at__isnull=True))


@extend_schema(tags=["users"])
@extend_schema_view(
    list=extend_schema(
        summary="Departments (administrators)", description="Newest first.", responses=DepartmentOutput(many=True)
    ),
    retrieve=extend_schema(
        summary="A department (administrators)", responses=DepartmentOutput, examples=[DEPARTMENT_EXAMPLE]
    ),
)
class DepartmentViewSet(ViewSet):
    """Parts of the shop with their own shelves and people."""

    queryset = Department.objects.none()
    serializer_class = DepartmentOutput
    permission_classes = [IsAdministrator]
    filterset_fields = ["slug"]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> "QuerySet[Department]":
        return selectors.departments()

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(self.get_object())

    @extend_schema(
        summary="Add a department (administrators)",
        description="409 `department_slug_taken` for a slug in use.",
        request=DepartmentInput,
        responses={201: DepartmentOutput},
        examples=[
            OpenApiExample("Bakery", value={"name": "Bakery", "slug": "bakery"}, request_only=True),
            DEPARTMENT_EXAMPLE,
        ],
    )
    def create(self, request: Request) -> Response:
        department = services.add_department(actor=caller(request), **self.read(request, serializer=DepartmentInput))
        return self.present(self.get_queryset().get(pk=department.pk), status=201)

    @extend_schema(
        summary="Change a department (administrators)",
        request=DepartmentInput,
        responses=DepartmentOutput,
        examples=[OpenApiExample("Another name", value={"name": "Bread"}, request_only=True), DEPARTMENT_EXAMPLE],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        values = self.read(request, serializer=DepartmentInput, partial=True)
        department = services.change_department(actor=caller(request), department_id=UUID(pk), **values)
        return self.present(self.get_queryset().get(pk=department.pk))

    @extend_schema(
        summary="Delete a department (administrators)",
        description="409 `department_in_use` while categories belong to it.",
        responses={204: NOTHING},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_department(actor=caller(request), department_id=UUID(pk))
        return Response(status=204)


@extend_schema(
    tags=["users"], parameters=[OpenApiParameter("department_pk", {"type": "string", "format": "uuid"}, "path")]
)
@extend_schema_view(
    list=extend_schema(
        summary="Members of a department (administrators)",
        description="Newest first.",
        responses=MemberOutput(many=True),
    ),
    retrieve=extend_schema(
        summary="A member of a department (administrators)", responses=MemberOutput, examples=[MEMBER_EXAMPLE]
    ),
)
class MemberViewSet(ViewSet):
    """Who holds which keys in a department."""

    is_private = True
    queryset = DepartmentMember.objects.none()
    serializer_class = MemberOutput
    permission_classes = [IsAdministrator]
    filterset_fields = ["user"]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> "QuerySet[DepartmentMember]":
        return selectors.members(self._department_id)

    @property
    def _department_id(self) -> UUID:
        return UUID(self.kwargs["department_pk"])

    def list(self, request: Request, department_pk: str) -> Response:
        if not selectors.departments().filter(pk=self._department_id).exists():
            raise NotFoundError
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, department_pk: str, pk: str) -> Response:
        return self.present(self.get_object())

    @extend_schema(
        summary="Add a member (administrators)",
        description="409 `not_staff` for an account that is not of staff, `already_member` for a member.",
        request=MemberInput,
        responses={201: MemberOutput},
        examples=[
            OpenApiExample("A baker", value={"user": MEMBER["user"], "keys": MEMBER["keys"]}, request_only=True),
            MEMBER_EXAMPLE,
        ],
    )
    def create(self, request: Request, department_pk: str) -> Response:
        values = self.read(request, serializer=MemberInput)
        member = services.add_member(actor=caller(request), department_id=self._department_id, **values)
        return self.present(member, status=201)

    @extend_schema(
        summary="Change a member's keys (administrators)",
        request=MemberKeysInput,
        responses=MemberOutput,
        examples=[OpenApiExample("Read only", value={"keys": ["catalog:read"]}, request_only=True), MEMBER_EXAMPLE],
    )
    def partial_update(self, request: Request, department_pk: str, pk: str) -> Response:
        values = self.read(request, serializer=MemberKeysInput)
        member = services.change_member(
            actor=caller(request), department_id=self._department_id, member_id=UUID(pk), **values
        )
        return self.present(member)

    @extend_schema(summary="Remove a member (administrators)", responses={204: NOTHING})
    def destroy(self, request: Request, department_pk: str, pk: str) -> Response:
        services.remove_member(actor=caller(request), department_id=self._department_id, member_id=UUID(pk))
        return Response(status=204)
