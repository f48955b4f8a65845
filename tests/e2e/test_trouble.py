"""A store in trouble, a store restored from a backup, and two deployments on one Redis: acknowledged money stays."""

import datetime
import os
import subprocess
import tempfile
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import Http, eventually
from harness.programs import KAFKA_HOME, Cluster, Postgres


def set_offsets_back(cluster: Cluster, pool: str, to: datetime.datetime):
    """As docs/operations.md says: kafka-consumer-groups --reset-offsets --to-datetime."""
    name = cluster.name + "." + pool
    subprocess.run(["java", "-cp", f"{KAFKA_HOME}/libs/*", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                    "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                    "--bootstrap-server", os.environ["PENSTOCK_TEST_KAFKA"], "--group", name, "--topic", name,
                    "--reset-offsets", "--to-datetime", to.strftime("%Y-%m-%dT%H:%M:%S.000"), "--execute"],
                   check=True, capture_output=True, text=True, timeout=60)


def applied_records(cluster: Cluster, bodies: list[dict]) -> dict[str, str]:
    """Event key -> the record that applied it, as the admin API tells."""
    rows = [cluster.admin.event(key(body)) for body in bodies]
    return {row["key"]: f"{row['topic']}/{row['partition']}/{row['offset']}" for row in rows}


class RestoredBackup(unittest.TestCase):
    def test_after_a_restore_and_a_rewind_everything_is_there_once_although_redis_knows_it_all(self):
        with Cluster(pools=("payments",)) as cluster, tempfile.TemporaryDirectory() as folder:
            user, backup = unique("user"), os.path.join(folder, "backup")
            before = [completed(deposit(user, 1)) for _ in range(20)]
            for body in before:
                cluster.ingress.accept(body)
            cluster.admin.settled([key(b) for b in before])
            backed_up_at = datetime.datetime.utcnow()
            store = cluster.environment["PENSTOCK_STORE"]
            subprocess.run(["pg_dump", "-Fc", "-f", backup, store], check=True)

            after = [completed(deposit(user, 1)) for _ in range(30)]
            for body in [*after, *after, *before]:
                cluster.ingress.accept(body)
            cluster.admin.settled([key(b) for b in after])
            cluster.wait_for_no_lag("payments")
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 50})
            self.assertEqual(cluster.admin.event(key(after[0]))["deliveries"], 2)
            self.assertEqual(cluster.seen(), applied_records(cluster, [*before, *after]))

            for program in (*cluster.workers, cluster.admin_program):
                self.assertEqual(program.terminate(), 0)
            cluster.admin.close()
            cluster.psql(f"drop database {cluster.name} with (force)")
            cluster.psql(f"create database {cluster.name}")
            subprocess.run(["pg_restore", "-d", store, backup], check=True)
            set_offsets_back(cluster, "payments", backed_up_at - datetime.timedelta(minutes=10))

            cluster.start_admin()
            self.assertEqual(len(cluster.seen()), 50)
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 20})
            cluster.start_worker("payments")
            outcomes = cluster.admin.settled([key(b) for b in [*before, *after]])
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            cluster.wait_for_no_lag("payments")
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 50})
            self.assertTrue(cluster.admin.get("/v1/ledger/check").json["balanced"])


class SharedRedis(unittest.TestCase):
    def test_two_deployments_on_one_redis_do_not_take_each_others_events_for_duplicates(self):
        with Cluster(pools=("payments",)) as one, Cluster(pools=("payments",)) as other:
            self.assertEqual(one.redis, other.redis)
            self.assertNotEqual(one.store_id(), other.store_id())
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(10)]
            for cluster in (one, other):
                self.assertEqual(cluster.seen(), {})
                for body in bodies:
                    cluster.ingress.accept(body)
                cluster.admin.settled([key(b) for b in bodies])
                self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 10})
                eventually("the keys of this one", lambda: cluster.seen() == applied_records(cluster, bodies))


