"""What only separate processes on real servers show: shared pools, lost Redis, outages, wrong schemas."""

import os
import signal
import socket
import threading
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import Admin, Http, Ingress, eventually
from harness.programs import MASTER_KEY, SECRET, TOKEN, Cluster, Program


class SharedPool(unittest.TestCase):
    def test_two_workers_share_the_partitions_and_a_killed_one_hands_them_over(self):
        with Cluster(pools=("payments", "payments")) as cluster:
            def members(count):
                return eventually(f"{count} members", lambda: [
                    p for p in cluster.admin.get("/v1/pools").json["data"]
                    if p["name"] == "payments" and p["members"] == count], 60)

            members(2)
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(60)]
            for body in bodies[:30]:
                cluster.ingress.accept(body)
            cluster.admin.settled([key(b) for b in bodies[:30]])
            cluster.workers.pop().kill()
            for body in bodies[30:]:
                cluster.ingress.accept(body)
            outcomes = cluster.admin.settled([key(b) for b in bodies], 60)
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            self.assertEqual(len({o["partition"] for o in outcomes.values()}), 4)
            members(1)
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 60})


class LostRedis(unittest.TestCase):
    def test_flushing_redis_in_the_middle_costs_no_money(self):
        with Cluster(pools=("payments",)) as cluster:
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(40)]
            flush = threading.Thread(target=cluster.forget_seen)
            for n, body in enumerate(bodies):
                cluster.ingress.accept(body)
                if n == 20:
                    eventually("something to forget", cluster.seen)
                    flush.start()
            flush.join()
            for body in bodies:
                cluster.ingress.accept(body)
            cluster.ingress.accept(last := completed(deposit(user, 1)))
            cluster.admin.settled([key(b) for b in [*bodies, last]])
            cluster.wait_for_no_lag("payments")
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 41})

    def test_without_redis_workers_go_on(self):
        with Cluster(pools=("payments",), PENSTOCK_REDIS="redis://127.0.0.1:1/0") as cluster:
            user = unique("user")
            body = completed(deposit(user, 7))
            cluster.ingress.accept(body)
            cluster.ingress.accept(body)
            cluster.admin.settled([key(body)])
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 7})
            self.assertTrue(cluster.workers[0].logged("seen set unavailable, the inbox alone finds duplicates"))


class Outages(unittest.TestCase):
    def test_a_store_that_ends_every_connection_delays_and_loses_nothing(self):
        with Cluster(pools=("payments",)) as cluster:
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(50)]
            for n, body in enumerate(bodies):
                cluster.ingress.accept(body)
                if n % 10 == 5:
                    cluster.psql("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                                 f"where datname = '{cluster.name}'")
            outcomes = cluster.admin.settled([key(b) for b in bodies], 60)
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            self.assertEqual(cluster.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 50})

    def test_without_the_log_the_ingress_says_503_and_when_to_come_back(self):
        environment = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_LISTEN": "127.0.0.1:0",
                       "PENSTOCK_ACK_TIMEOUT": "500ms", "PENSTOCK_MASTER_KEY": MASTER_KEY,
                       "STRIPE_WEBHOOK_SECRET": SECRET}
        with Program("penstock-ingress", [], environment) as program:
            ingress = Ingress(program.address("ingress"), SECRET)
            answer = ingress.post(completed(deposit("u", 1)))
            self.assertEqual((answer.status, answer.json["error"]["type"]), (503, "log_unavailable"))
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            away = ingress.get("/readyz")
            self.assertEqual((away.status, away.json["error"]["message"]), (503, "not ready: log, settings"))
            said = Http(program.address("metrics")).get("/readyz").json["error"]["message"]
            self.assertTrue(said.startswith("kafka at 127.0.0.1:1 is unavailable: "), said)
            self.assertEqual(ingress.get("/healthz").status, 200)
            self.assertEqual(program.terminate(), 0)

    def test_the_admin_api_names_what_is_away_and_no_password(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
            store = f"127.0.0.1:{silent.getsockname()[1]}/penstock"
            environment = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0",
                           "PENSTOCK_STORE": f"postgresql://user:hidden@{store}", "PENSTOCK_ADMIN_TOKEN": TOKEN,
                           "PENSTOCK_MASTER_KEY": MASTER_KEY}
            with Program("penstock-admin", [], environment) as program:
                admin = Admin(program.address("admin"), TOKEN)
                readiness = admin.get("/readyz")
                said = readiness.json["error"]["message"]
                self.assertEqual(readiness.status, 503)
                self.assertTrue(said.startswith("kafka at 127.0.0.1:1 is unavailable: "), said)
                self.assertTrue(said.endswith(f"; postgresql at {store} does not answer; the settings have not been read "
                                              "from the log yet"), said)
                for path, address in (("/v1/payments/cs_1", f"postgresql at {store}"),
                                      ("/v1/pools", "kafka at 127.0.0.1:1")):
                    answer = admin.get(path)
                    self.assertEqual(answer.status, 503, path)
                    self.assertTrue(answer.json["error"]["message"].startswith(address), answer.json)
                eventually("a log line", lambda: program.logged("not ready", away="log, store, settings"))
                self.assertNotIn("hidden", "\n".join(program.output))


