"""The password rules, with their reasons in the API's form."""

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from marketplace.core.errors import FieldError, InvalidInputError
from users.accounts.models import User


def require_good_password(password: str, user: User) -> None:
    """Raises `InvalidInputError` on `password` with every rule it breaks."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise InvalidInputError(
            [FieldError("password", one.code or "invalid", one.messages[0]) for one in error.error_list]
        ) from error
