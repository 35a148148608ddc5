"""Product links and gift lists. Other contexts come in through `facade`, `contracts` and `events` only."""
