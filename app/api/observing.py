"""What is seen of requests from outside: one line of log each, and counts for Prometheus."""

import asyncio
import bisect
import contextlib
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

import orjson
from opentelemetry import trace
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the durations that are counted, in seconds."""

FLUSH_SECONDS = 0.25
"""How long a line may wait for others before all of them are written."""

Gauges = Callable[[], Mapping[str, tuple[str, float | dict[str, float]]]]
"""Numbers of the moment: by name, what they are and how much, or how much for each server."""


class Broken(Exception):
    """An answer broke off in the middle; why was logged."""


class Observer(Collector):
    """Counts requests by route and status, and writes a line for each where it is told to.

    Counting is a few additions, since it happens at each request; families are made when they are asked for.
    """

    def __init__(self, lines: TextIO | None = sys.stdout):
        self.lines = lines
        self.requests: dict[tuple[str, int, str], int] = defaultdict(int)
        self.durations: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self.seconds: dict[str, float] = defaultdict(float)
        self.gauges: list[Gauges] = []
        self._flushing = False
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def seen(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered."""
        state = scope["state"]
        route = state.get("route") or "other"
        cache = state.get("cache", "none")
        self.requests[route, status, cache] += 1
        self.durations[route][bisect.bisect_left(BOUNDS, seconds)] += 1
        self.seconds[route] += seconds
        if self.lines is not None:
            line = {
                "at": round(time.time(), 3),
                "request_id": state["request_id"],
                "method": scope["method"],
                "path": shown(scope["path"]),
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "rows": state.get("rows"),
                "cache": cache,
            }
            self._write(line)

    def failed(self, scope: Scope, error: Exception) -> None:
        """A request met with a fault of ours, which is written down whether or not requests are."""
        line = {
            "at": round(time.time(), 3),
            "level": "error",
            "request_id": scope["state"]["request_id"],
            "method": scope["method"],
            "path": shown(scope["path"]),
            "error": shown(f"{type(error).__name__}: {error}"),
            "traceback": "\n".join(map(shown, "".join(traceback.format_exception(error)).splitlines())),
        }
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        # JSON escapes line breaks and `shown` the rest, so that no request can forge a line.
        with contextlib.suppress(OSError, ValueError):
            # Nobody reads any more: that is no reason not to answer.
            (self.lines or sys.stderr).write(orjson.dumps(line).decode("utf-8", "replace") + "\n")
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        with contextlib.suppress(OSError, ValueError):
            (self.lines or sys.stderr).flush()

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        requests = CounterMetricFamily(
            "initiatives_requests", "Requests answered.", labels=["route", "status", "cache"]
        )
        for (route, status, cache), count in sorted(self.requests.items()):
            requests.add_metric([route, str(status), cache], count)
        yield requests
        durations = HistogramMetricFamily(
            "initiatives_request_seconds", "Time until a request was answered.", labels=["route"]
        )
        for route, counts in sorted(self.durations.items()):
            below, buckets = 0, []
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                below += count
                buckets.append((bound, below))
            durations.add_metric([route], buckets, self.seconds[route])
        yield durations
        for gauges in self.gauges:
            for name, (words, value) in gauges().items():
                if isinstance(value, dict):
                    family = GaugeMetricFamily(f"initiatives_{name}", words, labels=["server"])
                    for server, one in value.items():
                        family.add_metric([server], one)
                    yield family
                else:
                    yield GaugeMetricFamily(f"initiatives_{name}", words, value)


def tell_trace(scope: Scope) -> None:
    """Name the span of a request, if there is one, by its route, as FastAPI does for endpoints of its own."""
    span = trace.get_current_span()
    if span.is_recording():
        route = scope["state"]["route"]
        span.set_attribute("http.route", route)
        span.update_name(f"{scope['method']} {route}")


def shown(text: str) -> str:
    """What a client sent, as it stands in a log: of bounded length, printable characters alone."""
    text = text[:500]
    return text if text.isprintable() else text.encode("unicode_escape", "replace").decode()
