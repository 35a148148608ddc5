"""Flash promotions, discounts, campaigns. Other contexts come in through `facade`, `contracts` and `events` only."""
