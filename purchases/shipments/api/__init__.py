"""Shipments and shipping rates over HTTP."""
