"""Connectors from the wire to runs and their end, whatever dies or starts again on the way."""

import json
import os
import secrets
import unittest

from harness.events import event, unique
from harness.http_client import Admin, Answer, Http, Ingress, eventually
from harness.programs import Cluster, Standalone
from harness.signing import stripe_signature, wire
from test_topics import kafka_tool

ORG = "acme"
WHSEC = "whsec_connector_" + secrets.token_hex(12)
URL_SECRET = "url-secret-" + secrets.token_hex(12)
WAIT_AND_EMIT = [{"emit": {"type": "action.remind"}},
                 {"wait": {"event_type": "invoice.paid", "match": "/data/object/customer", "timeout_s": 3600}},
                 {"emit": {"type": "action.thank"}}]


def put(admin: Admin, path: str, body: dict) -> dict:
    answer = admin.request("PUT", f"/v1/orgs/{ORG}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert answer.status == 200, answer
    return answer.json


def configure(admin: Admin, steps: list, event_types: list, workflow: str = "dunning", **connector):
    put(admin, "/connectors/stripe", {"kind": "platform", "signing_secrets": [WHSEC], **connector})
    put(admin, f"/workflows/{workflow}", {"event_types": event_types, "steps": steps})


def invoice(type_: str, customer: str) -> dict:
    return event(type_, {"id": unique("in"), "object": "invoice", "customer": customer})


def post(ingress: Ingress, ev: dict, secret: str = WHSEC, query: str = "", org: str = ORG) -> Answer:
    raw = wire(ev)
    return ingress.request("POST", f"/v1/orgs/{org}/integrations/stripe{query}", raw,
                           {"Content-Type": "application/json", "Stripe-Signature": stripe_signature(secret, raw)})


def decided(ingress: Ingress, ev: dict) -> tuple[str, list[str]]:
    answer = post(ingress, ev)
    assert answer.status == 200, answer
    assert answer.json["eventId"] == ev["id"], answer
    return answer.json["action"], answer.json["runIds"]


def run(admin: Admin, id_: str) -> dict | None:
    return admin.state(f"/v1/orgs/{ORG}/runs/{id_}")


def has_status(admin: Admin, id_: str, status: str):
    return eventually(f"the run is {status}", lambda: (found := run(admin, id_)) and found["status"] == status and found)


def resume(ingress: Ingress, customer: str) -> tuple[dict, list[str]]:
    """The event that an ingress first knows to resume a run of the customer's, and the ids that it is answered with."""
    def known():
        ev = invoice("invoice.paid", customer)
        action, runs = decided(ingress, ev)
        return (ev, runs) if action == "resumed" else None

    return eventually("the wait is known", known)


def knows_workflow(cluster: Cluster):
    eventually("the connector is known", lambda: post(cluster.ingress, invoice("invoice.payment_failed", "cus_probe")).status == 200)
    eventually("the workflow is known", lambda: decided(
        cluster.ingress, invoice("invoice.payment_failed", "cus_probe"))[0] == "triggered")


def runs_known(cluster: Cluster) -> int:
    """How many waiting runs the ingress knows."""
    metrics = Http(cluster.ingress_program.address("metrics"))
    text = metrics.get("/metrics").body.decode()
    metrics.close()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("penstock_waiting_runs "))


