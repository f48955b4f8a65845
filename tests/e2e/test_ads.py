"""Impressions from the wire to the count, on the real servers, whatever dies on the way."""

import collections
import os
import threading
import time
import unittest
import uuid

from harness.http_client import Admin, Http, eventually
from harness.programs import Cluster, Standalone
from test_topics import kafka_tool

TERMS = b'{"budget":5000,"cost_per_impression":10,"currency":"usd"}'


def register(admin: Admin, ad: str):
    answer = admin.request("PUT", f"/v1/ads/{ad}", TERMS, {"Content-Type": "application/json"})
    assert answer.status == 200, answer


def is_known(http: Http, ad: str, **headers: str) -> bool:
    """Shows it once if so."""
    return http.request("POST", f"/v1/ads/{ad}/impression", b"", headers).status == 200


def count(admin: Admin, ad: str) -> int:
    return admin.state(f"/v1/ads/{ad}")["impressions"]


def show(http: Http, ad: str, times: int = 1, **headers: str):
    for _ in range(times):
        answer = http.request("POST", f"/v1/ads/{ad}/impression", b"", headers)
        assert (answer.status, answer.json) == (200, {"received": True}), answer


class Clients:
    """Several that show ads at once; every third impression has a key, and each key comes twice."""

    def __init__(self, address: str, ads: list[str], threads: int = 4):
        self._counted, self._lock, self._stop = collections.Counter(), threading.Lock(), threading.Event()
        self.keys: set[tuple[str, str]] = set()
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=(address, ads, n)) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, address: str, ads: list[str], number: int):
        http, n = Http(address), 0
        try:
            while not self._stop.is_set():
                n += 1
                keyed = n % 3 == 0
                ad = ads[n // 6 % len(ads)] if keyed else ads[n % len(ads)]
                key = f"{number}-{n // 6}"
                show(http, ad, **({"Idempotency-Key": key} if keyed else {}))
                with self._lock:
                    if keyed:
                        self.keys.add((ad, key))
                    else:
                        self._counted[ad] += 1
        except BaseException as failure:  # for the test's own thread to raise
            self.failures.append(failure)
        finally:
            http.close()

    def stop(self) -> collections.Counter:
        """How often each ad was shown."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        return self._counted + collections.Counter(ad for ad, _ in self.keys)


class Impressions(unittest.TestCase):
    def test_each_is_counted_once_while_workers_are_killed(self):
        ads = [str(uuid.uuid4()) for _ in range(5)]
        with Cluster(pools=("ads",), PENSTOCK_ADS_RATE="0", PENSTOCK_BATCH_RECORDS="40") as cluster:
            for ad in ads:
                register(cluster.admin, ad)
                eventually("the ingress knows the ad",
                           lambda: is_known(cluster.ingress, ad, **{"Idempotency-Key": "first"}))
            clients = Clients(cluster.ingress.address, ads)
            for _ in range(4):
                time.sleep(3)
                cluster.workers[-1].kill()
                cluster.start_worker("ads")
            cluster.start_worker("ads")
            time.sleep(3)
            expected = {ad: shown + 1 for ad, shown in clients.stop().items()}
            cluster.wait_for_no_lag("ads")

            self.assertEqual({ad: count(cluster.admin, ad) for ad in ads}, expected)
            for ad in ads:
                shown = cluster.admin.state(f"/v1/ads/{ad}")
                self.assertEqual(shown["spend"], min(5000, 10 * expected[ad]))
                self.assertEqual(shown["status"], "paused" if expected[ad] >= 500 else "active")
            told = cluster.psql("select count(*) from outbox where type = 'ad.paused'", cluster.name)
            self.assertEqual(int(told), sum(times >= 500 for times in expected.values()))
            inbox = cluster.psql("select count(*) from inbox", cluster.name)
            self.assertEqual(int(inbox), len(clients.keys) + len(ads), "rows for those with a key, and no others")
            self.assertEqual(cluster.admin.all("/v1/alerts"), [])

    def test_a_topic_that_is_made_anew_is_counted_from_its_start(self):
        ad = str(uuid.uuid4())
        with Cluster(pools=("ads",), PENSTOCK_ADS_RATE="0") as cluster:
            register(cluster.admin, ad)
            eventually("the ingress knows the ad", lambda: is_known(cluster.ingress, ad))
            show(cluster.ingress, ad, 119)
            eventually("all are counted", lambda: count(cluster.admin, ad) == 120)
            cluster.ingress.close()
            for program in (*cluster.workers, cluster.ingress_program):
                program.terminate()
            topic = cluster.name + ".ads"
            brokers = os.environ["PENSTOCK_TEST_KAFKA"]
            kafka_tool("org.apache.kafka.tools.TopicCommand", brokers, "--delete", "--topic", topic)
            eventually("the topic is gone", lambda: topic not in kafka_tool(
                "org.apache.kafka.tools.TopicCommand", brokers, "--list").split())
            cluster.migrate()
            cluster.start_ingress()
            cluster.start_worker("ads")
            show(cluster.ingress, ad, 30)
            eventually("all are counted", lambda: count(cluster.admin, ad) == 150)
            show(cluster.ingress, ad, 200)
            eventually("all are counted", lambda: count(cluster.admin, ad) == 350)
            self.assertEqual([alert["kind"] for alert in cluster.admin.all("/v1/alerts")], ["log_begins_anew"])

    def test_an_ad_is_registered_shown_paused_and_resumed_in_one_process(self):
        ad = str(uuid.uuid4())
        with Standalone(PENSTOCK_ADS_RATE="0") as penstock:
            self.assertEqual(penstock.ingress.request("POST", f"/v1/ads/{ad}/impression", b"").status, 404)
            register(penstock.admin, ad)
            eventually("the ingress knows the ad", lambda: is_known(penstock.ingress, ad))
            show(penstock.ingress, ad, 19)
            eventually("all are counted", lambda: count(penstock.admin, ad) == 20)
            penstock.kill()
            penstock.start()
            eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
            show(penstock.ingress, ad, 480)
            eventually("all are counted", lambda: count(penstock.admin, ad) == 500)
            paused = penstock.admin.state(f"/v1/ads/{ad}")
            self.assertEqual((paused["status"], paused["paused_reason"], paused["spend"]), ("paused", "budget", 5000))
            penstock.admin.request("PUT", f"/v1/ads/{ad}", TERMS.replace(b"5000", b"6000"),
                                   {"Content-Type": "application/json"})
            self.assertEqual(penstock.admin.state(f"/v1/ads/{ad}")["status"], "active")

    def test_a_client_that_shows_too_many_is_told_when_to_come_again(self):
        ad = str(uuid.uuid4())
        with Standalone(PENSTOCK_ADS_RATE="2", PENSTOCK_TRUSTED_PROXIES="127.0.0.1") as penstock:
            register(penstock.admin, ad)
            eventually("the ingress knows the ad", lambda: is_known(penstock.ingress, ad))
            path, answers = f"/v1/ads/{ad}/impression", []
            for _ in range(20):
                answers.append(penstock.ingress.request("POST", path, b"", {"X-Forwarded-For": "203.0.113.9"}))
            refused = [answer for answer in answers if answer.status == 429]
            self.assertTrue(refused)
            self.assertEqual({answer.headers["Retry-After"] for answer in refused}, {"1"})
            other = penstock.ingress.request("POST", path, b"", {"X-Forwarded-For": "203.0.113.10"})
            self.assertEqual(other.status, 200)
            self.assertIn(b'reason="rate_limited"', penstock.admin.get("/metrics").body)


if __name__ == "__main__":
    unittest.main()
