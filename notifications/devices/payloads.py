"""A note as each platform wants it, within its limits."""

import json
from typing import Any, Final

from .models import Device
from .ports import Note

LONGEST_TITLE: Final = 100
LONGEST_BODY: Final = 300
LONGEST_TEXT: Final = 150
"""A text message of one part, accents included for most."""


def shortened(words: str, limit: int) -> str:
    """Cut behind a whole word where there is one."""
    plain = " ".join(words.split())
    if len(plain) <= limit:
        return plain
    return plain[: limit - 1].rsplit(" ", 1)[0] + "…"


def message_of(device: Device, note: Note) -> str:
    """SNS's JSON message structure: the default, and the platform's own payload as a text within."""
    own = {Device.Platform.APNS.value: _apns, Device.Platform.FCM.value: _fcm}[device.platform](note)
    names = {Device.Platform.APNS.value: ("APNS", "APNS_SANDBOX"), Device.Platform.FCM.value: ("GCM",)}
    payload = json.dumps(own, ensure_ascii=False)
    return json.dumps({"default": note.title, **dict.fromkeys(names[device.platform], payload)}, ensure_ascii=False)


def attributes_of(device: Device, note: Note) -> dict[str, dict[str, str]]:
    """What SNS turns into headers for Apple; Google's collapse key is in the payload."""
    if device.platform != Device.Platform.APNS:
        return {}
    values = {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": note.collapse_id,
    }
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def _apns(note: Note) -> dict[str, Any]:
    alert = {"title": shortened(note.title, LONGEST_TITLE), "body": shortened(note.body, LONGEST_BODY)}
    return {"aps": {"alert": alert, "sound": "default", "thread-id": note.data.get("kind", "")}, **note.data}


def _fcm(note: Note) -> dict[str, Any]:
    shown = {"title": shortened(note.title, LONGEST_TITLE), "body": shortened(note.body, LONGEST_BODY)}
    android = {"collapse_key": note.collapse_id, "priority": "high", "notification": {"tag": note.collapse_id}}
    data = {name: str(value) for name, value in note.data.items()}
    return {"fcmV1Message": {"message": {"notification": shown, "data": data, "android": android}}}
