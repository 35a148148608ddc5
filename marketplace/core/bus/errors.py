"""Why a message did not leave."""


class RefusedError(Exception):
    """The other side does not take this message: too large, nobody bound to it, an answer that says no. Counted."""


class BusOutError(ConnectionError):
    """The other side takes nothing now. Everything waits; nothing is counted."""
