"""The ways a message reaches somebody."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """The inbox is the record; the others are told of it and may fail."""

    INBOX = "inbox", _("inbox")
    EMAIL = "email", _("e-mail")
    PUSH = "push", _("push")
    SMS = "sms", _("text message")


OUTSIDE: Final = (Channel.EMAIL.value, Channel.PUSH.value, Channel.SMS.value)
"""All but the inbox."""
OUTSIDE_CHOICES: Final = [choice for choice in Channel.choices if choice[0] in OUTSIDE]
"""The same with their names."""