class Connectors(unittest.TestCase):
    def test_runs_are_triggered_resumed_and_told_of(self):
        with Standalone() as penstock:
            configure(penstock.admin, WAIT_AND_EMIT, ["invoice.payment_failed"])
            first = invoice("invoice.payment_failed", "cus_1")
            action, runs = decided(penstock.ingress, first)
            self.assertEqual((action, len(runs)), ("triggered", 1))
            waiting = has_status(penstock.admin, runs[0], "waiting")
            self.assertEqual(waiting["event"], f"org/{ORG}:{first['id']}")
            self.assertEqual([step["status"] for step in waiting["steps"]], ["completed", "waiting", "pending"])
            self.assertEqual(waiting["waiting_for"]["event_type"], "invoice.paid")

            second, resumed = resume(penstock.ingress, "cus_1")
            self.assertEqual(resumed, runs)
            completed = has_status(penstock.admin, runs[0], "completed")
            self.assertEqual(completed["resumed_by"], f"org/{ORG}:{second['id']}")
            self.assertEqual(completed["updated_by"], f"org/{ORG}:{second['id']}")
            told = penstock.admin.event(f"org/{ORG}:{second['id']}")
            self.assertEqual(sorted(each["type"] for each in told["outbound"]), ["action.thank", "run.completed"])
            self.assertEqual(told["touched"], [{"resource": "runs", "id": runs[0]}])

            other = invoice("invoice.paid", "cus_2")
            answer = post(penstock.ingress, other)
            self.assertEqual(answer.json, {"action": "skipped", "eventId": other["id"], "reason": "no_subscriber", "runIds": []})
            eventually("it is ignored", lambda: penstock.admin.event(f"org/{ORG}:{other['id']}"))
            self.assertEqual(penstock.admin.event(f"org/{ORG}:{other['id']}")["reason"], "no_subscriber")

    def test_each_delivery_is_answered_alike_also_after_a_restart(self):
        with Standalone() as penstock:
            configure(penstock.admin, WAIT_AND_EMIT, ["invoice.payment_failed"])
            put(penstock.admin, "/workflows/ledger", {"event_types": ["invoice.*"], "steps": [{"emit": {"type": "action.book"}}]})
            first = invoice("invoice.payment_failed", "cus_1")
            answers = {first["id"]: decided(penstock.ingress, first)}
            second, _ = resume(penstock.ingress, "cus_1")
            answers[second["id"]] = decided(penstock.ingress, second)
            self.assertEqual(answers[second["id"]][0], "resumed")
            self.assertEqual(len(answers[second["id"]][1]), 2)
            for _ in range(3):
                for ev in (first, second):
                    self.assertEqual(decided(penstock.ingress, ev), answers[ev["id"]])
            has_status(penstock.admin, answers[first["id"]][1][0], "completed")
            for ev in (first, second):
                self.assertEqual(decided(penstock.ingress, ev), answers[ev["id"]], "after it was carried out")
            eventually("the ingress knows that the wait is over", lambda: decided(
                penstock.ingress, invoice("invoice.paid", "cus_1"))[0] == "triggered")
            before = penstock.admin.all(f"/v1/orgs/{ORG}/runs")
            penstock.kill()
            penstock.start()
            eventually("it is ready", lambda: penstock.ingress.get("/readyz").status == 200)
            for ev in (first, second):
                self.assertEqual(decided(penstock.ingress, ev), answers[ev["id"]], "after a restart")
            self.assertEqual(decided(penstock.ingress, invoice("invoice.paid", "cus_1"))[0], "triggered", "it was satisfied once")
            penstock.admin.settled([f"org/{ORG}:{ev['id']}" for ev in (first, second)])
            after = {each["id"]: each for each in penstock.admin.all(f"/v1/orgs/{ORG}/runs")}
            for each in before:
                self.assertEqual(after[each["id"]], each)

    def test_a_wait_times_out(self):
        with Standalone() as penstock:
            steps = [{"wait": {"event_type": "invoice.paid", "match": "/data/object/customer", "timeout_s": 1}},
                     {"emit": {"type": "action.thank"}}]
            configure(penstock.admin, steps, ["invoice.payment_failed"])
            _, runs = decided(penstock.ingress, invoice("invoice.payment_failed", "cus_1"))
            timed_out = has_status(penstock.admin, runs[0], "timed_out")
            self.assertEqual([step["status"] for step in timed_out["steps"]], ["timed_out", "pending"])
            self.assertEqual(decided(penstock.ingress, invoice("invoice.paid", "cus_1")), ("skipped", []))
            self.assertEqual(run(penstock.admin, runs[0])["status"], "timed_out")

    def test_who_is_not_let_in_leaves_nothing_behind_and_no_secret_is_logged(self):
        with Standalone() as penstock:
            configure(penstock.admin, WAIT_AND_EMIT, ["*"], url_secret=URL_SECRET)
            ev = invoice("invoice.paid", "cus_1")
            refusals = [post(penstock.ingress, ev, "whsec_wrong"), post(penstock.ingress, ev, org="nobody"),
                        post(penstock.ingress, ev, query="?secret="), post(penstock.ingress, ev, query=f"?secret={URL_SECRET}x"),
                        post(penstock.ingress, ev, "whsec_wrong", f"?secret={URL_SECRET}")]
            for answer in refusals:
                self.assertEqual((answer.status, answer.json["error"]["type"]), (401, "signature_invalid"), answer)
            self.assertEqual(len({answer.json["error"]["message"] for answer in refusals}), 1)
            self.assertEqual(penstock.admin.all("/v1/events"), [])
            self.assertEqual(post(penstock.ingress, ev, query=f"?secret={URL_SECRET}").json["action"], "triggered")
            self.assertEqual(post(penstock.ingress, ev).json["action"], "triggered")
            penstock.ingress.request("GET", f"/v1/orgs/{ORG}/integrations/stripe?secret={URL_SECRET}")
            metrics = penstock.admin.get("/metrics").body.decode()
            self.assertRegex(metrics, r'penstock_ingress_refused_total\{door="connectors",reason="url_secret"\} 2')
            penstock.program.terminate()
            said = "\n".join(penstock.program.output) + metrics
            for secret in (URL_SECRET, WHSEC):
                self.assertNotIn(secret, said)
            penstock.close()
            penstock.start()

    def test_runs_go_on_while_workers_and_the_ingress_are_killed(self):
        customers = [f"cus_{n}" for n in range(20)]
        with Cluster(pools=("connectors",)) as cluster:
            configure(cluster.admin, WAIT_AND_EMIT, ["invoice.payment_failed"])
            knows_workflow(cluster)
            answers: dict[str, tuple] = {}
            started: dict[str, str] = {}
            for n, customer in enumerate(customers):
                ev = invoice("invoice.payment_failed", customer)
                answers[ev["id"]] = (ev, decided(cluster.ingress, ev))
                started[customer] = answers[ev["id"]][1][1][0]
                if n % 7 == 3:
                    cluster.workers[-1].kill()
                    cluster.start_worker("connectors")
            for customer in customers:
                has_status(cluster.admin, started[customer], "waiting")
            resumers = {}
            for n, customer in enumerate(customers):
                ev, runs = resume(cluster.ingress, customer)
                self.assertEqual(runs, [started[customer]])
                resumers[customer] = ev
                answers[ev["id"]] = (ev, ("resumed", runs))
                if n % 7 == 3:
                    cluster.workers[-1].kill()
                    cluster.start_worker("connectors")
                if n % 7 == 5:
                    cluster.ingress.close()
                    cluster.ingress_program.kill()
                    cluster.start_ingress()
            for customer in customers:
                done = has_status(cluster.admin, started[customer], "completed")
                self.assertEqual(done["resumed_by"], f"org/{ORG}:{resumers[customer]['id']}")
            for ev, answer in answers.values():
                self.assertEqual(decided(cluster.ingress, ev), answer, "as at first")
            thanked = cluster.psql("select count(*), count(distinct id) from outbox where type = 'action.thank'", cluster.name)
            self.assertEqual(thanked, f"{len(customers)}|{len(customers)}")
            self.assertEqual(cluster.admin.all("/v1/parked"), [])

    def test_more_runs_than_one_event_resumes_wait_for_it(self):
        """Two workers publish, the ingress dies between the deliveries, and the workflow is gone meanwhile."""
        with Cluster(pools=("connectors", "connectors")) as cluster:
            configure(cluster.admin, WAIT_AND_EMIT, ["invoice.payment_failed"])
            knows_workflow(cluster)
            before = len(cluster.admin.all(f"/v1/orgs/{ORG}/runs"))
            started = {decided(cluster.ingress, invoice("invoice.payment_failed", "cus_many"))[1][0] for _ in range(300)}
            self.assertEqual(len(started), 300)
            answer = cluster.admin.request("DELETE", f"/v1/orgs/{ORG}/workflows/dunning")
            self.assertEqual(answer.status, 204, answer)
            eventually("the ingress knows them all", lambda: runs_known(cluster) >= 300 + before)

            first = invoice("invoice.paid", "cus_many")
            action, resumed = decided(cluster.ingress, first)
            self.assertEqual((action, len(resumed)), ("resumed", 256))
            cluster.ingress.close()
            cluster.ingress_program.kill()
            cluster.start_ingress()
            self.assertEqual(decided(cluster.ingress, first), ("resumed", resumed), "as at first")
            eventually("these go on", lambda: len(cluster.admin.all(f"/v1/orgs/{ORG}/runs?status=completed")) == 256)

            others: set[str] = set()

            def all_resumed() -> bool:
                others.update(decided(cluster.ingress, invoice("invoice.paid", "cus_many"))[1])
                return others | set(resumed) == started

            eventually("the others are resumed", all_resumed)
            eventually("they go on, too", lambda: len(cluster.admin.all(f"/v1/orgs/{ORG}/runs?status=completed")) == 300)
            thanked = cluster.psql("select count(*), count(distinct id) from outbox where type = 'action.thank'", cluster.name)
            self.assertEqual(thanked, "300|300")
            self.assertEqual(cluster.admin.all("/v1/parked"), [])

    def test_what_waits_is_told_again_where_the_topic_was_made_anew(self):
        with Cluster(pools=("connectors",)) as cluster:
            configure(cluster.admin, WAIT_AND_EMIT, ["invoice.payment_failed"])
            knows_workflow(cluster)
            _, runs = decided(cluster.ingress, invoice("invoice.payment_failed", "cus_1"))
            eventually("the ingress knows it", lambda: runs_known(cluster) == len(cluster.admin.all(f"/v1/orgs/{ORG}/runs")))
            topic, brokers = cluster.name + ".waits", os.environ["PENSTOCK_TEST_KAFKA"]
            kafka_tool("org.apache.kafka.tools.TopicCommand", brokers, "--delete", "--topic", topic)
            eventually("the topic is gone", lambda: topic not in kafka_tool(
                "org.apache.kafka.tools.TopicCommand", brokers, "--list").split())
            cluster.migrate()
            cluster.ingress.close()
            cluster.ingress_program.kill()
            cluster.start_ingress()
            event, resumed = resume(cluster.ingress, "cus_1")
            self.assertEqual(resumed, runs)
            self.assertEqual(has_status(cluster.admin, runs[0], "completed")["resumed_by"], f"org/{ORG}:{event['id']}")
            eventually("a worker says so", lambda: cluster.workers[0].logged(
                "the topic of waits lacks runs or tells otherwise of them, they are told again"))


if __name__ == "__main__":
    unittest.main()
