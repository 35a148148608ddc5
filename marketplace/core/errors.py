"""Named refusals. Pure Python: services raise them, `core.http.problems` turns them into problem+json.

A refusal has a stable `code`, a `kind` (which decides the HTTP status), an English `message` with
`%(name)s` places, and `params` that fill them and go out as members of the problem document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar


def gettext_noop(message: str) -> str:
    """Mark a message for translation without Django; it is translated where it is shown."""
    return message


class ErrorKind(Enum):
    """What went wrong, in the words of HTTP."""

    INVALID = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    STALE = 412
    UNPROCESSABLE = 422
    TOO_MANY = 429
    UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of the input and what is wrong with it."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """A request that cannot be carried out as asked, and changed nothing."""

    code: ClassVar[str] = "refused"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
    message: ClassVar[str] = gettext_noop("The request cannot be carried out.")

    def __init__(self, *, retry_after: int | None = None, **params: Any) -> None:
        """`params` fill the message and go out beside it; `retry_after` is in seconds."""
        super().__init__(self.message % params if params else self.message)
        self.params = params
        self.retry_after = retry_after
        self.field_errors: tuple[FieldError, ...] = ()


class InvalidInputError(DomainError):
    """Values that break a rule the serializer cannot see."""

    code = "invalid"
    kind = ErrorKind.INVALID
    message = gettext_noop("The request has invalid values.")

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.field_errors = tuple(errors)

    @classmethod
    def of(cls, field: str, code: str, detail: str) -> "InvalidInputError":
        """The usual case: one field."""
        return cls([FieldError(field, code, detail)])


class NotFoundError(DomainError):
    """No such object, or it is not the caller's to see."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND
    message = gettext_noop("Not found.")


class ForbiddenError(DomainError):
    """The caller may not do this."""

    code = "permission_denied"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("You do not have permission to do this.")


class StaleError(DomainError):
    """The object changed since the caller read it."""

    code = "stale"
    kind = ErrorKind.STALE
    message = gettext_noop("The object was changed by somebody else in the meantime.")


class UnavailableError(DomainError):
    """Something we depend on is out, or a lock did not come in time; nothing changed."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE
    message = gettext_noop("The service is busy. Please try again.")
