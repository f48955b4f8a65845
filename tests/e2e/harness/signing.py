"""The signature schemes, for bodies that the tests send."""

import base64
import hashlib
import hmac
import json
import time

PARTNER_SCHEMES = ("x-signature", "standard-webhooks", "stripe", "github", "shopify")

def stripe_signature(secret: str, body: bytes, at: int | None = None) -> str:
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def partner_signature(scheme: str, secret: str, body: bytes) -> dict[str, str]:
    """The header fields with which a partner of that scheme signs; a secret of `standard-webhooks` is taken as bytes."""
    code = hmac.new(secret.encode(), body, hashlib.sha256)
    if scheme == "standard-webhooks":
        of, at = "msg_1", str(int(time.time()))
        signed = hmac.new(secret.encode(), f"{of}.{at}.".encode() + body, hashlib.sha256).digest()
        return {"webhook-id": of, "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(signed).decode()}
    return {"x-signature": {"X-Signature": code.hexdigest()},
            "stripe": {"Stripe-Signature": stripe_signature(secret, body)},
            "github": {"X-Hub-Signature-256": "sha256=" + code.hexdigest()},
            "shopify": {"X-Shopify-Hmac-Sha256": base64.b64encode(code.digest()).decode()}}[scheme]


def wire(event: dict) -> bytes:
    """The event in Stripe's wire format: pretty-printed, literal UTF-8, no trailing newline."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()
