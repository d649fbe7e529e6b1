"""Writes what was measured as a page of the documentation and a picture."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import vl_convert

from app.core.db import write_ahead_log_is_safe
from benchmarks.comparisons import Result

TITLE = "times as good as the other (log scale); a tick marks the target, pale bars miss it"
DOCS = Path(__file__).parent.parent / "docs"
LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "sqlmodel", "pydantic", "asyncpg")


def machine(others: Sequence[str]) -> str:
    """What was measured on and with, in words."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    journal = "write-ahead log" if write_ahead_log_is_safe() else "rollback journal"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version} ({journal}), {libraries}, {', '.join(others)}."
    )


def page(results: Sequence[Result], others: Sequence[str]) -> str:
    """The table, in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks --write`; method and reading in [performance.md](performance.md). "
        + machine(others),
        "",
        "| work | this project | beside | | ratio | target |",
        "|---|--:|---|--:|--:|--:|",
    ]
    for one in results:
        bound = "≤" if one.at_most else "≥"
        mark = "" if one.met else " (missed)"
        lines.append(
            f"| {one.work} | {one.mine:,.1f} {one.unit} | {one.beside} | {one.other:,.1f} {one.unit} "
            f"| {one.ratio:,.2f}{mark} | {bound} {one.target} |"
        )
    return "\n".join([*lines, "", "![Ratios beside their targets](benchmarks.svg)", ""])


def picture(results: Sequence[Result]) -> str:
    """Ratios and targets as bars and ticks, in SVG."""
    values = [
        {"work": f"{one.work} / {one.beside}", "ratio": one.ratio, "target": one.target, "met": one.met}
        for one in results
        if not one.at_most
    ]
    order = {"field": "work", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 420}}
    scale = {"type": "log", "nice": True, "zero": False}
    bars = {
        "mark": {"type": "bar", "color": "#2b6cb0"},
        "encoding": {
            "y": order,
            "x": {"field": "ratio", "type": "quantitative", "scale": scale, "stack": None, "title": TITLE},
            "x2": {"datum": 1},
            "opacity": {"condition": {"test": "datum.met", "value": 1}, "value": 0.45},
        },
    }
    ticks = {
        "mark": {"type": "tick", "color": "#c05621", "thickness": 2},
        "encoding": {"y": order, "x": {"field": "target", "type": "quantitative", "scale": scale}},
    }
    return vl_convert.vegalite_to_svg(
        {"width": 420, "background": "white", "data": {"values": values}, "layer": [bars, ticks]}
    )


def write(results: Sequence[Result], others: Sequence[str]) -> None:
    """Write both into the documentation."""
    (DOCS / "benchmarks.md").write_text(page(results, others))
    (DOCS / "benchmarks.svg").write_text(picture(results))
