"""`auth/`: log-in, refresh, log-out."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.permissions import Anyone, SignedIn
from marketplace.core.http.throttling import AuthRateLimit
from marketplace.core.http.viewsets import ViewSet
from users.accounts.services import sessions

from .caller import caller
from .serializers import CredentialsInput, RefreshInput, TokenPairOutput

NOTHING = OpenApiResponse(description="Done; nothing to say.")
TOKEN_PAIR = OpenApiExample(
    "A pair", value={"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}, response_only=True, status_codes=["200"]
)


@extend_schema(tags=["auth"])
class TokenViewSet(ViewSet):
    """Log-in, refresh, log-out."""

    is_private = True
    permission_classes = [Anyone]
    throttle_classes = [AuthRateLimit]

    @extend_schema(
        summary="Log in",
        description="Answers alike for an unknown address, a wrong password and a disabled account.",
        request=CredentialsInput,
        responses=TokenPairOutput,
        examples=[
            OpenApiExample(
                "Log in", value={"email": "ana@example.com", "password": "correct horse battery"}, request_only=True
            ),
            TOKEN_PAIR,
        ],
    )
    @action(detail=False, methods=["post"], authentication_classes=[], serializer_class=CredentialsInput)
    def token(self, request: Request) -> Response:
        pair = sessions.log_in(**self.read(request), at=timezone.now())
        return self.present(pair, serializer=TokenPairOutput)

    @extend_schema(
        summary="Refresh",
        description="Exchanges a refresh token for the next pair, once. The same token again gives 401 `token_reused`; "
        "later than ten seconds after the exchange it also ends the session.",
        request=RefreshInput,
        responses=TokenPairOutput,
        examples=[OpenApiExample("Refresh", value={"refresh": "eyJhbGciOi…"}, request_only=True), TOKEN_PAIR],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="token/refresh",
        authentication_classes=[],
        serializer_class=RefreshInput,
    )
    def refresh(self, request: Request) -> Response:
        pair = sessions.rotate_refresh_token(token=self.read(request)["refresh"])
        return self.present(pair, serializer=TokenPairOutput)

    @extend_schema(
        summary="Log out",
        description="Ends the session of the refresh token; harmless twice. The access token runs out by itself.",
        request=RefreshInput,
        responses={204: NOTHING},
        examples=[OpenApiExample("Log out", value={"refresh": "eyJhbGciOi…"}, request_only=True)],
    )
    @action(detail=False, methods=["post"], authentication_classes=[], serializer_class=RefreshInput)
    def logout(self, request: Request) -> Response:
        sessions.log_out(token=self.read(request)["refresh"])
        return Response(status=204)

    @extend_schema(
        summary="Log out everywhere",
        description="Ends every session of the account. Its access tokens stop working: for writes at once, for reads "
        "within seconds.",
        request=None,
        responses={204: NOTHING},
    )
    @action(detail=False, methods=["post"], url_path="logout-all", permission_classes=[SignedIn])
    def logout_all(self, request: Request) -> Response:
        sessions.log_out_everywhere(user_id=caller(request).pk)
        return Response(status=204)
