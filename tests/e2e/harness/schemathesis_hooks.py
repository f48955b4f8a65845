"""What schemathesis cannot learn from a document: how a request is signed, and what may stand for a format."""

import os
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import strategies
from schemathesis.core import NOT_SET

from harness.signing import PARTNER_SCHEMES, partner_signature, stripe_signature

TOKEN = os.environ["PENSTOCK_TEST_TOKEN"]
STRIPE_SECRET = os.environ["PENSTOCK_TEST_STRIPE_SECRET"]
PARTNER_SECRET = os.environ["PENSTOCK_TEST_PARTNER_SECRET"]


class Credentials(requests.auth.AuthBase):
    """Those of every kind that there is: each operation looks at its own. A partner is named like its scheme."""

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        signed = {"Stripe-Signature": stripe_signature(STRIPE_SECRET, body)}
        parent, _, name = urlsplit(request.url).path.rpartition("/")
        if parent == "/v1/webhooks/partners" and name in PARTNER_SCHEMES:
            signed = partner_signature(name, PARTNER_SECRET, body)
        request.headers.update({"Authorization": "Bearer " + TOKEN, "X-API-Key": TOKEN, **signed})
        return request


schemathesis.auth.set_from_requests(Credentials())
schemathesis.openapi.format("uri", strategies.sampled_from(["https://example.com/a?b=c", "http://[2001:db8::1]:8080"]))


def as_penstock_spells(value):
    """5.0 is an integer to JSON Schema, and a text may have a NUL: the document says in words that here neither is so."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return value.replace("\0", "0")
    if isinstance(value, list):
        return [as_penstock_spells(each) for each in value]
    if isinstance(value, dict):
        return {as_penstock_spells(key): as_penstock_spells(each) for key, each in value.items()}
    return value


@schemathesis.hook
def map_body(context, body):
    return as_penstock_spells(body)


@schemathesis.hook
def before_call(context, case, kwargs):
    """A GET that has a body is refused for it, before anything is looked up."""
    if case.method == "GET":
        case.body = NOT_SET
