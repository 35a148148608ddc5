"""Purchases that make themselves: plans, schedules, the engine, and what staff buy in other shops."""
