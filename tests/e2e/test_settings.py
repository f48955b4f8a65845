"""Settings that are changed over the admin API reach every program, and hold while the log is away."""

import hashlib
import hmac
import json
import os
import subprocess
import tempfile
import time
import unittest

from harness.events import unique
from harness.http_client import Answer, Ingress, eventually
from harness.programs import SECRET, Cluster, Program, Standalone, free_port
from test_topics import kafka_tool


def partner_event(**members) -> bytes:
    return json.dumps({"id": unique("e"), "type": "user.created", "data": {"id": unique("u")}, **members}).encode()


def post(ingress: Ingress, partner: str, body: bytes, secret: str) -> Answer:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return ingress.request("POST", "/v1/webhooks/partners/" + partner, body,
                           {"Content-Type": "application/json", "X-Signature": signature})


def put_partner(admin, name: str, *secrets: str, **members) -> Answer:
    body = json.dumps({"scheme": "x-signature", "secrets": secrets, **members}).encode()
    return admin.request("PUT", "/v1/partners/" + name, body, {"Content-Type": "application/json"})


class OneProcess(unittest.TestCase):
    def test_a_change_holds_before_it_is_answered_and_after_a_kill(self):
        with Standalone() as penstock:
            for secret in ("the first secret of three", "the second secret of three", "the third secret of three"):
                answer = put_partner(penstock.admin, "acme", secret)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(post(penstock.ingress, "acme", partner_event(), secret).status, 200)
            self.assertEqual(post(penstock.ingress, "acme", partner_event(), "the second secret of three").status, 401)
            penstock.kill()
            penstock.start()
            eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
            self.assertEqual(post(penstock.ingress, "acme", partner_event(), "the third secret of three").status, 200)
            body = partner_event()
            self.assertEqual(post(penstock.ingress, "acme", body, "the third secret of three").status, 200)
            event = penstock.admin.settled([f"partner/acme:{json.loads(body)['id']}"])
            self.assertEqual(len(event), 1)
            deleted = penstock.admin.request("DELETE", "/v1/partners/acme")
            self.assertEqual(deleted.status, 204)
            self.assertEqual(post(penstock.ingress, "acme", partner_event(), "the third secret of three").status, 404)
            audit = penstock.admin.all("/v1/audit")
            self.assertEqual([row["action"] for row in audit], ["delete", "put", "put", "put"])
            self.assertNotIn("of three", json.dumps(audit))


