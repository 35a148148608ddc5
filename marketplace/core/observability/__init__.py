"""What operators see: request ids, logs, health."""
