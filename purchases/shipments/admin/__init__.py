"""Shipments and shipping rates in the back office."""

from . import rates, shipments

__all__ = ["rates", "shipments"]
