"""What the devices listen to: the push service is called from the queue, never from a request."""

from marketplace.core.outbox.handlers import handles
from notifications.events import DeviceRegistered, DeviceRemoved

from . import services


# Not one transaction: it would hold the row of the sending rate, which all take from, while the service is asked.
@handles(DeviceRegistered, queue="notify", atomic=False)
def prepare_device_on_device_registered(event: DeviceRegistered) -> None:
    """Its endpoint is made or enabled; a number is sent its code."""
    services.prepare_device(device_id=event.device_id)


@handles(DeviceRemoved, queue="notify")
def remove_endpoint_on_device_removed(event: DeviceRemoved) -> None:
    """At the push service too."""
    services.remove_endpoint(event.endpoint)
