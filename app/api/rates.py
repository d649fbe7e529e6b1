"""Limits how much one client may ask, where an operator wants that; answers 304 cost nothing."""

import ipaddress
import math
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import MEDIA_TYPE, TOO_MANY_REQUESTS, Problem

FREE = ("/healthz", "/readyz", "/metrics")
"""Paths of those who run the service."""


class RateLimit:
    """Lets a client ask so many times in a window such as `100/minute`, counted in this process."""

    def __init__(self, app: ASGIApp, limit: str):
        # Here, since most services set no limit: it would be a part of every start.
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self.app = app
        self.item = parse(limit)
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.policy = f'"default";q={self.item.amount};w={self.item.get_expiry()}'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in FREE:
            await self.app(scope, receive, send)
            return
        client = client_of(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] != 304:
                    self.limiter.hit(self.item, client)
                message["headers"] = [*message["headers"], *self._headers(client)]
            await send(message)

        if self.limiter.test(self.item, client):
            await self.app(scope, receive, answer)
            return
        left = self._seconds(client)
        problem = Problem(TOO_MANY_REQUESTS, f"At most {self.item} are answered here: wait {left} seconds.")
        body = problem.body(scope["path"], scope["state"]["request_id"])
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"retry-after", str(left).encode()),
            *self._headers(client),
        ]
        await send({"type": "http.response.start", "status": TOO_MANY_REQUESTS.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _seconds(self, client: str) -> int:
        return max(1, math.ceil(self.limiter.get_window_stats(self.item, client).reset_time - time.time()))

    def _headers(self, client: str) -> list[tuple[bytes, bytes]]:
        stats = self.limiter.get_window_stats(self.item, client)
        left = max(1, math.ceil(stats.reset_time - time.time()))
        return [(b"ratelimit-policy", self.policy), (b"ratelimit", f'"default";r={stats.remaining};t={left}'.encode())]


def client_of(scope: Scope) -> str:
    """Who asks: the address that the server saw; of IPv6 the network that one subscriber has."""
    address = scope["client"][0] if scope.get("client") else ""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return str(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
