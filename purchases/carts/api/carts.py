"""`cart/`: what the caller means to buy; a stranger's by its token, a customer's by the account."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.core.http.permissions import Anyone, SignedIn
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from purchases.carts import services
from purchases.carts.models import Cart
from purchases.carts.selectors import cart_of, shown_cart
from purchases.carts.tokens import cart_id_in
from purchases.carts.values import Holder

from .examples import CART, CART_EXAMPLE, MERGED_EXAMPLE
from .serializers import (
    CartCouponInput,
    CartItemInput,
    CartMergeInput,
    CartQuantityInput,
    CartSerializer,
    MergedCartSerializer,
)

TAGS = ["cart"]
TOKEN_HEADER = "X-Cart-Token"  # noqa: S105
TOKEN = OpenApiParameter(
    TOKEN_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A stranger's cart, by the `token` it was answered with; passed over when signed in.",
)
DONE = OpenApiResponse(description="Done; nothing to say.")
UNKNOWN = "404 `cart_not_found` for a token that is forged, or whose cart was merged or has expired."


class CartRateLimit(RateLimit):
    """Carts that strangers make, per address."""

    scope = "carts"

    def allow_request(self, request: Request, view: APIView) -> bool:
        makes_none = request.user.is_authenticated or request.headers.get(TOKEN_HEADER) or request.method != "POST"
        return bool(makes_none) or super().allow_request(request, view)


class CouponRateLimit(RateLimit):
    """Codes that are tried, per person or address: nobody finds one by guessing."""

    scope = "coupons"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


def holder_of(request: Request) -> Holder:
    """Whose cart the request is about. Raises `CartNotFoundError` for a forged token."""
    if request.user.is_authenticated:
        return Holder(customer_id=request.user.pk)
    token = request.headers.get(TOKEN_HEADER)
    return Holder(cart_id=cart_id_in(token) if token else None)


class CartBase(ViewSet):
    """A view that answers with the cart. It may hold a stranger's token."""

    is_private = True
    serializer_class = CartSerializer
    permission_classes: list[type[BasePermission]] = [Anyone]
    queryset = Cart.objects.none()

    def present_cart(self, cart: Cart | None, *, status: int = 200) -> Response:
        """The cart as it stands now."""
        return self.present(shown_cart(cart, at=timezone.now()), status=status)


@extend_schema(tags=TAGS, parameters=[TOKEN])
class CartViewSet(CartBase):
    """The whole cart."""

    @extend_schema(
        summary="My cart",
        description="Signed in: the account's. Otherwise the one that `X-Cart-Token` names; without a token an empty "
        "one. Every line is there: `price_was` says where a price has moved since you chose (changing the line "
        "accepts it), `unavailable` which lines cannot be bought as they are, and why. `total` is about the others, "
        f"with the cheapest shipping of each store. {UNKNOWN}",
        responses=CartSerializer,
        examples=[CART_EXAMPLE],
    )
    def show(self, request: Request) -> Response:
        return self.present_cart(cart_of(holder_of(request)))

    @extend_schema(
        summary="Empty my cart",
        description=f"Lines and coupons go; the token stays. {UNKNOWN}",
        responses={204: DONE},
    )
    def empty(self, request: Request) -> Response:
        services.empty_cart(holder=holder_of(request), at=timezone.now())
        return Response(status=204)

    @extend_schema(
        summary="Bring a stranger's cart along",
        description="After log-in: the lines and coupons of the cart that the token names (in the header, or as "
        "`token`) come over into the account's cart, and the other is gone. Quantities of the same variant add up, as "
        "far as stock and 999 a line go; `merge` says of each line whether it was `merged`, `capped` or `dropped`, "
        "and why (`insufficient_stock`, `line_limit`, `not_sellable`, `currency_mismatch`, `cart_full`). Merging "
        "again changes nothing: `merge` is empty then. 404 `cart_not_found` for a forged token.",
        request=CartMergeInput,
        responses=MergedCartSerializer,
        examples=[
            OpenApiExample("In the body", value={"token": CART["token"]}, request_only=True),
            MERGED_EXAMPLE,
        ],
    )
    @action(detail=False, methods=["post"], permission_classes=[SignedIn])
    def merge(self, request: Request) -> Response:
        token = self.read(request, serializer=CartMergeInput).get("token") or request.headers.get(TOKEN_HEADER)
        if not token:
            raise exceptions.ValidationError({"token": [_("Name the cart to merge.")]}, code="required")
        at = timezone.now()
        customer_id = cast(UUID, request.user.pk)
        merged = services.merge_carts(customer_id=customer_id, cart_id=cart_id_in(token), at=at)
        self.outcomes = merged.outcomes
        return self.present(shown_cart(merged.cart, at=at), serializer=MergedCartSerializer)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "outcomes": getattr(self, "outcomes", ())}


