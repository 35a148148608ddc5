"""Who else edits a list."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from links.gift_lists.errors import TooManyEditorsError
from links.gift_lists.models import GiftListEditor
from marketplace.core.errors import NotFoundError
from users.facade import verified_account

from .locking import lock_open_list


@transaction.atomic
def add_editor(*, gift_list_id: UUID, email: str) -> GiftListEditor:
    """Let whoever has that address edit the list: at once, or when they prove it. The same again is harmless.

    The answer is the same whether there is such an account. Raises `GiftListClosedError`, `TooManyEditorsError` beyond
    EDITORS_PER_LIST.
    """
    gift_list = lock_open_list(gift_list_id)
    before = gift_list.editors.filter(email=email).first()
    if before is not None:
        return before
    most = settings.EDITORS_PER_LIST
    if gift_list.editors.count() >= most:
        raise TooManyEditorsError(most=most)
    return GiftListEditor.objects.create(gift_list=gift_list, email=email, user_id=verified_account(email))


@transaction.atomic
def remove_editor(*, gift_list_id: UUID, editor_id: int) -> None:
    """Take the place away; the gifts they added stay. Raises `GiftListClosedError`, `NotFoundError`."""
    gift_list = lock_open_list(gift_list_id)
    removed, _by_model = gift_list.editors.filter(pk=editor_id).delete()
    if not removed:
        raise NotFoundError
