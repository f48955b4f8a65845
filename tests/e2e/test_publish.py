"""Events that orgs publish, from the wire to the receivers of the org."""

import concurrent.futures
import json
import unittest

from harness.events import unique
from harness.http_client import Admin, Answer, Ingress, eventually
from harness.programs import Cluster, Standalone
from harness.receiver import Receiver

JSON = {"Content-Type": "application/json"}
SCHEDULE = {"PENSTOCK_ALLOW_HOSTS": "127.0.0.1", "PENSTOCK_OUTBOUND_SCHEDULE": "1s,1s,1s"}


def make_key(admin: Admin, *scopes: str, org: str = "default") -> str:
    body = json.dumps({"name": "publisher", "scopes": scopes or ["events:publish"], "org": org}).encode()
    answer = admin.request("POST", "/v1/api-keys", body, JSON)
    assert answer.status == 201, answer
    return answer.json["key"]


def configure(admin: Admin, receiver: Receiver, org: str = "default", *patterns: str):
    body = json.dumps({"id": "main", "url": receiver.url, "event_types": patterns or ["reward.*"]}).encode()
    answer = admin.request("PUT", "/webhooks/configs?org=" + org, body, JSON)
    assert answer.status == 200, answer


def publish(ingress: Ingress, api_key: str, body: dict | bytes, **headers) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ingress.request("POST", "/v1/events", data, {**JSON, "X-API-Key": api_key, **headers})


def reward(**members) -> dict:
    return {"type": "reward.claimed", "data": {"points": 5}, **members}


