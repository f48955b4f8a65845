"""Confirmations of payments from the wire to the effect, before and after the provider's events."""

import json
import time
import unittest
from urllib.parse import quote

from harness.events import completed, key, session, unique
from harness.http_client import Admin, Answer, Ingress, eventually
from harness.programs import Cluster, Standalone

PATH = "/v1/webhook/payment-succeeded"
JSON = {"Content-Type": "application/json"}


def make_key(admin: Admin, *scopes: str, org: str = "default") -> str:
    body = json.dumps({"name": "billing", "scopes": scopes, "org": org}).encode()
    answer = admin.request("POST", "/v1/api-keys", body, JSON)
    assert answer.status == 201, answer
    return answer.json["key"]


def put_app(admin: Admin, slug: str, **members):
    body = json.dumps({"url": "https://shop.example/hook", **members}).encode()
    answer = admin.request("PUT", "/v1/apps/" + slug, body, JSON)
    assert answer.status == 200, answer


def confirm(ingress: Ingress, api_key: str, payment: str, event_id: str = "") -> Answer:
    headers = {**JSON, "X-API-Key": api_key} | ({"Idempotency-Key": event_id} if event_id else {})
    return ingress.request("POST", PATH, json.dumps({"payment_id": payment}).encode(), headers)


def of_app(slug: str, **metadata: str) -> dict:
    return session(client_reference_id=unique("u"), metadata={"app_slug": slug, **metadata})


def is_fulfilled(admin: Admin, payment: str):
    row = admin.state("/v1/payments/" + payment)
    return row if row is not None and row["fulfilled"] else None


def fulfillments(admin: Admin, payment: str) -> list:
    return admin.all("/v1/fulfillments?payment=" + payment)


class OneProcess(unittest.TestCase):
    def test_confirmed_before_and_after_the_event_a_payment_is_fulfilled_once(self):
        with Standalone() as penstock:
            admin, ingress = penstock.admin, penstock.ingress
            api_key = make_key(admin, "payments:confirm")
            early, late = of_app("courses", course_id="c1"), of_app("courses", course_id="c2")

            for event_id in ("early-1", "early-2", "early-1"):
                answer = confirm(ingress, api_key, early["id"], event_id)
                self.assertEqual((answer.status, answer.json), (200, {"received": True}))
            waits = admin.settled(["api/default:early-1", "api/default:early-2"])
            for event in waits.values():
                self.assertEqual((event["outcome"], event["reason"]), ("applied", "payment_awaited"))
                self.assertEqual(event["entity"], early["id"])
            first = completed(early)
            ingress.accept(first)
            paid = eventually("it is fulfilled", lambda: is_fulfilled(admin, early["id"]))
            self.assertEqual(paid["fulfilled_by"], key(first))

            ingress.accept(completed(late))
            eventually("it is fulfilled", lambda: is_fulfilled(admin, late["id"]))
            for number, payment in enumerate((late["id"], late["payment_intent"])):
                self.assertEqual(confirm(ingress, api_key, payment, f"late-{number}").status, 200)
                event = admin.settled([f"api/default:late-{number}"]).popitem()[1]
                self.assertEqual(event["outcome"], "duplicate")
            for each in (early, late):
                self.assertEqual(len(fulfillments(admin, each["id"])), 1)
            self.assertEqual(admin.all("/v1/parked"), [])

    def test_an_external_app_is_told_whether_it_was_there_before_or_comes_later(self):
        with Standalone() as penstock:
            admin, ingress = penstock.admin, penstock.ingress
            api_key = make_key(admin, "payments:confirm")
            for registered_first in (True, False):
                slug = "shop" if registered_first else "later"
                bought = of_app(slug)
                event = completed(bought)
                if registered_first:
                    put_app(admin, slug)
                ingress.accept(event)
                applied = admin.settled([key(event)])[key(event)]
                self.assertEqual(applied["outcome"], "applied" if registered_first else "unroutable")
                if not registered_first:
                    self.assertIsNone(is_fulfilled(admin, bought["id"]))
                    self.assertEqual([a["kind"] for a in admin.all("/v1/alerts")], ["app_unknown"])
                    put_app(admin, slug)
                    self.assertEqual(confirm(ingress, api_key, bought["id"]).status, 200)
                eventually("it is fulfilled", lambda: is_fulfilled(admin, bought["id"]))
                (row,) = fulfillments(admin, bought["id"])
                self.assertEqual((row["app_slug"], row["action"], row["grants"]), (slug, "payment-succeeded", []))
                told = admin.event(row["event"])["outbound"]
                self.assertEqual([each["app"] for each in told if each["app"]], [slug])

    def test_wrong_keys_and_bodies_are_refused_and_leave_nothing(self):
        with Standalone() as penstock:
            admin, ingress = penstock.admin, penstock.ingress
            good, other = make_key(admin, "payments:confirm"), make_key(admin, "reports:write", "admin:read")
            self.assertEqual(confirm(ingress, other, "cs_1").status, 403)
            self.assertEqual(confirm(ingress, good[:-1] + ("0" if good[-1] != "0" else "1"), "cs_1").status, 401)
            self.assertEqual(ingress.request("POST", PATH, b'{"payment_id":"cs_1"}', JSON).status, 401)
            bad = confirm(ingress, good, "ch_1")
            self.assertEqual(bad.status, 400)
            self.assertIn("/payment_id", bad.json["error"]["fields"])
            self.assertEqual(admin.all("/v1/events"), [])
            key_id = good.split("_")[1]
            self.assertEqual(admin.request("DELETE", "/v1/api-keys/" + key_id).status, 204)
            self.assertEqual(confirm(ingress, good, "cs_1").status, 401)
            for api_key in (good, other):
                self.assertNotIn(api_key, "\n".join(penstock.program.output))

    def test_what_waits_outlives_a_kill(self):
        with Standalone(PENSTOCK_LOOKUP_SCHEDULE="1s,1s,1s") as penstock:
            api_key = make_key(penstock.admin, "payments:confirm")
            self.assertEqual(confirm(penstock.ingress, api_key, "cs_nowhere", "waits").status, 200)
            penstock.admin.settled(["api/default:waits"])
            penstock.kill()
            penstock.start()
            (letter,) = eventually("it is parked", lambda: penstock.admin.all("/v1/parked"))
            self.assertEqual((letter["key"], letter["attempts"]), ("api/default:waits", 4))


