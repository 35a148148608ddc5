"""Push and text messages, straight through the push service."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from notifications.devices.models import Device
from notifications.devices.payloads import LONGEST_TEXT, shortened
from notifications.devices.ports import (
    DeviceDeadError,
    Note,
    PushError,
    PushOutError,
    PushThrottledError,
    TextRefusedError,
    push_service,
)
from notifications.devices.services import disable_device, ready_endpoint
from notifications.devices.texts import count_text, is_served
from notifications.inbox.models import Message
from notifications.inbox.rendering import render

from .values import ChannelOutError, Outcome, Recipient, Result

FOR_GOOD = (DeviceDeadError, TextRefusedError)


class PushCarrier:
    """Each of a recipient's devices; a dead one is disabled, and the others are served all the same."""

    def open(self) -> AbstractContextManager[object]:
        """Connections are the service's."""
        return nullcontext()

    def send(self, message: Message, recipients: Sequence[Recipient]) -> Iterator[Outcome]:
        """Raises `ChannelOutError`."""
        for recipient in recipients:
            yield self.send_one(message, recipient)

    def send_one(self, message: Message, recipient: Recipient) -> Outcome:
        """Raises `ChannelOutError`, before anything went to this recipient or with what is left said in an outcome."""
        note = note_for(message, recipient)
        troubles: dict[Device, PushError] = {}
        served = False
        for device in recipient.devices:
            try:
                self.to_device(device, note)
                served = True
            except DeviceDeadError as error:
                disable_device(device=device, reason=str(error))
                troubles[device] = error
            except PushOutError as error:
                if not served and not troubles:
                    raise ChannelOutError(str(error)) from error
                troubles[device] = error
            except PushError as error:
                troubles[device] = error
        return _outcome(recipient, troubles, served=served)

    def to_device(self, device: Device, note: Note) -> None:
        """Raises `PushError` and its kinds."""
        push_service().push(ready_endpoint(device), note)


class TextCarrier(PushCarrier):
    """A text message to each confirmed number, so many a day and customer."""

    def to_device(self, device: Device, note: Note) -> None:
        if not is_served(device.token):
            raise TextRefusedError("numbers that begin like this one are not written to")
        if not count_text(device.customer):
            raise TextRefusedError("the customer's text messages of the day are used up")
        push_service().text(device.token, shortened(note.title, LONGEST_TEXT))


def note_for(message: Message, recipient: Recipient) -> Note:
    """In the recipient's language."""
    text = render(message, recipient.contact.language)
    return Note(
        title=text.title,
        body=text.body,
        collapse_id=str(recipient.item),
        data={"notification": str(recipient.item), "kind": message.kind},
    )


def _outcome(recipient: Recipient, troubles: dict[Device, PushError], *, served: bool) -> Outcome:
    left = {device: error for device, error in troubles.items() if not isinstance(error, FOR_GOOD)}
    if left:
        throttled = all(isinstance(error, PushThrottledError) for error in left.values())
        result = Result.THROTTLED if throttled else Result.FAILED
        detail = "; ".join(sorted({str(error) for error in left.values()}))
        return Outcome(recipient, result, detail, tuple(device.pk for device in left))
    if served or not troubles:
        return Outcome(recipient, Result.SENT)
    return Outcome(recipient, Result.REFUSED, "; ".join(sorted({str(error) for error in troubles.values()})))
