"""Tests of the program on its real data, on SQLite and on PostgreSQL."""
