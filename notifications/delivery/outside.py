"""The outside queue: an SQS FIFO queue between the delivery queue and the push service.

A recipient's entry is named `channel:message:customer`, and SQS drops a second one of that name for five minutes: a
call that was accepted and not answered is simply made again. A group for each customer: who waits keeps nobody else
waiting.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from time import sleep
from typing import Any, Final
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from django.conf import settings

from notifications.devices.sns import THROTTLED, aws_client, error_code
from notifications.inbox.models import Message
from notifications.kinds.channels import Channel

from .values import ChannelOutError, Outcome, Recipient, Result

logger = logging.getLogger(__name__)
MOST_ENTRIES: Final = 10
"""What SQS takes in one call."""
PAUSES: Final = (0.05, 0.2, 0.8, 2.0)
NO_GOOD_ANSWER: Final = (ClientError, BotoCoreError, ResponseParserError)
WAIT_SECONDS: Final = 20
"""The longest that SQS lets a consumer wait for messages."""
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What a body that is not ours can raise."""
CALL_THROTTLED: Final = THROTTLED | {"RequestThrottled", "AWS.SimpleQueueService.RequestThrottled"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient's place in the queue, as it was received."""

    receipt: str
    received_count: int
    channel: str
    message_id: int
    customer: UUID
    delivery_id: int

    @property
    def name(self) -> str:
        """What SQS drops repeats by."""
        return entry_name(self.channel, self.message_id, self.customer)


def entry_name(channel: str, message_id: int, customer: UUID) -> str:
    """Unique for a recipient, the same on every try."""
    return f"{channel}:{message_id}:{customer}"


@cache
def sqs() -> Any:
    """One client for each process. It waits longer for an answer than a long poll takes."""
    return aws_client("sqs", read_timeout=settings.AWS_READ_TIMEOUT + WAIT_SECONDS)


@cache
def quick_sqs() -> Any:
    """For calls that do not wait for messages."""
    return aws_client("sqs")


class QueueCarrier:
    """Hands recipients to the queue, ten in a call. What is in the queue counts as sent: it is SQS's to keep."""

    def __init__(self, channel: str, delivery_id: int = 0) -> None:
        self._channel, self._delivery_id = channel, delivery_id

    def open(self) -> AbstractContextManager[object]:
        """Connections are the client's."""
        return nullcontext()

    def send(self, message: Message, recipients: Sequence[Recipient]) -> Iterator[Outcome]:
        """Entries that fail inside an answer that went well are put again, they alone. Raises `ChannelOutError`."""
        for start in range(0, len(recipients), MOST_ENTRIES):
            block = recipients[start : start + MOST_ENTRIES]
            failed = self._put({str(place): self._entry(message, each) for place, each in enumerate(block)})
            for place, recipient in enumerate(block):
                trouble = failed.get(str(place))
                yield Outcome(recipient, Result.FAILED if trouble else Result.SENT, trouble or "")

    def _entry(self, message: Message, recipient: Recipient) -> dict[str, str]:
        body = {
            "channel": self._channel,
            "message": message.pk,
            "customer": str(recipient.customer),
            "delivery": self._delivery_id,
        }
        return {
            "MessageBody": json.dumps(body),
            "MessageDeduplicationId": entry_name(self._channel, message.pk, recipient.customer),
            "MessageGroupId": str(recipient.customer),
        }

    def _put(self, entries: dict[str, dict[str, str]]) -> dict[str, str]:
        """The entries that SQS does not take, with its reason; the others are in the queue."""
        refused: dict[str, str] = {}
        for pause in (*PAUSES, None):
            answer = _send_batch([{"Id": place, **entry} for place, entry in entries.items()])
            failed = answer.get("Failed", [])
            refused |= {each["Id"]: str(each.get("Code", "failed")) for each in failed if each.get("SenderFault")}
            left = {each["Id"]: str(each.get("Code", "failed")) for each in failed if each["Id"] not in refused}
            if not left or pause is None:
                return refused | left
            entries = {place: entries[place] for place in left}
            sleep(pause)
        raise AssertionError("the last try returns")


def _send_batch(entries: list[dict[str, str]]) -> dict[str, Any]:
    """Put again after throttling, an outage or no answer at all: the names make that harmless. `ChannelOutError`."""
    for pause in (*PAUSES, None):
        try:
            answer: dict[str, Any] = quick_sqs().send_message_batch(
                QueueUrl=settings.OUTSIDE_QUEUE_URL, Entries=entries
            )
        except NO_GOOD_ANSWER as error:
            if pause is None or not _may_pass(error):
                raise ChannelOutError(f"SQS: {_words(error)}") from error
            sleep(pause)
            continue
        return answer
    raise AssertionError("the last try returns or raises")


def receive(*, wait_seconds: int) -> list[Entry]:
    """Up to ten entries, hidden from other consumers for the queue's visibility time-out. Raises `ChannelOutError`.

    What does not read is left where it is: after so many receives SQS moves it to the dead letters.
    """
    try:
        answer = sqs().receive_message(
            QueueUrl=settings.OUTSIDE_QUEUE_URL,
            MaxNumberOfMessages=MOST_ENTRIES,
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["ApproximateReceiveCount"],
        )
    except NO_GOOD_ANSWER as error:
        raise ChannelOutError(f"SQS: {_words(error)}") from error
    entries: list[Entry] = []
    for each in answer.get("Messages", []):
        try:
            entries.append(_read(each))
        except UNREADABLE as error:
            logger.warning(
                "entry of the outside queue does not read",
                extra={"sqs_message": each.get("MessageId", ""), "reason": type(error).__name__},
            )
    return entries


def delete(entries: Sequence[Entry]) -> None:
    """They are done. What a partly failed call leaves is deleted again; what is left then comes back, and is known."""
    left = {str(place): {"Id": str(place), "ReceiptHandle": each.receipt} for place, each in enumerate(entries)}
    for pause in PAUSES:
        if not left:
            return
        try:
            answer = quick_sqs().delete_message_batch(QueueUrl=settings.OUTSIDE_QUEUE_URL, Entries=list(left.values()))
            left = {each["Id"]: left[each["Id"]] for each in answer.get("Failed", [])}
        except NO_GOOD_ANSWER:
            pass  # no answer: deleting twice is harmless
        if left:
            sleep(pause)


def hide(entries: Sequence[Entry], seconds: int) -> None:
    """Nobody gets them for so long: the back-off of what was throttled or failed. What fails is only visible sooner."""
    if entries:
        changes = [
            {"Id": str(place), "ReceiptHandle": each.receipt, "VisibilityTimeout": seconds}
            for place, each in enumerate(entries)
        ]
        try:
            quick_sqs().change_message_visibility_batch(QueueUrl=settings.OUTSIDE_QUEUE_URL, Entries=changes)
        except NO_GOOD_ANSWER:
            return


def forget_clients() -> None:
    """After other settings (tests): connections are made anew."""
    sqs.cache_clear()
    quick_sqs.cache_clear()


def _read(raw: dict[str, Any]) -> Entry:
    body = json.loads(raw["Body"])
    return Entry(
        receipt=raw["ReceiptHandle"],
        received_count=int(raw.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
        channel=Channel(body["channel"]).value,
        message_id=int(body["message"]),
        customer=UUID(body["customer"]),
        delivery_id=int(body["delivery"]),
    )


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return True  # no answer, or none that reads
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    return error_code(error) in CALL_THROTTLED or status >= 500


def _words(error: Exception) -> str:
    return error_code(error) if isinstance(error, ClientError) else type(error).__name__
