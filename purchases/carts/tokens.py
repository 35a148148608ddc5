"""The token by which a stranger's cart is known: its id, signed."""

from uuid import UUID

from django.core.signing import BadSignature, Signer

from .errors import CartNotFoundError

_SALT = "purchases.carts"


def token_of(cart_id: UUID) -> str:
    """The token; the same each time."""
    return Signer(salt=_SALT).sign(cart_id.hex)


def cart_id_in(token: str) -> UUID:
    """Whose token it is. Raises `CartNotFoundError` for one that was not made here."""
    try:
        return UUID(Signer(salt=_SALT).unsign(token))
    except (BadSignature, ValueError) as error:
        raise CartNotFoundError from error
