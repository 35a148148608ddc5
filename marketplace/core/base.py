"""Base of the models that are resources of the API."""

from django.db import models

from .ids import uuid7


class UUIDModel(models.Model):
    """A UUIDv7 key and the two moments every resource has."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class VersionedModel(UUIDModel):
    """A resource that staff edit side by side: `version` is its ETag, compared and set on each write."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