class SeparateProcesses(unittest.TestCase):
    def test_an_ingress_applies_a_change_within_a_second(self):
        with Cluster(pools=()) as cluster:
            for round_number in range(5):
                secret = f"the secret of round {round_number}"
                self.assertEqual(put_partner(cluster.admin, "acme", secret).status, 200)
                answered = time.monotonic()
                eventually("the change holds", lambda: post(cluster.ingress, "acme", partner_event(), secret).status == 200, 10)
                self.assertLess(time.monotonic() - answered, 1.0)

    def test_an_ingress_starts_from_its_copy_while_kafka_is_away(self):
        with tempfile.TemporaryDirectory() as folder, Cluster(pools=(), PENSTOCK_DATA_DIR=folder) as cluster:
            self.assertEqual(put_partner(cluster.admin, "acme", "the secret of a partner").status, 200)
            eventually("the change holds", lambda: post(cluster.ingress, "acme", partner_event(), "the secret of a partner").status == 200)
            eventually("a copy", lambda: os.path.exists(folder + "/settings.copy"))
            self.assertEqual(cluster.ingress_program.terminate(), 0)
            away = {**cluster.environment, "PENSTOCK_LOG": f"kafka://127.0.0.1:{free_port()}"}
            with Program("penstock-ingress", [], away) as restarted:
                ingress = Ingress(restarted.address("ingress"), SECRET)
                self.assertEqual(post(ingress, "acme", partner_event(), "wrong").status, 401)
                self.assertEqual(post(ingress, "nobody", partner_event(), "wrong").status, 404)
                genuine = post(ingress, "acme", partner_event(), "the secret of a partner")
                self.assertEqual((genuine.status, genuine.json["error"]["type"]), (503, "log_unavailable"))
                ingress.close()
            self.spoil(folder + "/settings.copy")
            with Program("penstock-ingress", [], away) as restarted:
                ingress = Ingress(restarted.address("ingress"), SECRET)
                answer = post(ingress, "acme", partner_event(), "wrong")
                self.assertEqual((answer.status, answer.json["error"]["type"]), (503, "settings_unavailable"))
                self.assertTrue(restarted.logged("copy of the settings passed over", code="corrupt"))
                ingress.close()

    def spoil(self, path: str):
        with open(path, "r+b") as copy:
            copy.seek(os.path.getsize(path) // 2)
            byte = copy.read(1)
            copy.seek(-1, os.SEEK_CUR)
            copy.write(bytes([byte[0] ^ 1]))

    def test_a_topic_that_was_made_anew_under_everybody_turns_no_partner_away_for_good(self):
        with Cluster(pools=()) as cluster:
            for name in ("acme", "bolt", "gone"):
                self.assertEqual(put_partner(cluster.admin, name, "the secret of a partner").status, 200)
            self.assertEqual(cluster.admin.request("DELETE", "/v1/partners/gone").status, 204)
            eventually("they are known", lambda: post(cluster.ingress, "bolt", partner_event(), "the secret of a partner").status == 200)
            topic, brokers = cluster.name + ".settings", os.environ["PENSTOCK_TEST_KAFKA"]
            kafka_tool("org.apache.kafka.tools.TopicCommand", brokers, "--delete", "--topic", topic)
            eventually("the topic is gone", lambda: topic not in kafka_tool(
                "org.apache.kafka.tools.TopicCommand", brokers, "--list").split())
            cluster.migrate()
            answers = set()

            def are_published_again() -> bool:
                answers.update(post(cluster.ingress, name, partner_event(), "the secret of a partner").status for name in ("acme", "bolt"))
                return cluster.admin_program.logged("settings published anew, the log said something else of them")

            eventually("they are published again", are_published_again)
            self.assertLessEqual(answers, {200, 503})
            with Program("penstock-ingress", [], cluster.environment) as later:
                ingress = Ingress(later.address("ingress"), SECRET)
                for name in ("acme", "bolt"):
                    for each in (cluster.ingress, ingress):
                        eventually(f"{name} is served", lambda: post(each, name, partner_event(), "the secret of a partner").status == 200)
                self.assertEqual(post(ingress, "gone", partner_event(), "the secret of a partner").status, 404)
                ingress.close()

    def test_settings_move_to_another_master_key_while_everything_runs(self):
        first, second = (subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True,
                                        check=True).stdout.strip() for _ in range(2))
        with Cluster(pools=(), PENSTOCK_MASTER_KEY=f"{first},{second}") as cluster:
            self.assertEqual(put_partner(cluster.admin, "acme", "the secret of a partner").status, 200)
            with Program("penstock-admin", ["reseal"],
                         {**cluster.environment, "PENSTOCK_MASTER_KEY": f"{second},{first}"}) as reseal:
                self.assertEqual(reseal.wait(), 0, reseal.tail())
                self.assertEqual(reseal.logged("settings resealed")["changed"], "1")
            self.assertEqual(post(cluster.ingress, "acme", partner_event(), "the secret of a partner").status, 200)
            with Program("penstock-ingress", [], {**cluster.environment, "PENSTOCK_MASTER_KEY": second}) as later:
                ingress = Ingress(later.address("ingress"), SECRET)
                eventually("it is ready", lambda: ingress.get("/readyz").status == 200)
                self.assertEqual(post(ingress, "acme", partner_event(), "the secret of a partner").status, 200)
                ingress.close()
            with Program("penstock-ingress", [], {**cluster.environment, "PENSTOCK_MASTER_KEY": first}) as earlier:
                ingress = Ingress(earlier.address("ingress"), SECRET)
                eventually("it says that it lacks a key", lambda: earlier.logged("setting cannot be read"))
                eventually("one partner's trouble is nobody else's", lambda: ingress.get("/readyz").status == 200)
                self.assertEqual(post(ingress, "acme", partner_event(), "the secret of a partner").status, 503)
                ingress.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
