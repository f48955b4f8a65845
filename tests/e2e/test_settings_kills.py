"""Two admins change the same settings at once while both are killed again and again and Kafka goes away: what is left is one whole
change of each setting, everywhere the same. PENSTOCK_TEST_SEED repeats the changes; when who dies differs."""

import contextlib
import dataclasses
import http.client
import json
import os
import random
import tempfile
import threading
import time
import unittest

from harness.http_client import Admin, Ingress, eventually
from harness.programs import SECRET, TOKEN, Broker, Cluster, Program, free_port
from harness.signing import PARTNER_SCHEMES, partner_signature

SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(2**32))
NAMES = ("acme", "bolt", "cube")
# Between the end of a request whose admin was killed and the end of its COMMIT in the server.
COMMIT_S = 1.0


@dataclasses.dataclass
class Change:
    """The whole of it follows from its number, or it deletes."""
    number: int
    name: str
    deletes: bool
    begun: float = 0.0
    ended: float = 0.0
    acknowledged: bool = False

    @property
    def scheme(self) -> str:
        return PARTNER_SCHEMES[self.number % 5]

    @property
    def secrets(self) -> list[str]:
        return [f"canary-of-a-partner-{self.number}-{n}" for n in range(1 + self.number % 4)]

    @property
    def shown(self) -> dict:
        return {"org": f"org-{self.number}", "enabled": self.number % 2 == 0, "scheme": self.scheme,
                "secret_count": len(self.secrets)}

    def carry_out(self, address: str):
        """Once: a request that is sent again would be another change."""
        host, port = address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        body = None if self.deletes else json.dumps(
            {key: self.shown[key] for key in ("org", "enabled", "scheme")} | {"secrets": self.secrets})
        self.begun = time.monotonic()
        try:
            connection.request("DELETE" if self.deletes else "PUT", "/v1/partners/" + self.name, body,
                               {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (200, 204, 404, 503), (answer.status, said)
            self.acknowledged = answer.status in (200, 204)
        except (OSError, http.client.HTTPException):
            pass  # it may have been carried out or not
        finally:
            self.ended = time.monotonic()
            connection.close()


class Admins:
    """Two, each of which is there again at once after it was killed."""

    def __init__(self, environment: dict):
        self._environment = environment
        self.programs = [Program("penstock-admin", [], environment) for _ in range(2)]
        self.addresses = [program.address("admin") for program in self.programs]
        self.output: list[str] = []

    def kill(self, number: int):
        self.programs[number].kill()
        self.output += self.programs[number].output
        self.programs[number] = Program("penstock-admin", [], self._environment)
        self.addresses[number] = self.programs[number].address("admin")

    def end(self):
        for program in self.programs:
            program.__exit__(None, None, None)
            self.output += program.output


class Writers:
    def __init__(self, admins: Admins):
        self._admins, self._stop = admins, threading.Event()
        self.changes: list[Change] = []
        self.failures: list[BaseException] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(4)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int):
        chance = random.Random(SEED + number)
        try:
            while not self._stop.is_set():
                with self._lock:
                    change = Change(len(self.changes), chance.choice(NAMES), chance.random() < 0.3)
                    self.changes.append(change)
                change.carry_out(self._admins.addresses[number % 2])
                time.sleep(0.02)
        except BaseException as failure:  # for the test's own thread to raise
            self.failures.append(failure)

    def stop(self) -> list[Change]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        return self.changes


class Kills(unittest.TestCase):
    def test_whatever_dies_one_whole_change_is_left_everywhere(self):
        print("seed", SEED, flush=True)
        with Broker() as broker, tempfile.TemporaryDirectory() as data, \
                Cluster(pools=(), PENSTOCK_LOG="kafka://" + broker.address, PENSTOCK_DATA_DIR=data) as cluster:
            cluster.admin_program.terminate()
            admins = Admins(cluster.environment)
            writers = Writers(admins)
            chance = random.Random(SEED)
            begun, away = time.monotonic(), False
            while time.monotonic() < begun + 25:
                time.sleep(chance.uniform(0.2, 1.5))
                admins.kill(chance.randrange(2))
                if not away and time.monotonic() > begun + 8:
                    away = True
                    broker.kill()
                    time.sleep(2)
                    admins.kill(0)
                    broker.start()
            changes = writers.stop()
            acknowledged = [change for change in changes if change.acknowledged]
            print(len(changes), "changes,", len(acknowledged), "acknowledged", flush=True)
            self.assertGreater(len(acknowledged), 50)

            left = {name: self.settled(cluster, admins, changes, name) for name in NAMES}
            for name, change in left.items():
                self.assert_holds(name, change, changes)
            for address in admins.addresses:
                admin = Admin(address, TOKEN)
                self.assert_audited(admin, acknowledged)
                for name in NAMES:
                    self.assertEqual(shown_by(admin, name), shown_of(left[name]))
                admin.close()
            admins.end()
            self.assertEqual(cluster.ingress_program.terminate(), 0)
            with tempfile.TemporaryDirectory() as nothing:
                self.assert_serves("the log", left, {**cluster.environment, "PENSTOCK_DATA_DIR": nothing}, 200)
            self.assert_serves("the copy", left, {**cluster.environment,
                                                  "PENSTOCK_LOG": f"kafka://127.0.0.1:{free_port()}"}, 503)
            self.assertNotIn("canary-", "\n".join(admins.output + cluster.ingress_program.output))

    def settled(self, cluster: Cluster, admins: Admins, changes: list[Change], name: str) -> Change | None:
        """The change that is left, once the ingress has it too; None where nothing is."""
        def same_everywhere():
            with contextlib.closing(Admin(admins.addresses[0], TOKEN)) as admin:
                shown = shown_by(admin, name)
            if shown is None:
                return (None,) if post(cluster.ingress, name, None) == 404 else None
            change = changes[int(shown["org"].removeprefix("org-"))]
            self.assertEqual((change.name, change.deletes, shown), (name, False, change.shown), "one whole change")
            return (change,) if post(cluster.ingress, name, change) == accepted(change, 200) else None

        return eventually(f"store and ingress have the same {name}", same_everywhere, 30)[0]

    def assert_holds(self, name: str, left: Change | None, changes: list[Change]):
        """Nothing that was acknowledged has begun after the end of what is left."""
        of_name = [change for change in changes if change.name == name]
        may_be_left = [left] if left else [change for change in of_name if change.deletes]
        later = max(change.begun for change in of_name if change.acknowledged and change not in may_be_left)
        self.assertGreaterEqual(max(change.ended for change in may_be_left) + COMMIT_S, later)

    def assert_audited(self, admin: Admin, acknowledged: list[Change]):
        rows = [row for name in NAMES for row in admin.all(f"/v1/audit?subject=/v1/partners/{name}")]
        put = [row["detail"]["org"] for row in rows if row["action"] == "put"]
        self.assertEqual(len(put), len(set(put)), "no change is carried out twice")
        self.assertLessEqual({f"org-{change.number}" for change in acknowledged if not change.deletes}, set(put))
        self.assertGreaterEqual(sum(row["action"] == "delete" for row in rows),
                                sum(change.deletes for change in acknowledged))
        self.assertNotIn("canary-", json.dumps(rows))

    def assert_serves(self, source: str, left: dict[str, Change | None], environment: dict, taken: int):
        with self.subTest(source), Program("penstock-ingress", [], environment) as program:
            ingress = Ingress(program.address("ingress"), SECRET)
            for name, change in left.items():
                expected = 404 if change is None else accepted(change, taken)
                eventually(f"{name} is answered {expected}", lambda: post(ingress, name, change) == expected, 10)
            ingress.close()


def accepted(change: Change, taken: int) -> int:
    return taken if change.shown["enabled"] else 403


def shown_of(change: Change | None) -> dict | None:
    return None if change is None else change.shown


def shown_by(admin: Admin, name: str) -> dict | None:
    shown = admin.state("/v1/partners/" + name)
    return shown and {key: shown[key] for key in ("org", "enabled", "scheme", "secret_count")}


def post(ingress: Ingress, name: str, change: Change | None) -> int:
    """How an event is answered that is signed as the change says."""
    body = json.dumps({"id": f"e-{time.monotonic_ns()}", "type": "user.created", "data": {"id": "u"}}).encode()
    signed = partner_signature(change.scheme, change.secrets[-1], body) if change else {"X-Signature": "0" * 64}
    return ingress.request("POST", "/v1/webhooks/partners/" + name, body, {"Content-Type": "application/json", **signed}).status


if __name__ == "__main__":
    unittest.main(verbosity=2)
