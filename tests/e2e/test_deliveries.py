"""Outgoing webhooks, from an event that came in to the receiver that is told."""

import base64
import hashlib
import hmac
import json
import unittest

from harness.events import completed, deposit
from harness.http_client import eventually
from harness.programs import Cluster, Standalone
from harness.receiver import Receiver

JSON = {"Content-Type": "application/json"}


def x_signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(secret: str, received) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


class Deliveries(unittest.TestCase):
    def setUp(self):
        self.penstock = Standalone(PENSTOCK_ALLOW_HOSTS="127.0.0.1", PENSTOCK_OUTBOUND_SCHEDULE="1s,1s,1s")
        self.penstock.__enter__()
        self.addCleanup(self.penstock.__exit__, None, None, None)
        self.admin = self.penstock.admin

    def configure(self, receiver: Receiver, **members) -> dict:
        body = {"url": receiver.url, "event_types": ["wallet.credited"], **members}
        answer = self.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def deposit(self) -> dict:
        event = completed(deposit("u_1", 700))
        self.penstock.ingress.accept(event)
        return event

    def test_a_receiver_is_told_once_and_signed_for(self):
        with Receiver() as receiver:
            config = self.configure(receiver)
            self.deposit()
            told = eventually("the receiver is told", lambda: receiver.received and receiver.received[0])
            self.assertEqual(sorted(told.json), ["data", "id", "timestamp", "type"])
            self.assertEqual((told.json["type"], told.headers["content-type"]), ("wallet.credited", "application/json"))
            self.assertEqual(told.headers["webhook-id"], told.json["id"])
            self.assertEqual(told.headers["x-signature"], x_signature(config["secret"], told.body))
            self.assertEqual(told.headers["webhook-signature"], standard_signature(config["secret"], told))
            self.assertNotIn("x-signature-previous", told.headers)
            self.deposit()
            eventually("the second one", lambda: len(receiver.received) == 2)

    def test_what_is_not_taken_is_sent_again_under_the_same_id(self):
        with Receiver(500, 429, 302) as receiver:
            self.configure(receiver)
            self.deposit()
            eventually("it is taken", lambda: len(receiver.received) == 4)
            self.assertEqual(len({each.headers["webhook-id"] for each in receiver.received}), 1)
            self.assertEqual(len({each.body for each in receiver.received}), 1)

    def test_every_attempt_is_on_record_and_can_be_sent_again(self):
        with Receiver(500) as receiver:
            config = self.configure(receiver, id="main")
            self.deposit()
            logs = eventually("both attempts are logged", lambda: (
                found := self.admin.all("/webhooks/logs?config_id=main")) and len(found) == 2 and found)
            self.assertEqual([(log["attempt"], log["status_code"], log["status"]) for log in logs],
                             [(2, 200, "succeeded"), (1, 500, "pending")])
            self.assertEqual({log["request_body"] for log in logs}, {receiver.received[0].body.decode()})
            self.assertEqual(logs[0]["response_body"], "ok")
            self.assertEqual(logs[0]["request_headers"]["X-Signature"],
                             x_signature(config["secret"], receiver.received[0].body))
            for status, count in (("5xx", 1), ("500", 1), ("200", 1), ("succeeded", 1), ("failed", 0), ("pending", 1)):
                self.assertEqual(len(self.admin.all("/webhooks/logs?status=" + status)), count, status)
            self.assertEqual(self.admin.get("/webhooks/logs?status=oops").status, 400)
            self.assertEqual(self.admin.request("POST", f"/webhooks/logs/{logs[0]['id']}/resend", b"").status, 202)
            eventually("it comes again", lambda: len(receiver.received) == 3)
            self.assertEqual(len({each.headers["webhook-id"] for each in receiver.received}), 1)

    def test_what_is_refused_is_not_sent_again(self):
        with Receiver(404) as receiver:
            self.configure(receiver)
            self.deposit()
            eventually("it was sent", lambda: receiver.received)
            self.deposit()
            eventually("the next one was", lambda: len(receiver.received) == 2)
            self.assertEqual(len({each.headers["webhook-id"] for each in receiver.received}), 2)

    def test_a_new_secret_has_the_one_before_beside_it(self):
        with Receiver() as receiver:
            first = self.configure(receiver, id="main")
            second = "whsec_" + base64.b64encode(bytes(32)).decode()
            self.assertNotIn("secret", self.configure(receiver, id="main", secret=second))
            self.deposit()
            told = eventually("the receiver is told", lambda: receiver.received and receiver.received[0])
            self.assertEqual(told.headers["x-signature"], x_signature(second, told.body))
            self.assertEqual(told.headers["x-signature-previous"], x_signature(first["secret"], told.body))
            self.assertEqual(told.headers["webhook-signature"].split(" "),
                             [standard_signature(second, told), standard_signature(first["secret"], told)])


    def test_a_config_is_tested_at_once_whatever_comes_of_it(self):
        with Receiver() as receiver:
            config = self.configure(receiver, id="main", enabled=False)
            attempt = self.admin.request("POST", "/webhooks/configs/main/test", b"")
            self.assertEqual((attempt.status, attempt.json["status"], attempt.json["status_code"]), (200, "succeeded", 200))
            told = receiver.received[0]
            self.assertEqual((told.json["type"], told.body.decode()), ("webhook.test", attempt.json["request_body"]))
            self.assertEqual(told.headers["x-signature"], x_signature(config["secret"], told.body))
            self.assertEqual(self.admin.all("/webhooks/logs")[0]["id"], attempt.json["id"])
            self.assertGreater(attempt.json["timings_us"]["whole"], attempt.json["timings_us"]["first_byte"])
            self.configure(receiver, id="main", url="http://127.0.0.1:9/")
        attempt = self.admin.request("POST", "/webhooks/configs/main/test", b"")
        self.assertEqual((attempt.status, attempt.json["status"], attempt.json["error"]), (200, "failed", "connect_failed"))
        self.assertEqual(self.admin.request("POST", "/webhooks/configs/other/test", b"").status, 404)
        self.assertEqual(self.admin.get("/v1/feed").json["data"], [])

    def test_a_receiver_that_is_gone_disables_its_config(self):
        with Receiver(410) as receiver:
            self.configure(receiver, id="main")
            self.deposit()
            eventually("the config is disabled",
                       lambda: not self.admin.get("/webhooks/configs/main").json["enabled"])
            alert = eventually("it is said", lambda: self.admin.all("/v1/alerts?kind=endpoint_gone"))[0]
            self.assertEqual(alert["subject"], "config/default/main")
            self.assertIn(("deliveries", "disable"), [(row["who"], row["action"]) for row in self.admin.all("/v1/audit")])
            self.configure(receiver, id="main")
            self.deposit()
            eventually("and enabled again it is told", lambda: len(receiver.received) == 2)

    def test_what_has_failed_for_good_is_recovered(self):
        with Receiver(400, 400, 400) as receiver:
            self.configure(receiver, id="main")
            for _ in range(3):
                self.deposit()
            eventually("all have failed", lambda: len(self.admin.all("/webhooks/logs?status=failed")) == 3)
            self.assertEqual(len(self.admin.all("/v1/alerts?kind=deliveries_failed")), 1)
            body = json.dumps({"since": "2020-01-01T00:00:00Z"}).encode()
            answer = self.admin.request("POST", "/webhooks/configs/main/recover", body, JSON)
            self.assertEqual((answer.status, answer.json), (202, {"queued": 3, "more": False}))
            eventually("all are told", lambda: len(receiver.received) == 6)
            self.assertEqual(len({each.headers["webhook-id"] for each in receiver.received}), 3)

    def test_the_feed_tells_what_a_delivery_does(self):
        with Receiver() as receiver:
            self.configure(receiver)
            after = self.admin.get("/v1/feed").json["next_after"]
            self.deposit()
            told = eventually("the receiver is told", lambda: receiver.received and receiver.received[0])
            feed = self.admin.get(f"/v1/feed?types=wallet.*&wait=30s&after={after}").json
            self.assertEqual(feed["data"], [told.json])
            again = self.admin.get(f"/v1/feed?wait=100ms&types=wallet.*&after={feed['next_after']}").json
            self.assertEqual(again["data"], [])


