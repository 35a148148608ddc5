"""Push and text messages through Amazon SNS, or whatever answers at AWS_ENDPOINT_URL in its place."""

import logging
import re
from time import sleep
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from django.conf import settings

from .models import Device
from .payloads import attributes_of, message_of
from .ports import DeviceDeadError, Note, PushError, PushOutError, PushThrottledError

logger = logging.getLogger(__name__)

PAUSES: Final = (0.05, 0.2, 0.8)
"""Seconds before a throttled call is made again; then the recipient waits with the others who were throttled."""
THROTTLED: Final = {"Throttling", "ThrottlingException", "ThrottledException", "Throttled", "TooManyRequestsException"}
DEAD: Final = {"EndpointDisabled", "EndpointDisabledException", "PlatformApplicationDisabled", "OptedOut"}
GONE: Final = {"NotFound", "NotFoundException", "ResourceNotFound"}
_ALREADY = re.compile(r"Endpoint (arn:\S+) already exists")


def aws_client(service: str, **config: Any) -> Any:
    """A client that repeats nothing by itself: its own repeats include calls that were accepted and not answered."""
    shape = Config(
        connect_timeout=settings.AWS_CONNECT_TIMEOUT,
        read_timeout=config.pop("read_timeout", settings.AWS_READ_TIMEOUT),
        retries={"total_max_attempts": 1, "mode": "standard"},
        **config,
    )
    return boto3.client(
        service,
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        aws_access_key_id=settings.AWS_ACCESS_KEY_ID or None,
        aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY or None,
        config=shape,
    )


def error_code(error: ClientError) -> str:
    """AWS's word for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_outage(error: ClientError) -> bool:
    """The service's own trouble."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) >= 500


class SnsPushService:
    """One client for each process. Endpoints belong to the platform's application."""

    def __init__(self) -> None:
        self._sns = aws_client("sns")

    def prepare(self, device: Device) -> str:
        """Create, or find, and enable: the three steps that the documentation of SNS asks for, in one place."""
        arn = device.endpoint or self._create(device)
        try:
            known = self._call("get_endpoint_attributes", EndpointArn=arn)["Attributes"]
        except DeviceDeadError:
            # Deleted there: the name we kept leads nowhere.
            arn = self._create(device)
            known = self._call("get_endpoint_attributes", EndpointArn=arn)["Attributes"]
        if known.get("Token") != device.token or str(known.get("Enabled", "")).lower() != "true":
            wanted = {"Token": device.token, "Enabled": "true"}
            self._call("set_endpoint_attributes", EndpointArn=arn, Attributes=wanted)
        return arn

    def push(self, device: Device, note: Note) -> None:
        """Of an unknown outcome see docs/decisions/0009."""
        self._publish(
            probe=device.endpoint,
            TargetArn=device.endpoint,
            Message=message_of(device, note),
            MessageStructure="json",
            MessageAttributes=attributes_of(device, note),
        )

    def text(self, number: str, words: str) -> None:
        """As a transactional message."""
        kind = {"DataType": "String", "StringValue": "Transactional"}
        self._publish(probe="", PhoneNumber=number, Message=words, MessageAttributes={"AWS.SNS.SMS.SMSType": kind})

    def remove(self, endpoint: str) -> None:
        """SNS takes it as done when there is none."""
        self._call("delete_endpoint", EndpointArn=endpoint)

    def _create(self, device: Device) -> str:
        application = settings.SNS_PLATFORM_APPLICATIONS.get(device.platform, "")
        if not application:
            raise PushError(f"no platform application is set up for {device.platform}")
        try:
            made = self._call("create_platform_endpoint", PlatformApplicationArn=application, Token=device.token)
        except PushError as error:
            # One with other attributes (disabled, say) is named in the refusal.
            found = _ALREADY.search(str(error.__cause__ or error))
            if found is None:
                raise
            return found[1]
        return str(made["EndpointArn"])

    def _publish(self, *, probe: str, **values: Any) -> None:
        try:
            self._call("publish", **values)
        except ReadTimeoutError as error:
            # The request went out whole and nobody answered. Whether it was accepted is asked for in the only way there
            # is: a service that answers the next call was there for this one too, and lost no more than its answer.
            if not self._answers(probe):
                raise PushOutError("no answer, and none to the next call") from error
            logger.warning("answer to a publish was lost; taken as accepted")

    def _answers(self, endpoint: str) -> bool:
        try:
            if endpoint:
                self._sns.get_endpoint_attributes(EndpointArn=endpoint)
            else:
                self._sns.get_sms_attributes()
        except ClientError as error:
            return not is_outage(error)
        except (BotoCoreError, ResponseParserError):
            return False
        return True

    def _call(self, name: str, **values: Any) -> dict[str, Any]:
        for pause in (*PAUSES, None):
            try:
                answer: dict[str, Any] = getattr(self._sns, name)(**values)
            except ClientError as error:
                if error_code(error) in THROTTLED and pause is not None:
                    sleep(pause)
                    continue
                raise _meaning(error) from error
            except ConnectionClosedError as error:
                if pause is not None:
                    sleep(pause)
                    continue
                raise PushOutError(type(error).__name__) from error
            except ReadTimeoutError as error:
                if name == "publish":
                    raise
                raise PushOutError(type(error).__name__) from error
            except (BotoCoreError, ResponseParserError) as error:
                raise PushOutError(type(error).__name__) from error
            return answer
        raise AssertionError("the last try returns or raises")


def _meaning(error: ClientError) -> PushError:
    code = error_code(error)
    if code in THROTTLED:
        return PushThrottledError(code)
    if code in DEAD or code in GONE:
        return DeviceDeadError(code)
    words = str(error)
    if code.startswith("InvalidParameter") and ("No endpoint found" in words or "PhoneNumber" in words):
        return DeviceDeadError(code)
    if is_outage(error) or code in {"AuthorizationError", "InvalidClientTokenId", "SignatureDoesNotMatch"}:
        return PushOutError(code)
    return PushError(code)
