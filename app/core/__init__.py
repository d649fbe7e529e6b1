"""The engine's data side: declarations, records, provenance, changes, databases."""
