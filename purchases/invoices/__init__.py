"""Invoices and credit notes: wished for by events, numbered afterwards without a gap, printed for the buyer."""
