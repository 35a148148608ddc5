"""What the processes that serve sockets are told. Best effort: they look into the database by themselves, too.

No transaction is held while Redis is spoken to.
"""

from marketplace.core.outbox.handlers import handles
from marketplace.core.sockets.sending import send_to_group
from notifications.events import InboxFilled
from notifications.inbox.groups import EVERY_PROCESS, FILLED, SIGNED_OUT, group_of
from users.events import AccountDisabled


@handles(InboxFilled, queue="notify", atomic=False)
def tell_sockets_on_inbox_filled(event: InboxFilled) -> None:
    """One message, whatever the range: to the processes that have this person, or to all. Harmless twice."""
    is_personal = event.from_customer == event.to_customer
    group = group_of(event.to_customer) if is_personal else EVERY_PROCESS
    message = {
        "type": FILLED,
        "message": event.message_id,
        "from": event.from_customer.hex,
        "to": event.to_customer.hex,
    }
    send_to_group(group, message)


@handles(AccountDisabled, queue="notify", atomic=False)
def close_sockets_on_account_disabled(event: AccountDisabled) -> None:
    """Have the person's sockets looked at now; without this they are within two seconds."""
    send_to_group(group_of(event.user_id), {"type": SIGNED_OUT})
