"""`gift-lists/`: one's own lists, those one edits, public ones; and their editors."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from links.gift_lists import selectors
from links.gift_lists.models import GiftList, GiftListEditor
from links.gift_lists.services.editors import add_editor, remove_editor
from links.gift_lists.services.lists import change_list, close_list, delete_list, open_list, renew_link
from marketplace.core.errors import NotFoundError
from marketplace.core.http.etags import expected_version
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

from . import examples
from .serializers import (
    EditorSerializer,
    ListChangeSerializer,
    ListQuerySerializer,
    ListRequestSerializer,
    ListSerializer,
)

TAGS = ["gift lists"]
MOST = 2**63


@extend_schema(tags=TAGS)
class GiftListViewSet(ViewSet):
    """Lists of gifts."""

    queryset = GiftList.objects.none()
    serializer_class = ListSerializer
    permission_classes = [SignedIn]
    lookup_value_converter = "uuid"
    filter_backends = []
    uses_etags = True
    is_private = True

    @extend_schema(
        summary="My gift lists",
        description="Those I own and those I edit, newest first. `public=true` (or an `owner`): open public lists.",
        parameters=[ListQuerySerializer],
        examples=[examples.A_LIST],
    )
    def list(self, request: Request) -> Response:
        query = ListQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        owner = query.validated_data.get("owner")
        rows = selectors.lists_of(request.user)
        if owner is not None or query.validated_data["public"] == "true":
            rows = selectors.public_lists()
        page: Any = self.paginate_queryset(rows if owner is None else rows.filter(owner=owner))
        shown = selectors.dressed_lists(page, request.user)
        return self.get_paginated_response(ListSerializer(shown, many=True).data)

    @extend_schema(
        summary="One gift list",
        description="One's own, one that one edits, or a public one; others by their link (`gift-lists/shared/`).",
        examples=[examples.A_LIST],
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self._shown(pk)

    @extend_schema(
        summary="Begin a gift list",
        description="Only I and its editors see it, unless `visibility` says `shared` (whoever has the link) or "
        "`public`. `on_close` says where money goes that is left in the end (`refund`: back to who gave it), "
        "`overfunding` what happens beyond a gift's price. Refusals: `too_many_gift_lists` (409).",
        request=ListRequestSerializer,
        responses={201: ListSerializer},
        examples=[examples.NEW_LIST, examples.A_LIST],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=ListRequestSerializer)
        row = open_list(owner_id=selectors.id_of(request.user), values=values)
        return self._shown(row.pk, status=201)

    @extend_schema(
        summary="Change a gift list",
        description="By its owner; editors get 403. What happens to money cannot change once somebody has contributed "
        "(409 `gift_list_promised`), a surprise is kept (409 `surprise_kept`), a closed list stays as it is "
        "(409 `gift_list_closed`). A list that is public no more gets a new link.",
        request=ListChangeSerializer,
        responses=ListSerializer,
        examples=[examples.CHANGED_LIST, examples.A_LIST],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        row = selectors.list_to_keep(request.user, pk)
        changes = self.read(request, serializer=ListChangeSerializer, partial=True, instance=row)
        change_list(gift_list_id=pk, expected_version=expected_version(request), changes=changes)
        return self._shown(pk)

    @extend_schema(
        summary="Delete a gift list",
        description="With its gifts, if it has no contributions and no purchases: else 409 `gift_list_in_use`, close "
        "it instead.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        selectors.list_to_keep(request.user, pk)
        delete_list(gift_list_id=pk, expected_version=expected_version(request))
        return Response(status=204)

    @extend_schema(
        summary="Close a gift list",
        description="For good, by its owner. What is left in its pots goes back to who gave it, or into the owner's "
        "wallet, as `on_close` says. The same again changes nothing, so no Idempotency-Key is needed.",
        request=None,
        responses=ListSerializer,
        examples=[examples.A_LIST],
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: UUID) -> Response:
        selectors.list_to_keep(request.user, pk)
        close_list(gift_list_id=pk, at=timezone.now())
        return self._shown(pk)

    @extend_schema(
        summary="A new link",
        description="By the owner. The old link opens nothing any more.",
        request=None,
        responses=ListSerializer,
        examples=[examples.A_LIST],
    )
    @action(detail=True, methods=["post"], url_path="new-link")
    def new_link(self, request: Request, pk: UUID) -> Response:
        selectors.list_to_keep(request.user, pk)
        renew_link(gift_list_id=pk)
        return self._shown(pk)

    def stale_resource(self) -> GiftList:
        row = selectors.list_to_keep(self.request.user, self.kwargs["pk"])
        return selectors.dressed_lists([row], self.request.user)[0]

    def _shown(self, pk: UUID, status: int = 200) -> Response:
        row = selectors.list_to_see(self.request.user, pk)
        (shown,) = selectors.dressed_lists([row], self.request.user)
        return self.present(shown, status=status, serializer=ListSerializer)


@extend_schema(tags=TAGS)
class EditorViewSet(ViewSet):
    """`gift-lists/{id}/editors/`: the owner's affair."""

    queryset = GiftListEditor.objects.none()
    serializer_class: type[BaseSerializer[Any]] = EditorSerializer
    permission_classes = [SignedIn]
    lookup_value_converter = "int"
    filter_backends = []
    is_private = True

    @extend_schema(
        summary="Editors of my list",
        description="The addresses that I named, newest first.",
        examples=[examples.AN_EDITOR],
    )
    def list(self, request: Request, gift_list_id: UUID) -> Response:
        return self.present_page(selectors.list_to_keep(request.user, gift_list_id).editors.all())

    @extend_schema(
        summary="Let somebody edit my list",
        description="Whoever has a verified account with this address edits the gifts and their order, not the money "
        "nor the end. The answer is the same whether there is such an account; one that comes later has the place as "
        "soon as its address is verified. Refusals: `too_many_editors`, `gift_list_closed` (409).",
        responses={201: EditorSerializer},
        examples=[examples.NEW_EDITOR, examples.AN_EDITOR],
    )
    def create(self, request: Request, gift_list_id: UUID) -> Response:
        selectors.list_to_keep(request.user, gift_list_id)
        row = add_editor(gift_list_id=gift_list_id, email=self.read(request)["email"])
        return self.present(row, status=201)

    @extend_schema(
        summary="Take an editor's place away",
        description="The gifts they added stay.",
        responses={204: None},
    )
    def destroy(self, request: Request, gift_list_id: UUID, pk: int) -> Response:
        selectors.list_to_keep(request.user, gift_list_id)
        if pk >= MOST:
            raise NotFoundError
        remove_editor(gift_list_id=gift_list_id, editor_id=pk)
        return Response(status=204)
