"""A keep-alive HTTP client for one address, and waiting for a condition with a deadline."""

import http.client
import json
import time
from typing import Callable
from urllib.parse import quote

from .signing import stripe_signature, wire


def eventually(what: str, condition: Callable[[], object], seconds: float = 30.0):
    """The first truthy answer of `condition`; fails with its last answer when there is none in time."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last answer: {answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


class Answer:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Http:
    def __init__(self, address: str, headers: dict | None = None, timeout: float = 15.0):
        self.address, self.headers, self.timeout = address, headers or {}, timeout
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> Answer:
        for fresh in (False, True):
            if self._connection is None or fresh:
                self.close()
                host, port = self.address.rsplit(":", 1)
                self._connection = http.client.HTTPConnection(host, int(port), timeout=self.timeout)
            try:
                self._connection.request(method, path, body, {**self.headers, **(headers or {})})
                response = self._connection.getresponse()
                answer = Answer(response.status, response.headers, response.read())
                if response.will_close:
                    self.close()
                return answer
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if fresh:
                    raise
            except Exception:
                self.close()
                raise
        raise AssertionError("unreachable")

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str) -> Answer:
        return self.request("GET", path)


class Ingress(Http):
    def __init__(self, address: str, secret: str):
        super().__init__(address)
        self.secret = secret

    def post(self, body: bytes | dict, path: str = "/v1/webhook/stripe", **headers) -> Answer:
        raw = wire(body) if isinstance(body, dict) else body
        return self.request("POST", path, raw, {"Content-Type": "application/json; charset=utf-8",
                                                "Stripe-Signature": stripe_signature(self.secret, raw), **headers})

    def accept(self, body: bytes | dict):
        answer = self.post(body)
        assert (answer.status, answer.json) == (200, {"received": True}), answer


class Admin(Http):
    def __init__(self, address: str, token: str):
        super().__init__(address, {"Authorization": f"Bearer {token}"})

    def state(self, path: str):
        """The resource, or None while it is 404."""
        answer = self.get(path)
        assert answer.status in (200, 404), answer
        return answer.json if answer.status == 200 else None

    def event(self, key: str):
        return self.state("/v1/events/" + quote(key, safe=""))

    def all(self, path: str) -> list:
        """Every element of a list resource, over all its pages."""
        rows, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            page = self.get(path + joint + "limit=500" + (f"&cursor={quote(cursor, safe='')}" if cursor else ""))
            assert page.status == 200, page
            rows += page.json["data"]
            cursor = page.json["next_cursor"]
            if cursor is None:
                return rows

    def settled(self, keys, seconds: float = 60.0) -> dict:
        """Waits until each event has an outcome; the events by key."""
        done: dict = {}

        def all_done():
            for key in keys:
                if key not in done:
                    found = self.event(key)
                    if found is None:
                        return None
                    done[key] = found
            return done

        return eventually(f"an outcome for {len(set(keys))} events", all_done, seconds)
