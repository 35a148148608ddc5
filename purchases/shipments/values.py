"""Values the slice computes with: where the units of an order's line are."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LineUnits:
    """Units of a line by where they are. `returned` also counts those that were never sent."""

    line_id: UUID
    part_id: UUID
    store_id: UUID
    variant_id: UUID
    sku: str
    quantity: int
    returned: int = 0
    lost: int = 0
    packed: int = 0
    shipped: int = 0
    delivered: int = 0

    @property
    def wanted(self) -> int:
        """What the customer is to have in the end."""
        return self.quantity - self.returned

    @property
    def left(self) -> int:
        """What is in no parcel, or only in one that was lost."""
        return max(0, self.wanted - self.packed - self.shipped - self.delivered)

    def replaced(self, quantity: int) -> int:
        """How many of so many units that are packed next must come from the shelf: what was lost is not here."""
        return max(0, quantity - (self.left - self.lost))
