"""A promotion, a customer, a hold."""

from django.conf import settings
from django.db import models


class Segment(models.Model):
    """A group of customers."""

    name = models.CharField(max_length=50)

    class Meta:
        app_label = "rival_shop"

    def __str__(self) -> str:
        return self.name


class Profile(models.Model):
    """Where a customer is."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    latitude = models.FloatField()
    longitude = models.FloatField()
    segments: "models.ManyToManyField[Segment, models.Model]" = models.ManyToManyField(Segment)

    class Meta:
        app_label = "rival_shop"

    def __str__(self) -> str:
        return str(self.user_id)


class Promotion(models.Model):
    """One unit of something near a place, for a while."""

    name = models.CharField(max_length=50)
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.FloatField(default=2)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    segments: "models.ManyToManyField[Segment, models.Model]" = models.ManyToManyField(Segment)

    class Meta:
        app_label = "rival_shop"

    def __str__(self) -> str:
        return self.name


class Hold(models.Model):
    """Somebody's minute; how long it lasts is in the cache."""

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    status = models.CharField(max_length=10, default="held")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "rival_shop"

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.user_id}"
