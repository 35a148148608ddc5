"""HTTP of the sockets slice: the ticket a socket is opened with."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet

from . import services


class SocketRateLimit(RateLimit):
    """Tickets for sockets."""

    scope = "sockets"


class SocketTicketSerializer(serializers.Serializer[Any]):
    """Opens one socket, soon."""

    ticket = fields.CharField(read_only=True)
    expires_at = fields.DateTimeField(read_only=True)
    path = fields.CharField(read_only=True, help_text="Where to open the socket, with `ticket` in the query.")
    cursor = fields.CharField(read_only=True, help_text="Of now: the first `after` of a client that has none yet.")


class SocketTicketViewSet(ViewSet):
    """Tickets of one's own."""

    serializer_class = SocketTicketSerializer
    permission_classes = [SignedIn]
    throttle_classes = [SocketRateLimit]

    @extend_schema(
        tags=["notifications"],
        summary="A ticket for the socket",
        description="Opens one socket within 30 seconds: "
        "`new WebSocket(path + '?ticket=' + ticket + '&after=' + cursor)`. An access token has no place in an "
        "address, which ends up in logs. What the socket sends and takes is in docs/realtime.md.",
        request=None,
        responses={201: SocketTicketSerializer},
        examples=[
            OpenApiExample(
                "ticket",
                {
                    "ticket": "Qm2n0v8f5Jq0s8rjU0o3dT6yN3z2r1kXc7bW9aLhE4g",
                    "expires_at": "2026-03-01T18:00:30.412000Z",
                    "path": services.PATH,
                    "cursor": "WzUxMjAsMTc3MjM4ODAwMDQxMjAwMF0",
                },
                response_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        me: Any = request.user  # permissions let nobody anonymous come here
        issued = services.issue_ticket(customer_id=me.pk, generation=me.token_version)
        answer = {
            "ticket": issued.ticket,
            "expires_at": issued.expires_at,
            "path": issued.path,
            "cursor": str(issued.cursor),
        }
        return Response(SocketTicketSerializer(answer).data, status=201, headers={"Cache-Control": "no-store"})