class FromTheWireToTheReceivers:
    """What holds in one process and in several."""

    def accepted(self, api_key: str, body: dict | bytes, **headers) -> str:
        answer = publish(self.penstock.ingress, api_key, body, **headers)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((sorted(answer.json), answer.json["received"]), (["id", "received"], True))
        return answer.json["id"]

    def told(self, receiver: Receiver, number: int = 0):
        return eventually("the receiver is told", lambda: len(receiver.received) > number and receiver.received[number])

    def test_an_event_is_told_once_under_its_id_and_time(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            event = reward(id=unique("claim:A.b-"), timestamp="2025-03-01T12:00:00.123456+02:00")
            for body in (event, event, {**event, "data": {}, "timestamp": "2020-01-31T00:00:00Z"}):
                self.assertEqual(self.accepted(self.key, body), event["id"])
            self.accepted(self.key, reward(id="last"))
            last = eventually("the next one is told", lambda: [
                each for each in receiver.received if each.json["id"] == "last"])
            self.assertEqual(len(last), 1)
            eventually("every post is counted", lambda: self.admin.event(
                f"events/default:{event['id']}")["deliveries"] == 3)
            told, = (each for each in receiver.received if each.json["id"] != "last")
            self.assertEqual(told.headers["webhook-id"], event["id"])
            self.assertEqual(told.json, {"id": event["id"], "type": "reward.claimed", "data": {"points": 5},
                                         "timestamp": "2025-03-01T10:00:00.123Z"})
            stored = self.admin.event(f"events/default:{event['id']}")
            self.assertEqual([stored[name] for name in ("type", "source", "topic", "outcome")],
                             ["reward.claimed", "events/default", "outbound", "applied"])
            self.assertEqual(stored["outbound"], [{"id": event["id"], "type": "reward.claimed", "app": None}])
            self.assertEqual(self.admin.all("/v1/parked"), [])

    def test_without_an_id_and_a_time_each_has_its_own(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            ids = [self.accepted(self.key, reward()) for _ in range(2)]
            self.assertEqual(len({*ids}), 2)
            eventually("both are told", lambda: {each.json["id"] for each in receiver.received} == {*ids})
            for told in receiver.received:
                received_at = self.admin.event("events/default:" + told.json["id"])["received_at"]
                self.assertEqual(told.json["timestamp"], received_at)

    def test_any_time_that_can_be_spelled_is_told(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            times = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"]
            for number, at in enumerate(times):
                self.accepted(self.key, reward(id=f"n-{number}", timestamp=at))
            eventually("all are told", lambda: sorted(
                each.json["timestamp"] for each in receiver.received if each.json["id"].startswith("n-")) == times)

    def test_what_is_published_arrives_as_it_was_sent(self):
        data = (b'{"z": 9007199254740993, "a": 123456789012345678901234567890,\n'
                b' "x": [1.10, -0, 1e300, 0.1e-7], "deep": ' + b"[" * 60 + b"]" * 60 + b','
                b' "t": "\\u00fc \xc3\xbc \\/ \\ud83d\\ude00", "": {}, "id": "other", "type": "user.deleted"}')
        with Receiver() as receiver:
            configure(self.admin, receiver)
            forged = {name: "forged" for name in ("ce_id", "ce_type", "ce_source", "ce_time", "ps_org", "webhook-id")}
            event_id = self.accepted(self.key, b'{"\\u0064ata":' + data + b',"type":"reward.claimed"}', **forged)
            told = self.told(receiver)
            self.assertIn(b'"data":' + data + b"}", told.body)
            self.assertEqual((told.json["id"], told.json["type"], told.headers["webhook-id"]),
                             (event_id, "reward.claimed", event_id))
            self.assertEqual(self.admin.event("events/default:" + event_id)["source"], "events/default")

    def test_of_two_orgs_the_same_id_is_two_events(self):
        with Receiver() as one, Receiver() as other:
            receivers = {"org-1": one, "org-2": other}
            for org, receiver in receivers.items():
                configure(self.admin, receiver, org)
            for org in receivers:
                key = make_key(self.admin, org=org)
                self.knows(key)
                self.accepted(key, reward(id="same", data={"of": org}))
            for org, receiver in receivers.items():
                told = self.told(receiver)
                self.assertEqual((told.json["id"], told.json["data"]), ("same", {"of": org}))
                self.assertEqual(len(receiver.received), 1)

    def knows(self, key: str):
        eventually("the ingress knows the key", lambda: publish(self.penstock.ingress, key, {}).status == 400)


class InOneProcess(FromTheWireToTheReceivers, unittest.TestCase):
    def setUp(self):
        self.penstock = Standalone(**SCHEDULE)
        self.penstock.__enter__()
        self.addCleanup(self.penstock.__exit__, None, None, None)
        self.admin = self.penstock.admin
        self.key = make_key(self.admin)

    def refused(self, body: dict | bytes) -> list[str]:
        answer = publish(self.penstock.ingress, self.key, body)
        self.assertEqual(answer.status, 400, f"{str(body)[:200]}: {answer}")
        return sorted(answer.json["error"]["fields"])

    def test_each_field_that_is_wrong_is_named(self):
        self.assertEqual(self.refused({}), ["/data", "/type"])
        for body in (b"", b"no JSON", b"[]", b"null"):
            self.assertEqual(self.refused(body), ["", "/data", "/type"])
        for type_ in (None, 7, "", "reward", "reward.", ".claimed", "reward..x", "Reward.claimed", "reward.clai-med",
                      "payment.succeeded", "alert.raised", "rewards.claimed", "reward.ü", "reward." + "x" * 122):
            self.assertEqual(self.refused(reward(type=type_)), ["/type"], type_)
        for data in (None, [], "{}", 7, True):
            self.assertEqual(self.refused(reward(data=data)), ["/data"], data)
        for id_ in ("", "x" * 129, "a b", "a/b", "ü", "a\n", 7, {}):
            self.assertEqual(self.refused(reward(id=id_)), ["/id"], id_)
        for at in ("", "soon", "2025-03-01", "2025-03-01T12:00:00", 1740823200, "2025-02-30T00:00:00Z"):
            self.assertEqual(self.refused(reward(timestamp=at)), ["/timestamp"], at)
        self.assertEqual(self.refused(reward(org="acme", id="a b")), ["/id", "/org"])
        self.assertEqual(self.admin.all("/v1/events"), [])

    def test_what_no_receiver_could_read_is_refused(self):
        def with_data(data: bytes) -> bytes:
            return b'{"type":"reward.claimed","data":' + data + b"}"
        for data in (b'{"a":1,"a":2}', b'{"x":{"a":1,"\\u0061":2}}', b'{"a":"\\u0000"}', b'{"a":"\x00"}', b'{"a":"\xff"}',
                     b'{"a":"\\ud800"}', b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", b'{"a":' * 50_000, b"[" * 260_000,
                     b'{"a":[' + b"0," * 100_000 + b"0]}", b'{"a":NaN}', b'{"a":01}', b'{"a":1e400}', b'{"a":1}}'):
            self.assertIn("", self.refused(with_data(data)), data[:40])
        self.assertIn("", self.refused(b'{"type":"reward.claimed","data":{},"data":{}}'))
        self.assertIn("", self.refused(b'{"type":"reward.claimed","data":{},"\\u0064ata":{}}'))
        self.assertEqual(self.admin.all("/v1/events"), [])

    def test_data_is_of_256_kib_at_most(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            kib_256 = 256 * 1024

            def of(size: int, around: bytes = b"") -> bytes:
                text = b'{"t":"' + b"x" * (size - 8) + b'"}'
                return b'{"type":"reward.claimed","data":' + text + around + b"}"
            self.accepted(self.key, of(kib_256, b" " * 4000))
            self.assertEqual(len(self.told(receiver).json["data"]["t"]), kib_256 - 8)
            for body in (of(kib_256 + 1), of(kib_256, b" " * 5000), of(600 * 1024)):
                answer = publish(self.penstock.ingress, self.key, body)
                self.assertEqual((answer.status, answer.json["error"]["type"]), (413, "body_too_large"))
            self.assertEqual(len(self.admin.all("/v1/events")), 1)

    def test_whoever_may_not_publish_is_turned_away(self):
        others = make_key(self.admin, "payments:confirm", "reports:write", "webhooks:manage", "admin:read")
        self.assertEqual(publish(self.penstock.ingress, others, reward()).status, 403)
        self.assertEqual(publish(self.penstock.ingress, "pk_x", reward()).status, 401)
        body = json.dumps(reward()).encode()
        self.assertEqual(self.penstock.ingress.request("POST", "/v1/events", body, JSON).status, 401)
        form = publish(self.penstock.ingress, self.key, b"a=b", **{"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(form.status, 415)
        self.assertEqual(self.admin.request("DELETE", "/v1/api-keys/" + self.key.split("_")[1]).status, 204)
        self.assertEqual(publish(self.penstock.ingress, self.key, reward()).status, 401)
        self.assertEqual(self.admin.all("/v1/events"), [])
        for key in (others, self.key):
            self.assertNotIn(key, "\n".join(self.penstock.program.output))

    def test_an_id_is_its_own_beside_those_of_confirmations(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            confirming = make_key(self.admin, "payments:confirm")
            answer = self.penstock.ingress.request("POST", "/v1/webhook/payment-succeeded", b'{"payment_id":"cs_1"}', {
                **JSON, "X-API-Key": confirming, "Idempotency-Key": "same"})
            self.assertEqual(answer.status, 200, answer)
            self.accepted(self.key, reward(id="same"))
            self.assertEqual(self.told(receiver).json["id"], "same")

    def test_what_was_answered_is_told_after_a_kill_and_once(self):
        with Receiver() as receiver:
            configure(self.admin, receiver)
            ids = [self.accepted(self.key, reward(id=f"n-{number}")) for number in range(50)]
            self.penstock.kill()
            self.penstock.start()
            self.admin = self.penstock.admin
            self.knows(self.key)
            for id_ in ids:
                self.accepted(self.key, reward(id=id_))
            # Its lease of the endpoint outlives the process, by half a minute.
            eventually("all are told", lambda: {each.json["id"] for each in receiver.received} == {*ids}, 90)
            eventually("every post is counted", lambda: all(
                self.admin.event("events/default:" + id_)["deliveries"] == 2 for id_ in ids))
            eventually("each was taken once", lambda: len(self.admin.all("/webhooks/logs?status=succeeded")) == len(ids))


class InSeveralProcesses(FromTheWireToTheReceivers, unittest.TestCase):
    def setUp(self):
        self.penstock = Cluster(pools=("outbound", "deliveries"), **SCHEDULE)
        self.penstock.__enter__()
        self.addCleanup(self.penstock.__exit__, None, None, None)
        self.admin = self.penstock.admin
        self.key = make_key(self.admin)
        self.knows(self.key)

    def test_of_many_at_once_one_is_told_though_a_worker_is_killed(self):
        ids = [unique("claim") for _ in range(20)]
        posts = [(id_, number) for number in range(8) for id_ in ids]
        with Receiver() as receiver, concurrent.futures.ThreadPoolExecutor(8) as clients:
            configure(self.admin, receiver)
            doomed = self.penstock.start_worker("outbound")
            eventually("it has partitions", lambda: doomed.logged("partitions given"))

            def post(id_: str, number: int) -> int:
                http = Ingress(self.penstock.ingress.address, "")
                try:
                    return publish(http, self.key, reward(id=id_, data={"number": number})).status
                finally:
                    http.close()
            half = len(posts) // 2
            self.assertEqual({*clients.map(lambda each: post(*each), posts[:half])}, {200})
            doomed.kill()
            self.assertEqual({*clients.map(lambda each: post(*each), posts[half:])}, {200})
            eventually("every post is counted", lambda: all(
                (event := self.admin.event("events/default:" + id_)) and event["deliveries"] == 8 for id_ in ids), 60)
            eventually("all are told", lambda: {each.json["id"] for each in receiver.received} == {*ids}, 60)
            self.assertEqual(len({each.body for each in receiver.received}), len(ids))
            told = self.penstock.psql("select count(*) from outbox", self.penstock.name)
            self.assertEqual(int(told), len(ids))


if __name__ == "__main__":
    unittest.main()
