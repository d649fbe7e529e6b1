"""Measures this project beside what one would use instead: `python -m benchmarks`."""
