"""From the wire to the admin API, on one process (standalone) or on separate ones (cluster): what money does."""

import itertools
import json
import os
import time
import unittest

import stripe

from harness import events
from harness.events import completed, corpus, deposit, event, key, refund, session, unique
from harness.http_client import eventually
from harness.programs import SECRET, Cluster, Standalone
from harness.signing import stripe_signature, wire

DEPLOYMENTS = {"standalone": Standalone, "cluster": Cluster}


class Spine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = DEPLOYMENTS[os.environ["PENSTOCK_E2E_DEPLOYMENT"]]()
        cls.enterClassContext(cls.deployment)
        cls.ingress, cls.admin = cls.deployment.ingress, cls.deployment.admin

    def deliver(self, *bodies) -> dict:
        for body in bodies:
            self.ingress.accept(body)
        return self.admin.settled([key(body) for body in bodies])

    def payment(self, id_: str) -> dict:
        found = self.admin.state("/v1/payments/" + id_)
        self.assertIsNotNone(found, id_)
        return found

    # -- the corpus

    @unittest.skipUnless(events.have_corpus(), "no corpus")
    def test_every_body_of_the_corpus_is_accepted_and_gets_an_outcome(self):
        bodies = {name: corpus(name, "corpus") for name in events.corpus_names()}
        for name, body in bodies.items():
            answer = self.ingress.post(body)
            self.assertEqual(answer.status, 200, (name, answer))
        ids = {name: key(body) for name, body in bodies.items() if "id" in body and "type" in body
               and not name.startswith("envelope")}
        outcomes = self.admin.settled(ids.values())
        parked = {name for name, k in ids.items() if outcomes[k]["outcome"] == "parked"}
        self.assertEqual(parked, set())
        ignored = {name.split(".")[0] for name, k in ids.items() if outcomes[k]["outcome"] == "ignored"
                   and outcomes[k]["reason"] in ("no_handler", "thin_event")}
        self.assertEqual(ignored, {"v2", "test_helpers"})

    @unittest.skipUnless(events.have_corpus(), "no corpus")
    def test_every_sequence_ends_the_same_in_every_order(self):
        sequences = json.loads((events.CORPUS / "_sequences.json").read_text())
        for sequence in sequences:
            finals = set()
            for n, order in enumerate(itertools.permutations(sequence["files"])):
                salt = f"q{n}{unique('x')[2:]}"
                bodies = [corpus(name, salt) for name in order]
                self.deliver(*bodies)
                finals.add(self.final_state(bodies, salt))
            self.assertEqual(len(finals), 1, (sequence["name"], finals))

    def final_state(self, bodies, salt) -> str:
        paths = {"checkout.session": "payments", "payout": "payouts", "subscription": "subscriptions",
                 "account": "accounts"}
        state = {}
        for body in bodies:
            obj = body["data"]["object"]
            if obj["object"] in paths:
                row = self.admin.state(f"/v1/{paths[obj['object']]}/{obj['id']}")
                for history in ("updated_at", "updated_by", "created_at", "fulfilled_by"):
                    row.pop(history, None)
                state[obj["id"]] = row
        return json.dumps(state, sort_keys=True).replace(salt, "")

    @unittest.skipUnless(events.have_corpus(), "no corpus")
    def test_the_sequences_end_as_they_say(self):
        salt = unique("s")[2:]

        def run(*names):
            bodies = [corpus(name, salt) for name in names]
            self.deliver(*bodies)
            return bodies[-1]["data"]["object"]["id"]

        paid = run("checkout.session.completed.payment_unpaid_sepa.basil.json",
                   "checkout.session.async_payment_succeeded.basil.json")
        self.assertEqual(self.payment(paid)["status"], "paid")
        payout = run("payout.created.pending.connect.dahlia.json", "payout.updated.in_transit.connect.dahlia.json",
                     "payout.paid.connect.dahlia.json", "payout.failed.after_paid.connect.dahlia.json")
        row = self.admin.state("/v1/payouts/" + payout)
        self.assertEqual((row["status"], row["failure_code"], row["retry"]["state"]),
                         ("failed", "account_closed", "exhausted"))
        self.assertEqual([a["subject"] for a in self.admin.all("/v1/alerts")
                          if a["kind"] == "payout_failed" and a["subject"] == payout], [payout])
        subscription = run("customer.subscription.deleted.requested.basil.json",
                           "customer.subscription.created.then_deleted.basil.json")
        self.assertEqual(self.admin.state("/v1/subscriptions/" + subscription)["status"], "canceled")
        account = run("account.updated.requirements_due.connect.dahlia.json",
                      "account.updated.enabled.connect.dahlia.json")
        self.assertEqual(self.admin.state("/v1/accounts/" + account)["status"], "enabled")

    # -- money

    def test_a_deposit_is_credited_once_however_often_it_is_told(self):
        user = unique("user")
        obj = deposit(user, 5000)
        first, second_object = completed(obj), completed(obj)
        self.deliver(first, second_object)
        self.ingress.accept(first)
        self.ingress.accept({**first, "created": first["created"] + 5})
        self.deliver(event("checkout.session.expired", {**session(), "status": "expired", "payment_status": "unpaid"}))
        wallet = self.admin.state("/v1/wallets/" + user)
        self.assertEqual((wallet["balances"], wallet["test_balances"]), ({}, {"usd": 5000}))
        entries = self.admin.all(f"/v1/wallets/{user}/entries")
        self.assertEqual([(e["kind"], e["amount"], e["effect_key"]) for e in entries],
                         [("deposit", 5000, "deposit:" + obj["id"])])
        self.assertTrue(self.payment(obj["id"])["fulfilled"])

    def test_refunds_before_and_after_a_deposit_leave_the_same_balance(self):
        balances = []
        for refund_first in (True, False):
            user, obj, charge = unique("user"), deposit(None, 5000), unique("ch")
            obj["client_reference_id"] = user
            bodies = [completed(obj), refund(obj["payment_intent"], charge, 5000, 1500),
                      refund(obj["payment_intent"], charge, 5000, 2000)]
            self.deliver(*(reversed(bodies) if refund_first else bodies))
            balances.append(self.admin.state("/v1/wallets/" + user)["test_balances"])
            payment = self.payment(obj["payment_intent"])
            self.assertEqual((payment["id"], payment["status"], payment["amount_refunded"]),
                             (obj["id"], "partially_refunded", 2000))
        self.assertEqual(balances, [{"usd": 3000}] * 2)

    def test_a_deposit_waits_for_the_user_of_its_customer(self):
        user, customer = unique("user"), unique("cus")
        self.deliver(completed(deposit(None, 700, customer=customer)))
        self.assertIsNone(self.admin.state("/v1/wallets/" + user))
        self.deliver(completed(session(client_reference_id=user, customer=customer)))
        self.assertEqual(self.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 700})

    def test_live_and_test_money_never_meet(self):
        user = unique("user")
        live = deposit(user, 100, livemode=True)
        self.deliver(completed(deposit(user, 30)), completed(live, livemode=True))
        wallet = self.admin.state("/v1/wallets/" + user)
        self.assertEqual((wallet["balances"], wallet["test_balances"]), ({"usd": 100}, {"usd": 30}))

    def test_currencies_without_and_with_three_decimals_stay_as_sent(self):
        user = unique("user")
        self.deliver(completed(deposit(user, 500, currency="jpy")), completed(deposit(user, 5120, currency="kwd")))
        self.assertEqual(self.admin.state("/v1/wallets/" + user)["test_balances"], {"jpy": 500, "kwd": 5120})

    def test_an_amount_that_overflows_is_parked_and_moves_nothing(self):
        user = unique("user")
        top = 2**63 - 1
        self.deliver(completed(deposit(user, top)))
        one_more = completed(deposit(user, 1))
        outcome = self.deliver(one_more)[key(one_more)]
        self.assertEqual((outcome["outcome"], outcome["reason"]), ("parked", "amount_overflow"))
        self.assertEqual(self.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": top})

    def test_built_in_apps_fulfil_once_and_unknown_ones_raise_an_alert(self):
        user = unique("user")
        course = session(client_reference_id=user, metadata={"app_slug": "courses", "course_id": "c1"})
        bundle = session(client_reference_id=user,
                         metadata={"app_slug": "bundles", "bundle_id": "b1", "course_ids": "c1, c2"})
        unknown = session(client_reference_id=user, metadata={"app_slug": "nobody"})
        unknown_event = completed(unknown)
        outcomes = self.deliver(completed(course), completed(course), completed(bundle), unknown_event)
        grants = [f["grants"] for f in self.admin.all("/v1/fulfillments?payment=" + course["id"])]
        self.assertEqual(grants, [[{"kind": "course", "id": "c1"}]])
        grants = self.admin.all("/v1/fulfillments?payment=" + bundle["id"])[0]["grants"]
        self.assertEqual({(g["kind"], g["id"]) for g in grants},
                         {("bundle", "b1"), ("course", "c1"), ("course", "c2")})
        self.assertEqual(outcomes[key(unknown_event)]["outcome"], "unroutable")
        self.assertEqual((self.payment(unknown["id"])["status"], self.payment(unknown["id"])["fulfilled"]),
                         ("paid", False))
        self.assertIn("app_unknown", {a["kind"] for a in self.admin.all("/v1/alerts")
                                      if a["event"] == key(unknown_event)})

    def test_a_session_payment_is_paid_whether_registered_before_or_after_its_payout(self):
        for register_first in (True, False):
            id_, payout = unique("sp"), unique("po")
            paid = event("payout.paid", {"id": payout, "object": "payout", "amount": 900, "currency": "usd",
                                         "arrival_date": 1757376000, "status": "paid", "metadata": {}})
            steps = [lambda: self.register(id_, payout), lambda: self.deliver(paid)]
            for step in steps if register_first else reversed(steps):
                step()
            self.assertEqual(self.admin.state("/v1/session-payments/" + id_)["status"], "paid")
            self.assertEqual(self.admin.state("/v1/payouts/" + payout)["session_payment"], id_)

    def test_a_failed_payout_is_called_to_be_retried_unless_its_code_is_permanent(self):
        def failed(code):
            return event("payout.failed", {"id": unique("po"), "object": "payout", "amount": 900, "currency": "usd",
                                           "arrival_date": 1757376000, "status": "failed", "failure_code": code,
                                           "metadata": {}}, created=1757376000)

        temporary, permanent = failed("could_not_process"), failed("account_closed")
        self.deliver(temporary, permanent)

        def retry(body):
            return self.admin.state("/v1/payouts/" + body["data"]["object"]["id"])["retry"]

        due = eventually("the retry is due", lambda: retry(temporary)["state"] == "due" and retry(temporary))
        self.assertEqual(due["attempts"], 1)
        self.assertIsNotNone(due["next_at"])
        self.assertEqual(retry(permanent), {"state": "exhausted", "attempts": 0, "next_at": None})

    def register(self, id_, payout):
        answer = self.admin.request("PUT", "/v1/session-payments/" + id_,
                                    json.dumps({"tester_id": "t1", "payout": payout}).encode(),
                                    {"Content-Type": "application/json"})
        self.assertIn(answer.status, (200, 201), answer)

    def test_a_profile_shows_the_best_subscription_of_the_user(self):
        user, customer = unique("user"), unique("cus")

        def subscription(status, **more):
            return {"id": unique("sub"), "object": "subscription", "customer": customer, "status": status,
                    "created": 1754000000, "cancel_at_period_end": False, "metadata": {}, "livemode": False,
                    "items": {"data": [{"price": {"id": "price_1"}, "quantity": 1, "current_period_start": 1754000000,
                                        "current_period_end": 1756678400}]}, **more}

        best = subscription("active")
        self.deliver(event("customer.subscription.created", subscription("past_due")),
                     event("customer.subscription.created", best),
                     completed(session(client_reference_id=user, customer=customer)))
        profile = self.admin.state("/v1/profiles/" + user)
        self.assertEqual((profile["subscription_status"], profile["subscription"], profile["customers"]),
                         ("active", best["id"], [customer]))

    def test_the_ledger_balances(self):
        check = self.admin.get("/v1/ledger/check").json
        self.assertTrue(check["balanced"], check)

    # -- the door

    def test_a_request_signed_by_the_stripe_sdk_is_accepted(self):
        body = wire(completed(session()))
        at = int(time.time())
        mac = stripe.WebhookSignature._compute_signature(f"{at}.{body.decode()}", SECRET)
        answer = self.ingress.request("POST", "/api/webhooks/stripe", body,
                                      {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={mac}"})
        self.assertEqual((answer.status, answer.json), (200, {"received": True}))

    def test_what_is_not_signed_by_us_is_401_and_leaves_nothing(self):
        body = completed(session())
        raw = wire(body)
        for header in ({}, {"Stripe-Signature": stripe_signature("whsec_other", raw)},
                       {"Stripe-Signature": stripe_signature(SECRET, raw, int(time.time()) - 301)},
                       {"Stripe-Signature": stripe_signature(SECRET, raw + b" ")}):
            answer = self.ingress.request("POST", "/v1/webhook/stripe", raw,
                                          {"Content-Type": "application/json", **header})
            self.assertEqual((answer.status, answer.json["error"]["type"]), (401, "signature_invalid"))
            self.assertTrue(answer.json["error"]["request_id"])
        self.assertIsNone(self.admin.event(key(body)))

    def test_a_verified_body_that_is_no_event_is_accepted_and_parked(self):
        good = completed(session())
        hostile = {
            b"": "not_json", b"not json": "not_json", b"{}": "wrong_shape", b"[]": "wrong_shape",
            b'{"id":"evt_%s","type":"payout.paid"}' % unique("a").encode(): "wrong_shape",
            b"[" * 10_000: "too_deep",
            b'{"a":1,"a":2}': "duplicate_key",
            b'{"id":"x\\u0000y","type":"payout.paid"}': "nul_in_string",
            b'{"n":0.0000000000000000000000000000001e-2147483639}': "wrong_shape",
            b"\xff\xfe{}": "not_json",
        }
        before = len(self.admin.all("/v1/parked"))
        for body in hostile:
            answer = self.ingress.post(body)
            self.assertEqual(answer.status, 200, (body[:60], answer))
        self.deliver(good)

        def reasons():
            parked = self.admin.all("/v1/parked")
            return len(parked) >= before + len(hostile) and parked

        parked = eventually("all of them parked", reasons)
        self.assertLessEqual(set(hostile.values()), {row["reason"] for row in parked})

    def test_absurd_amounts_are_parked_with_the_member_named(self):
        for absurd in (1e300, -1, 1.5, 2**63, "12", True, [], {}):
            body = completed(session(amount_total=absurd))
            outcome = self.deliver(body)[key(body)]
            self.assertEqual((outcome["outcome"], outcome["reason"]), ("parked", "wrong_shape"), absurd)

    def test_errors_have_the_envelope(self):
        for method, path, status in (("GET", "/nothing", 404), ("PUT", "/v1/webhook/stripe", 405),
                                     ("GET", "/v1/webhook/stripe", 405)):
            answer = self.ingress.request(method, path)
            self.assertEqual(answer.status, status)
            self.assertEqual(set(answer.json["error"]) - {"fields"}, {"type", "message", "request_id"})
        self.assertEqual(answer.headers["Allow"].replace(" ", "").split(","), ["POST"])
        self.assertEqual(self.admin.request("GET", "/v1/pools", headers={"Authorization": "Bearer wrong"}).status, 401)

    def test_an_event_shows_its_raw_body_and_what_it_touched(self):
        body = completed(session())
        self.deliver(body)
        shown = self.admin.event(key(body))
        self.assertEqual(shown["body"], wire(body).decode())
        self.assertEqual(shown["headers"]["ce_type"], "checkout.session.completed")
        self.assertIn({"resource": "payments", "id": body["data"]["object"]["id"]}, shown["touched"])

    def test_pools_and_metrics_tell_about_the_work(self):
        self.deliver(completed(session()))
        eventually("a member and no lag", lambda: [p for p in self.admin.get("/v1/pools").json["data"]
                                                   if p["name"] == "payments" and p["lag"] == 0 and p["members"] > 0])
        self.assertIn("penstock_consumer_lag", self.admin.get("/metrics").body.decode())
        self.assertEqual(self.ingress.get("/healthz").status, 200)
        self.assertEqual(self.ingress.get("/readyz").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
