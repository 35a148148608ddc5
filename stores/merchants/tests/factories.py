"""Stores and their people for tests, here and in other contexts."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from stores.merchants.models import Store, StoreMember


class StoreFactory(DjangoModelFactory):
    """An open store in the centre of Mexico City, in MXN."""

    class Meta:
        model = Store
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Tienda {n}")
    slug = factory.Sequence(lambda n: f"tienda-{n}")
    latitude = 19.4326
    longitude = -99.1332
    currency = "MXN"

    @factory.post_generation
    def owner(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """`StoreFactory(owner=user)`."""
        if create and extracted is not None:
            StoreMember.objects.create(store=self, user=extracted, role=StoreMember.Role.OWNER)

    @factory.post_generation
    def member(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """`StoreFactory(member=user)`."""
        if create and extracted is not None:
            StoreMember.objects.create(store=self, user=extracted)
