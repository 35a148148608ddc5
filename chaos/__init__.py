"""Faults that anyone can cause with one command, and what must hold afterwards."""
