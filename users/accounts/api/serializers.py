"""What the accounts routes take and give."""

from typing import Any

from rest_framework import serializers

from marketplace.core.http import fields
from users.accounts.models import User

MAX_PASSWORD = 128
MAX_TOKEN = 4096


class PasswordField(fields.CharField):
    """Taken as it is, spaces included; never given back."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MAX_PASSWORD, trim_whitespace=False, write_only=True, style={"input_type": "password"}, **kwargs
        )


class CredentialsInput(serializers.Serializer[None]):
    """Log-in."""

    email = fields.EmailField(max_length=254)
    password = PasswordField()


class TokenPairOutput(serializers.Serializer[None]):
    """`access` opens requests for some minutes; `refresh` is exchanged once for the next pair."""

    access = fields.CharField()
    refresh = fields.CharField()


class RefreshInput(serializers.Serializer[None]):
    """A refresh token."""

    refresh = fields.CharField(max_length=MAX_TOKEN)


class RegistrationInput(serializers.Serializer[None]):
    """A new account."""

    email = fields.EmailField(max_length=254)
    password = PasswordField()
    name = fields.CharField(max_length=120, required=False, allow_blank=True, default="")


class AddressInput(serializers.Serializer[None]):
    """Where to send a mail."""

    email = fields.EmailField(max_length=254)


class AddressOutput(serializers.Serializer[None]):
    """The address as it was given, whether it has an account or not."""

    email = fields.EmailField()


class MailTokenInput(serializers.Serializer[None]):
    """The `token` of the link in the mail."""

    token = fields.CharField(max_length=200)


class NewPasswordInput(MailTokenInput):
    """The `token` of the link in the mail, and the password to set."""

    password = PasswordField()


class VerifiedOutput(serializers.Serializer[None]):
    """The address is proven."""

    is_verified = fields.BooleanField()


class PasswordSetOutput(serializers.Serializer[None]):
    """The password is set; log in with it."""

    is_changed = fields.BooleanField()


class AccountOutput(fields.ModelSerializer):
    """An account."""

    is_verified = fields.BooleanField(read_only=True)

    class Meta:
        model = User
        fields = ["id", "email", "name", "is_active", "is_staff", "is_verified", "created_at"]
        read_only_fields = fields


class AccountChangeInput(serializers.Serializer[None]):
    """What is absent stays. Passwords: the owner only; `is_active`: staff; `is_staff`: administrators."""

    name = fields.CharField(max_length=120, required=False, allow_blank=True)
    password = PasswordField(required=False)
    current_password = PasswordField(required=False)
    is_active = fields.BooleanField(required=False)
    is_staff = fields.BooleanField(required=False)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if "password" in attrs and "current_password" not in attrs:
            needed = self.fields["current_password"].error_messages["required"]
            raise serializers.ValidationError({"current_password": needed}, code="required")
        return attrs
