"""Orders and how they come about. Other contexts come in through `facade`, `contracts` and `events` only."""
