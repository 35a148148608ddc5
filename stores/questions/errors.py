"""Refusals of the questions slice."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class QuestionNotFoundError(NotFoundError):
    """No such question, or it is not the caller's to see."""


class QuestionRepeatedError(DomainError):
    """The same person asks the same about the same product."""

    code = "question_repeated"
    message = gettext_noop("You have asked this about this product already.")


class TooManyQuestionsWaitingError(DomainError):
    """The customer's questions that nobody has looked at yet are as many as one person may have."""

    code = "too_many_questions_waiting"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("You have %(waiting)s questions waiting for an answer. Please ask again later.")


class ProductQuestionsFullError(DomainError):
    """The product has as many questions waiting as its people can be asked to look through."""

    code = "product_questions_full"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("This product has %(waiting)s questions waiting for an answer. Please ask again later.")


class QuestionRejectedError(DomainError):
    """A rejected question is not answered: publish it first."""

    code = "question_rejected"
    message = gettext_noop("This question was rejected. Publish it before you answer it.")
