"""What is seen of requests from outside: one line of log each, and counts for Prometheus."""

import bisect
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TextIO

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the durations that are counted, in seconds."""

Gauges = Callable[[], dict[str, tuple[str, float]]]
"""Numbers of the moment: by name, what they are and how much."""


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
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def seen(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered."""
        state = scope["state"]
        route = state.get("route") or getattr(scope.get("route"), "path", None) or "other"
        cache = state.get("cache", "none")
        self.requests[route, status, cache] += 1
        self.durations[route][bisect.bisect_left(BOUNDS, seconds)] += 1
        self.seconds[route] += seconds
        if self.lines is not None:
            line = {
                "at": round(time.time(), 3),
                "request_id": state["request_id"],
                "method": scope["method"],
                "path": scope["path"][:500],
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "rows": state.get("rows"),
                "cache": cache,
            }
            # JSON escapes every control character, so that no request can forge a line.
            self.lines.write(orjson.dumps(line).decode("utf-8", "replace") + "\n")

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
                yield GaugeMetricFamily(f"initiatives_{name}", words, value)
