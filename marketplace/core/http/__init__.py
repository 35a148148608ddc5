"""HTTP habits shared by every route: problem+json, strict input, cursors, throttles, idempotency, ETags."""
