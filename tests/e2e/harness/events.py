"""Bodies for the tests: small Stripe events of our own, and the shared corpus read in place."""

import itertools
import json
import pathlib
import re
import secrets
import time

SHARED = pathlib.Path(__file__).resolve().parents[3].parent / "shared"
CORPUS = SHARED / "stripe_events"
_serial = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}_{next(_serial)}{secrets.token_hex(6)}"


def event(type_: str, obj: dict, created: int | None = None, **envelope) -> dict:
    previous = envelope.pop("previous_attributes", None)
    data = {"object": obj} if previous is None else {"object": obj, "previous_attributes": previous}
    return {"id": unique("evt"), "object": "event", "api_version": "2025-05-28.basil",
            "created": int(time.time()) if created is None else created, "data": data, "livemode": False,
            "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": type_, **envelope}


def session(**fields) -> dict:
    """A paid Checkout session in payment mode."""
    return {"id": unique("cs_test"), "object": "checkout.session", "amount_total": 3000, "currency": "usd",
            "client_reference_id": None, "customer": None, "livemode": False, "metadata": {}, "mode": "payment",
            "payment_intent": unique("pi"), "payment_status": "paid", "status": "complete", **fields}


def deposit(user: str | None, amount: int, **fields) -> dict:
    return session(client_reference_id=user, amount_total=amount,
                   **{"metadata": {"type": "wallet_deposit"}, **fields})


def completed(obj: dict, **more) -> dict:
    return event("checkout.session.completed", obj, **more)


def refund(payment_intent: str, charge: str, amount: int, refunded: int, **fields) -> dict:
    return event("charge.refunded", {"id": charge, "object": "charge", "amount": amount, "amount_refunded": refunded,
                                     "currency": "usd", "customer": None, "livemode": False, "metadata": {},
                                     "payment_intent": payment_intent, "refunded": refunded == amount, **fields})


def key(ev: dict) -> str:
    return "stripe:" + ev["id"]


_ID = re.compile(r"\b(evt(?:_test)?|cs_test|cs_live|pi|sub|in|po|acct|cus|ch|dp|py)_([A-Za-z0-9]{10,})\b")


def corpus(name: str, salt: str = "") -> dict:
    """A body of the corpus; with a salt, all its objects are new ones that belong together as before."""
    text = (CORPUS / name).read_text()
    if salt:
        text = _ID.sub(lambda m: f"{m[1]}_{m[2]}{salt}", text)
    return json.loads(text)


def corpus_names() -> list[str]:
    return sorted(p.name for p in CORPUS.glob("*.json") if not p.name.startswith("_"))


def have_corpus() -> bool:
    if CORPUS.is_dir():
        return True
    print(f"SKIPPED: the shared corpus is not at {CORPUS}", flush=True)
    return False