@extend_schema(tags=TAGS, parameters=[TOKEN])
class CartItemViewSet(CartBase):
    """Lines of the cart."""

    throttle_classes = [CartRateLimit]
    lookup_value_converter = "uuid"

    @extend_schema(
        summary="Put something into my cart",
        description="So many of a variant, on top of what is there; or `reservation`, a unit of a flash promotion "
        "that you hold. Without an account and without a token this makes a cart: keep its `token`. Refusals: 409 "
        "`not_sellable`, `insufficient_stock` with what is `available`, `line_limit` (999), `cart_full` (100 lines), "
        "`currency_mismatch` (one currency a cart), `reservation_lapsed`, `reservation_cancelled`, "
        f"`reservation_completed`; 404 `variant_not_found`; 401 for a reservation without an account. {UNKNOWN}",
        request=CartItemInput,
        responses={201: CartSerializer},
        examples=[
            OpenApiExample(
                "Two of a variant",
                value={"variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d61", "quantity": 2},
                request_only=True,
            ),
            OpenApiExample(
                "A reserved unit", value={"reservation": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11"}, request_only=True
            ),
            CART_EXAMPLE,
        ],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=CartItemInput)
        holder, at = holder_of(request), timezone.now()
        if "variant" in values:
            quantity = values.get("quantity", 1)
            cart = services.add_item(holder=holder, variant_id=values["variant"], quantity=quantity, at=at)
        elif holder.customer_id is None:
            raise exceptions.NotAuthenticated
        else:
            cart = services.add_reserved_unit(
                customer_id=holder.customer_id, reservation_id=values["reservation"], at=at
            )
        return self.present_cart(cart, status=201)

    @extend_schema(
        summary="Change how many of a line",
        description="The same number accepts a price that moved. Refusals: 409 `not_sellable`, `insufficient_stock` "
        "with what is `available`, `reserved_line`; 404 `cart_line_not_found`. " + UNKNOWN,
        request=CartQuantityInput,
        responses=CartSerializer,
        examples=[OpenApiExample("Three", value={"quantity": 3}, request_only=True), CART_EXAMPLE],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        quantity = self.read(request, serializer=CartQuantityInput)["quantity"]
        cart = services.change_item(holder=holder_of(request), line_id=pk, quantity=quantity, at=timezone.now())
        return self.present_cart(cart)

    @extend_schema(
        summary="Take a line out",
        description=f"404 `cart_line_not_found` when it is not there. {UNKNOWN}",
        responses={204: DONE},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        services.remove_item(holder=holder_of(request), line_id=pk, at=timezone.now())
        return Response(status=204)


@extend_schema(tags=TAGS, parameters=[TOKEN])
class CartCouponViewSet(CartBase):
    """Coupon codes of the cart."""

    throttle_classes = [CartRateLimit, CouponRateLimit]
    lookup_url_kwarg = "code"
    lookup_value_converter = "str"

    @extend_schema(
        summary="Enter a coupon",
        description="At most 5. What it gives shows in `applied_benefits`; why it gives nothing, in "
        "`rejected_promotions`. Refusals: 404 `coupon_not_found` for a code that no promotion has now, 409 "
        f"`too_many_coupons`. {UNKNOWN}",
        request=CartCouponInput,
        responses={200: CartSerializer},
        examples=[OpenApiExample("A code", value={"code": "VERANO"}, request_only=True), CART_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        code = self.read(request, serializer=CartCouponInput)["code"]
        return self.present_cart(services.add_coupon(holder=holder_of(request), code=code, at=timezone.now()))

    @extend_schema(
        summary="Take a coupon out",
        description=f"404 `coupon_not_found` when it is not there. {UNKNOWN}",
        parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH, description="Upper and lower case are one.")],
        responses={204: DONE},
    )
    def destroy(self, request: Request, code: str) -> Response:
        services.remove_coupon(holder=holder_of(request), code=code, at=timezone.now())
        return Response(status=204)
