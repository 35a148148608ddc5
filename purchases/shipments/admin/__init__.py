"""Shipments and shipping rates in the back office."""

from . import orders, rates, shipments

__all__ = ["orders", "rates", "shipments"]
