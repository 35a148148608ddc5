"""What each kind of movement does to the counters, and what it needs. Pure rules, no database."""

from dataclasses import dataclass

from .models import StockItem, StockMovement

Kind = StockMovement.Kind

MAX_ON_HAND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """A movement of one stock item. `from_allocated` is how much of a sale was set aside before it."""

    kind: Kind
    quantity: int
    from_allocated: int = 0

    @property
    def on_hand(self) -> int:
        """What it adds to `on_hand`."""
        match self.kind:
            case Kind.RECEIVE | Kind.ADJUST:
                return self.quantity
            case Kind.SALE:
                return -self.quantity
        return 0

    @property
    def allocated(self) -> int:
        """What it adds to `allocated`."""
        match self.kind:
            case Kind.RESERVE:
                return self.quantity
            case Kind.RELEASE:
                return -self.quantity
            case Kind.SALE:
                return -self.from_allocated
        return 0

    def limit(self, item: StockItem) -> int:
        """How much of the item this may take: what is set aside for a release or a reserved sale, else the rest."""
        return item.allocated if self.takes_reserved else item.available

    @property
    def takes_reserved(self) -> bool:
        """Whether it takes of what is set aside."""
        return self.kind == Kind.RELEASE or bool(self.from_allocated)

    @property
    def demand(self) -> int:
        """How much it takes."""
        return max(0, -self.quantity if self.kind == Kind.ADJUST else self.quantity) if self.takes else 0

    @property
    def takes(self) -> bool:
        """Whether it needs something to be there."""
        return self.kind != Kind.RECEIVE and not (self.kind == Kind.ADJUST and self.quantity > 0)
