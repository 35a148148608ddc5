"""The rule book: discounts and campaigns as prices are computed with them, kept in each process."""