class Schema(unittest.TestCase):
    def test_a_process_on_the_wrong_schema_refuses_with_the_command_to_run(self):
        cluster = Cluster()
        cluster.psql(f"create database {cluster.name}")
        try:
            for name, arguments in (("penstock-worker", ["--pool", "all"]), ("penstock-admin", []),
                                    ("penstock-ingress", [])):
                with Program(name, arguments, cluster.environment) as program:
                    self.assertEqual(program.wait(), 1, name)
                    self.assertIn("penstock-admin migrate", "\n".join(program.output), name)
        finally:
            cluster.psql(f"drop database {cluster.name} with (force)")

    def test_migrating_twice_and_at_once_is_safe(self):
        cluster = Cluster()
        cluster.psql(f"create database {cluster.name}")
        try:
            both = [Program("penstock-admin", ["migrate"], cluster.environment) for _ in range(2)]
            self.assertEqual([p.wait() for p in both], [0, 0], [p.tail() for p in both])
            cluster.migrate()
        finally:
            cluster.psql(f"drop database {cluster.name} with (force)")


class Stopping(unittest.TestCase):
    def test_sigterm_ends_every_program_with_0_and_what_was_acknowledged_is_applied(self):
        with Cluster(pools=("payments",)) as cluster:
            user = unique("user")
            bodies = [completed(deposit(user, 1)) for _ in range(20)]
            for body in bodies:
                cluster.ingress.accept(body)
            self.assertEqual(cluster.ingress_program.terminate(), 0)
            cluster.admin.settled([key(b) for b in bodies])
            self.assertEqual(cluster.workers[0].terminate(), 0)
            self.assertEqual(cluster.admin_program.terminate(), 0)

    def test_a_second_sigterm_ends_at_once(self):
        environment = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_LISTEN": "127.0.0.1:0",
                       "PENSTOCK_ACK_TIMEOUT": "60s", "PENSTOCK_MASTER_KEY": MASTER_KEY,
                       "STRIPE_WEBHOOK_SECRET": SECRET}
        with Program("penstock-ingress", [], environment) as program:
            ingress = Ingress(program.address("ingress"), SECRET)

            def wait_for_an_answer():
                try:
                    ingress.post(completed(deposit("u", 1)))
                except OSError:
                    pass

            sender = threading.Thread(target=wait_for_an_answer)
            sender.start()
            eventually("a request in flight", lambda: "penstock_ingress_connections 1" in Http(
                program.address("metrics")).get("/metrics").body.decode())
            os.kill(program.process.pid, signal.SIGTERM)
            eventually("the first SIGTERM drains", lambda: program.logged("stopping"))
            os.kill(program.process.pid, signal.SIGTERM)
            self.assertEqual(program.wait(10), 143)
            sender.join()
            ingress.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
