"""SIGKILL at random moments while partners and reporters post, each again until it is answered: one effect for each.

PENSTOCK_E2E_ROUNDS (30; a third of them here) and PENSTOCK_TEST_SEED can be given; the seed is printed."""

import json
import random
import threading
import time
import unittest

from harness.events import unique
from harness.http_client import Answer, Ingress, eventually
from harness.programs import SECRET, Cluster
from test_crashes import ROUNDS, SEED
from test_reports import make_key, post as post_report
from test_settings import post as post_event, put_partner

PARTNER_SECRET = "a secret that acme knows"


class Senders:
    """Post until stopped, each thing again until it is answered; where the ingress is, they are told."""

    def __init__(self, cluster: Cluster, api_key: str):
        self.cluster = cluster
        self.key = {"X-API-Key": api_key}
        self.users: dict[str, int] = {}     # -> how often an answer was 200
        self.reports: dict[str, dict] = {}  # idempotency key -> the answer
        self.wrong: list = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(send,))
                         for send in (self._partner, self._reporter) * 2]
        for thread in self._threads:
            thread.start()

    def _run(self, send):
        try:
            while not self._stop.is_set():
                send()
        except BaseException as failure:  # for the test's own thread to raise
            self.wrong.append(failure)

    def _answered(self, post, good: int) -> Answer:
        """Of a thing that is posted until it is answered so: nothing that is sent may be refused for good."""
        while True:
            ingress = Ingress(self.cluster.ingress.address, SECRET)
            try:
                answer = post(ingress)
                if answer.status == good:
                    return answer
                assert answer.status == 503, answer
            except OSError:
                time.sleep(0.02)
            finally:
                ingress.close()

    def _partner(self):
        user = unique("user")
        body = json.dumps({"id": "e-" + user, "type": "user.created", "data": {"id": user}}).encode()
        for _ in range(2):
            self._answered(lambda ingress: post_event(ingress, "acme", body, PARTNER_SECRET), 200)
            self.users[user] = self.users.get(user, 0) + 1

    def _reporter(self):
        name = unique("key")
        first = self._answered(lambda ingress: post_report(ingress, self.key, key=name), 201).json
        self.reports[name] = first
        again = self._answered(lambda ingress: post_report(ingress, self.key, key=name), 201).json
        assert again == first, (first, again)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.wrong:
            raise self.wrong[0]


class DoorsCrash(unittest.TestCase):
    def test_partners_and_reporters_while_ingress_and_workers_are_killed(self):
        print(f"seed {SEED}", flush=True)
        chance = random.Random(SEED)
        with Cluster(pools=("partners", "reports"), PENSTOCK_REPORTS_KEY_RATE="0") as cluster:
            self.assertEqual(put_partner(cluster.admin, "acme", PARTNER_SECRET).status, 200)
            key = {"X-API-Key": (api_key := make_key(cluster.admin))}
            eventually("the ingress knows the key", lambda: post_report(cluster.ingress, key).status == 201)
            senders = Senders(cluster, api_key)
            for _ in range(max(3, ROUNDS // 3)):
                time.sleep(chance.uniform(0.05, 0.6))
                if chance.random() < 0.7:
                    pool = chance.choice(["partners", "reports"])
                    cluster.workers.pop(0 if pool == "partners" else -1).kill()
                    cluster.start_worker(pool)
                    if pool == "partners":
                        cluster.workers.insert(0, cluster.workers.pop())
                if chance.random() < 0.7:
                    cluster.ingress.close()
                    cluster.ingress_program.kill()
                    cluster.start_ingress()
            senders.stop()

            def told(type_: str) -> list[int]:
                return [int(n) for n in cluster.psql(
                    f"select count(*), count(distinct id) from outbox where type = '{type_}'", cluster.name).split("|")]
            for pool in ("partners", "reports"):
                cluster.wait_for_no_lag(pool)
            users = len(senders.users)
            self.assertEqual(told("user.created"), [users, users])
            self.assertEqual(int(cluster.psql("select count(*) from users", cluster.name)), users)
            stored = {row["id"]: row for row in cluster.admin.all("/v1/reports")}
            self.assertEqual(len({answer["id"] for answer in senders.reports.values()}), len(senders.reports))
            for answer in senders.reports.values():
                self.assertEqual({name: stored[answer["id"]][name] for name in answer}, answer)
            self.assertEqual(len(stored), len(senders.reports) + 1, "and the first one, without a key")
            self.assertEqual(told("report.created"), [len(stored)] * 2)
            self.assertEqual(cluster.admin.all("/v1/parked"), [])
            print(f"{users} users, {len(stored)} reports", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
