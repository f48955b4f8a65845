"""Stripe's signature scheme, for bodies that the tests send."""

import hashlib
import hmac
import json
import time


def stripe_signature(secret: str, body: bytes, at: int | None = None) -> str:
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def wire(event: dict) -> bytes:
    """The event in Stripe's wire format: pretty-printed, literal UTF-8, no trailing newline."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()
