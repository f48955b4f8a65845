"""SIGKILL at random moments: every event that was answered with 2xx has its effect, once.

PENSTOCK_E2E_ROUNDS (30) and PENSTOCK_TEST_SEED can be given; the seed is printed."""

import collections
import os
import random
import threading
import time
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import Ingress, eventually
from harness.programs import SECRET, Cluster, Standalone

ROUNDS = int(os.environ.get("PENSTOCK_E2E_ROUNDS", "30"))
SEED = int(os.environ.get("PENSTOCK_TEST_SEED", random.SystemRandom().randrange(2**32)))
SENDERS = 4


class Load:
    """Senders that post deposits until stopped, each event again until it is acknowledged or given up, some twice."""

    def __init__(self, address: str, user: str):
        self.address, self.user = address, user
        self.acknowledged: dict[str, int] = {}  # event key -> amount
        self.maybe: dict[str, int] = {}         # sent, no answer
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, n: int):
        ingress = Ingress(self.address, SECRET)
        while not self._stop.is_set():
            body = completed(deposit(self.user, 1 + n))
            for _ in range(2 if n == 0 else 1):
                try:
                    answer = ingress.post(body)
                except OSError:
                    answer = None
                if answer is not None and answer.status == 200:
                    self.acknowledged[key(body)] = 1 + n
                else:
                    self.maybe[key(body)] = 1 + n
        ingress.close()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()


class Crashes(unittest.TestCase):
    def check(self, admin, user: str, acknowledged: dict, maybe: dict):
        """Waits until all acknowledged deposits are in, then compares entries, balance and events."""
        def told():
            """How often each event stands in the ledger, and the balance in the wallet."""
            wallet = admin.state("/v1/wallets/" + user)
            if wallet is None:
                return collections.Counter(), 0
            entries = admin.all(f"/v1/wallets/{user}/entries")
            return collections.Counter(entry["event"] for entry in entries), wallet["test_balances"]["usd"]

        def all_in():
            # What was never answered may be applied meanwhile: two equal readings are one moment's.
            before, after = told(), told()
            return after if before == after and acknowledged.keys() <= after[0].keys() else None

        seen, balance = eventually(f"{len(acknowledged)} deposits in the ledger", all_in, 90)
        self.assertEqual([k for k, n in seen.items() if n != 1], [], "applied more than once")
        self.assertLessEqual(seen.keys(), acknowledged.keys() | maybe.keys())
        amounts = {**maybe, **acknowledged}
        self.assertEqual(balance, sum(amounts[k] for k in seen))
        self.assertTrue(admin.get("/v1/ledger/check").json["balanced"])

    def test_standalone_killed_at_random_moments(self):
        print(f"seed {SEED}", flush=True)
        chance = random.Random(SEED)
        with Standalone() as penstock:
            for round_ in range(ROUNDS):
                user = unique("user")
                load = Load(penstock.ingress.address, user)
                time.sleep(chance.uniform(0.02, 0.4))
                penstock.kill()
                load.stop()
                penstock.start()
                with self.subTest(round=round_):
                    self.check(penstock.admin, user, load.acknowledged, load.maybe)

    def test_ingress_and_workers_killed_at_random_moments(self):
        print(f"seed {SEED}", flush=True)
        chance = random.Random(SEED)
        with Cluster(pools=("payments", "payments")) as cluster:
            for round_ in range(ROUNDS):
                user = unique("user")
                load = Load(cluster.ingress.address, user)
                time.sleep(chance.uniform(0.02, 0.4))
                victim = chance.choice(["ingress", "worker", "both"])
                if victim in ("worker", "both"):
                    cluster.workers.pop(chance.randrange(len(cluster.workers))).kill()
                if victim in ("ingress", "both"):
                    cluster.ingress_program.kill()
                load.stop()
                if victim in ("worker", "both"):
                    cluster.start_worker("payments")
                if victim in ("ingress", "both"):
                    cluster.start_ingress()
                with self.subTest(round=round_, victim=victim):
                    self.check(cluster.admin, user, load.acknowledged, load.maybe)


if __name__ == "__main__":
    unittest.main(verbosity=2)
