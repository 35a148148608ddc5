"""Refusals of the staff slice."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class DepartmentNotFoundError(NotFoundError):
    """No such department."""


class DepartmentMemberNotFoundError(NotFoundError):
    """No such member."""


class DepartmentSlugTakenError(DomainError):
    """Another department has this slug."""

    code = "department_slug_taken"
    message = gettext_noop("Another department has this slug.")


class DepartmentInUseError(DomainError):
    """Categories still belong to the department."""

    code = "department_in_use"
    message = gettext_noop("This department is still in use.")


class AlreadyMemberError(DomainError):
    """The account is a member of this department."""

    code = "already_member"
    message = gettext_noop("This account is a member of the department already.")


class NotStaffError(DomainError):
    """Keys are for people of the house."""

    code = "not_staff"
    kind = ErrorKind.CONFLICT
    message = gettext_noop("Only active accounts of staff can be members of a department.")