class BrokenStore(unittest.TestCase):
    """A trigger raises what a damaged index would, on every write of the inbox."""

    def test_damage_parks_nothing_is_said_and_waited_for(self):
        with Cluster(pools=("payments",), PENSTOCK_POOL_STUCK_AFTER="1s") as cluster:
            worker = cluster.workers[0]
            probe = Http(worker.address("metrics"))
            eventually("the worker is ready", lambda: probe.get("/readyz").status == 200)
            # The lock that adding a month takes first: whoever has it is not in its way.
            cluster.psql("lock table inbox_default in access exclusive mode; "
                         "create function damaged() returns trigger language plpgsql as $$ begin "
                         "raise exception 'index \"inbox_pkey\" contains unexpected zero page' "
                         "using errcode = 'XX002'; end $$; "
                         "create trigger damaged before insert on inbox for each row execute function damaged()",
                         cluster.name)
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(20)]
            for body in bodies:
                cluster.ingress.accept(body)

            line = eventually("the worker says it", lambda: worker.logged("pool stuck", pool="payments"))
            self.assertIn("unexpected zero page", line["cause"])
            self.assertIn("postgresql at 127.0.0.1:", line["cause"])
            self.assertGreaterEqual(int(line["age_s"]), 1)
            self.assertGreaterEqual(int(line["attempts"]), 1)
            said = eventually("/readyz is 503", lambda: (a := probe.get("/readyz")).status == 503 and a.json)
            self.assertRegex(said["error"]["message"], r"^pool payments has applied nothing since \d{4}-\S+Z \(.*"
                                                       r"unexpected zero page.* \(postgresql at 127\.0\.0\.1:")
            self.assertEqual(cluster.admin.get("/v1/parked").json["data"], [])
            self.assertIsNone(cluster.admin.event(key(bodies[0])))
            pool = eventually("the pool is stuck", lambda: (
                p := cluster.pool("payments"))["state"] == "stuck" and p["lag"] == 20 and p)
            self.assertIn("unexpected zero page", pool["last_error"])
            self.assertIn("postgresql at 127.0.0.1:", pool["last_error"])
            self.assertLess(pool["since"], pool["as_of"])
            alerts = eventually("the alert", lambda: cluster.admin.all("/v1/alerts?kind=pool_stuck"))
            self.assertEqual([a["subject"] for a in alerts], ["payments"])

            cluster.psql("drop trigger damaged on inbox", cluster.name)
            outcomes = cluster.admin.settled([key(b) for b in bodies])
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 20})
            eventually("/readyz is 200", lambda: probe.get("/readyz").status == 200)
            eventually("the worker says that it goes on", lambda: worker.logged("pool goes on", pool="payments"))
            pool = eventually("the pool is idle", lambda: (p := cluster.pool("payments"))["state"] == "idle" and p)
            self.assertEqual((pool["lag"], pool["last_error"]), (0, None))
            self.assertEqual(cluster.admin.get("/v1/parked").json["data"], [])
            probe.close()


class FrozenStore(unittest.TestCase):
    """PostgreSQL does not end and does not answer, as under a hung disk or a paused machine."""

    def test_events_are_acknowledged_meanwhile_and_applied_once_when_it_goes_on(self):
        with Postgres() as postgres, Cluster(pools=("payments",), postgres=postgres.url,
                                             PENSTOCK_POOL_STUCK_AFTER="1s") as cluster:
            worker, user = cluster.workers[0], unique("user")
            probe = Http(worker.address("metrics"))
            bodies = [completed(deposit(user, 1)) for _ in range(40)]
            for body in bodies[:10]:
                cluster.ingress.accept(body)
            cluster.admin.settled([key(b) for b in bodies[:10]])
            eventually("/readyz is 200", lambda: probe.get("/readyz").status == 200)

            with postgres.frozen():
                for body in [*bodies[10:], *bodies[:10]]:
                    cluster.ingress.accept(body)
                said = eventually("/readyz is 503", lambda: (a := probe.get("/readyz")).status == 503
                                  and "pool payments" in a.body.decode() and a.json)
                self.assertIn("has applied nothing since", said["error"]["message"])
                eventually("the worker says it", lambda: worker.logged("pool stuck", pool="payments"))
                pool = eventually("the pool is stuck", lambda: (p := cluster.pool("payments"))["state"] == "stuck" and p)
                self.assertGreater(pool["lag"], 0)
                self.assertEqual(cluster.ingress.get("/readyz").status, 200)

            eventually("the admin API reads", lambda: cluster.admin.get("/readyz").status == 200)
            outcomes = cluster.admin.settled([key(b) for b in bodies], 120)
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            cluster.wait_for_no_lag("payments")
            entries = cluster.admin.all(f"/v1/wallets/{user}/entries")
            self.assertEqual(sorted(e["event"] for e in entries), sorted(key(b) for b in bodies))
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 40})
            self.assertTrue(cluster.admin.get("/v1/ledger/check").json["balanced"])
            self.assertEqual(cluster.admin.get("/v1/parked").json["data"], [])
            eventually("/readyz is 200", lambda: probe.get("/readyz").status == 200)
            probe.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
