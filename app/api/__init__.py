"""Serves any resource over HTTP; names none."""
