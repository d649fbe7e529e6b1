"""Initiatives API: who promised what to whom, by when, and which source says so."""

__version__ = "0.1.0"
