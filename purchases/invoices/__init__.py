"""Invoices and credit notes: wished for by events, numbered afterwards without a gap, printed in the buyer's language."""
