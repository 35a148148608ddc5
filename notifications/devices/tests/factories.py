"""Devices for tests; importable by other contexts' tests."""

import factory

from marketplace.core.ids import uuid7
from notifications.devices.models import Device
from notifications.devices.services import token_hash


class DeviceFactory(factory.django.DjangoModelFactory):
    """A telephone of `customer` (an id)."""

    class Meta:
        model = Device

    customer = factory.LazyFunction(uuid7)
    platform = Device.Platform.APNS
    token = factory.LazyFunction(lambda: uuid7().hex * 2)
    token_hash = factory.LazyAttribute(lambda device: token_hash(device.token))
