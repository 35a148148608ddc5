"""Check, then create."""

import math
from typing import Any

from django.core.cache import cache
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Hold, Profile, Promotion

MINUTE = 60


class HoldSerializer(serializers.ModelSerializer[Hold]):
    """What the client gets."""

    class Meta:
        model = Hold
        fields = ["id", "promotion", "user", "status", "created_at"]


class HoldView(APIView):
    """POST: hold the promotion's unit for a minute."""

    def post(self, request: Request) -> Response:
        """201, or why not."""
        promotion = get_object_or_404(Promotion, pk=request.data.get("promotion"))
        profile = get_object_or_404(Profile, user=request.user)
        if refusal := _refusal(promotion, profile):
            return Response({"detail": refusal}, status=status.HTTP_403_FORBIDDEN)
        key = f"hold:{promotion.pk}"
        # The check …
        if cache.get(key) or Hold.objects.filter(promotion=promotion, status="sold").exists():
            return Response({"detail": "somebody else has it"}, status=status.HTTP_409_CONFLICT)
        if Hold.objects.filter(promotion=promotion, status="held").exists():
            return Response({"detail": "somebody else has it"}, status=status.HTTP_409_CONFLICT)
        # … and the act: between the two lines everybody who came at the same time goes through.
        hold = Hold.objects.create(promotion=promotion, user_id=request.user.pk)
        cache.set(key, hold.pk, timeout=MINUTE)
        return Response(HoldSerializer(hold).data, status=status.HTTP_201_CREATED)


def _refusal(promotion: Promotion, profile: Profile) -> str | None:
    if not promotion.starts_at <= timezone.now() < promotion.ends_at:
        return "not running"
    wanted: set[Any] = set(promotion.segments.values_list("pk", flat=True))
    if wanted and not wanted & set(profile.segments.values_list("pk", flat=True)):
        return "not for you"
    if _km(promotion.latitude, promotion.longitude, profile.latitude, profile.longitude) > promotion.radius_km:
        return "too far"
    return None


def _km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    a = math.sin((other_phi - phi) / 2) ** 2
    a += math.cos(phi) * math.cos(other_phi) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 12_742 * math.asin(math.sqrt(a))