class DeliveriesOfWorkers(unittest.TestCase):
    """Several workers share the endpoints, and one that is killed loses nothing."""

    def test_workers_are_killed_and_every_event_is_told(self):
        with Receiver() as receiver, Cluster(
                pools=("payments",), PENSTOCK_ALLOW_HOSTS="127.0.0.1", PENSTOCK_OUTBOUND_SCHEDULE="1s,1s,1s") as cluster:
            body = {"id": "main", "url": receiver.url, "event_types": ["wallet.credited"]}
            answer = cluster.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON)
            self.assertEqual(answer.status, 200, answer)
            workers = [cluster.start_worker("deliveries") for _ in range(2)]
            for number in range(60):
                cluster.ingress.accept(completed(deposit(f"u_{number}", 700)))
                if number == 30:
                    eventually("some are told", lambda: receiver.received)
                    workers[0].kill()
            eventually("all are told", lambda: len({each.json["id"] for each in receiver.received}) == 60, 60)
            pool = eventually("the pool is shown", lambda: [
                each for each in cluster.admin.get("/v1/pools").json["data"] if each["name"] == "deliveries"])[0]
            self.assertIn(pool["state"], ("idle", "running"))

    def test_a_worker_disables_the_config_of_a_receiver_that_is_gone(self):
        with Receiver(410) as receiver, Cluster(
                pools=("payments", "deliveries"), PENSTOCK_ALLOW_HOSTS="127.0.0.1") as cluster:
            body = {"id": "main", "url": receiver.url, "event_types": ["wallet.credited"]}
            answer = cluster.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON)
            self.assertEqual(answer.status, 200, answer)
            cluster.ingress.accept(completed(deposit("u_1", 700)))
            eventually("the config is disabled",
                       lambda: not cluster.admin.get("/webhooks/configs/main").json["enabled"])
            self.assertEqual(cluster.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON).status, 200)
            cluster.ingress.accept(completed(deposit("u_2", 700)))
            eventually("and enabled again it is told", lambda: len(receiver.received) == 2)


if __name__ == "__main__":
    unittest.main()