class SeparateProcesses(unittest.TestCase):
    def test_an_unknown_payment_is_parked_after_its_schedule(self):
        with Cluster(pools=("payments",), PENSTOCK_LOOKUP_SCHEDULE="200ms,1s") as cluster:
            admin = cluster.admin
            api_key = make_key(admin, "payments:confirm")
            other_org = make_key(admin, "payments:confirm", org="acme")
            unpaid = session(payment_status="unpaid", metadata={"app_slug": "courses", "course_id": "c1"})
            paid = of_app("courses", course_id="c1")
            cluster.ingress.accept(completed(unpaid))
            cluster.ingress.accept(completed(paid))
            eventually("they are known", lambda: is_fulfilled(admin, paid["id"])
                       and admin.state("/v1/payments/" + unpaid["id"]))
            cases = [(api_key, "default", "cs_test_nowhere", "payment_unknown"),
                     (api_key, "default", unpaid["id"], "payment_not_paid"),
                     (other_org, "acme", paid["id"], "payment_unknown")]
            for holder, org, payment, _ in cases:
                answer = eventually("the ingress knows the key", lambda: confirm(
                    cluster.ingress, holder, payment, "of-" + payment).status == 200)
            parked = eventually("all are parked", lambda: {
                row["key"]: row for row in admin.all("/v1/parked")} if len(admin.all("/v1/parked")) == 3 else None)
            for _, org, payment, reason in cases:
                row = parked[f"api/{org}:of-{payment}"]
                self.assertEqual((row["reason"], row["error_class"], row["attempts"]), (reason, reason, 3))
                self.assertIn(payment, row["message"])
                event = admin.event(row["key"])
                self.assertEqual((event["outcome"], event["entity"]), ("parked", payment))
                self.assertEqual(json.loads(event["body"]), {"payment_id": payment})
            self.assertEqual(len(fulfillments(admin, paid["id"])), 1)

    def test_a_worker_that_is_killed_while_one_waits_loses_nothing(self):
        with Cluster(pools=("payments",), PENSTOCK_LOOKUP_SCHEDULE="1s,1s,2s,5s,5s,5s,5s,5s,5s,5s,5s") as cluster:
            admin, ingress = cluster.admin, cluster.ingress
            put_app(admin, "shop")
            api_key = make_key(admin, "payments:confirm")
            bought = [of_app("shop") for _ in range(20)]
            for each in bought:
                eventually("the ingress knows the key", lambda: confirm(
                    ingress, api_key, each["id"], "of-" + each["id"]).status == 200)
            admin.settled(["api/default:of-" + each["id"] for each in bought])
            cluster.workers[-1].kill()
            for each in bought[:10]:
                ingress.accept(completed(each))
            cluster.start_worker("payments")
            cluster.start_worker("payments")
            time.sleep(1)
            cluster.workers[-1].kill()
            for each in bought[10:]:
                ingress.accept(completed(each))
                self.assertEqual(confirm(ingress, api_key, each["payment_intent"]).status, 200)
            for each in bought:
                eventually("it is fulfilled", lambda: is_fulfilled(admin, each["id"]), 60)
            cluster.wait_for_no_lag("payments")
            told = cluster.psql("select count(*), count(distinct data::json->>'id') from outbox where app = 'shop' "
                                "and type = 'payment.succeeded'", cluster.name)
            self.assertEqual(told, "20|20")
            eventually("nobody waits", lambda: cluster.psql(
                "select count(*) from awaited_payments where next_at is not null", cluster.name) == "0")
            self.assertEqual(admin.all("/v1/parked"), [])
            rows = [fulfillments(admin, each["id"]) for each in bought]
            self.assertEqual({len(of_one) for of_one in rows}, {1})


if __name__ == "__main__":
    unittest.main()
