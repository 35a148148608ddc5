"""What discounts and campaigns have in common: conditions, recurrence, the version of the rule book."""
