"""Refusals of the accounts slice."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class InvalidCredentialsError(DomainError):
    """Unknown address, wrong password or disabled account: nobody is told which."""

    code = "invalid_credentials"
    kind = ErrorKind.UNAUTHENTICATED
    message = gettext_noop("The e-mail address or the password is wrong.")


class AccessRevokedError(DomainError):
    """The access token was signed before the account was disabled, or before all sessions were ended."""

    code = "token_invalid"
    kind = ErrorKind.UNAUTHENTICATED
    message = gettext_noop("The access token is not valid (any more).")


class RefreshTokenInvalidError(DomainError):
    """Forged, expired, or of a session that is over."""

    code = "token_invalid"
    kind = ErrorKind.UNAUTHENTICATED
    message = gettext_noop("The token is not valid (any more). Log in again.")


class RefreshTokenReusedError(DomainError):
    """The token was exchanged before. Long ago means stolen: then its session is over."""

    code = "token_reused"
    kind = ErrorKind.UNAUTHENTICATED
    message = gettext_noop("The refresh token was used before.")


class MailTokenInvalidError(DomainError):
    """Unknown, used or too old: nobody is told which."""

    code = "mail_token_invalid"
    kind = ErrorKind.INVALID
    message = gettext_noop("This link is not valid any more. Ask for a new one.")


class AccountNotFoundError(NotFoundError):
    """No such account, or not the caller's to see."""


class StaffAccountProtectedError(DomainError):
    """Accounts of staff are the administrators' business."""

    code = "staff_account_protected"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("Only administrators may do this to an account of staff.")


class RoleChangeForbiddenError(DomainError):
    """Somebody tried to make or unmake staff or administrators without being one."""

    code = "role_change_forbidden"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("Only administrators may change roles.")


class ActivityChangeForbiddenError(DomainError):
    """Somebody tried to disable or enable an account without being staff, or the own one."""

    code = "activity_change_forbidden"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("Only staff may disable or enable an account, and nobody the own one.")


class PasswordChangeForbiddenError(DomainError):
    """A password is changed by its owner; staff send a reset link or use the back office."""

    code = "password_change_forbidden"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("Only the owner may change the password here.")


class LastAdministratorError(DomainError):
    """Without an administrator nobody could make one."""

    code = "last_administrator"
    message = gettext_noop("This is the last administrator.")


class SecondFactorPresentError(DomainError):
    """There is a second factor already; an administrator can reset it."""

    code = "second_factor_present"
    message = gettext_noop("The account has a second factor already.")


class WrongCodeError(DomainError):
    """Not the code of this moment, used before, or too many wrong ones came before it."""

    code = "wrong_code"
    kind = ErrorKind.INVALID
    message = gettext_noop("The code is wrong. After wrong codes wait a little, and take the next one.")
