"""The topics are what the settings say: nothing makes them but `migrate`, and every program insists on them."""

import base64
import os
import random
import subprocess
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import eventually
from harness.programs import KAFKA_HOME, Broker, Cluster, Program, free_port
from harness.signing import wire

MIB = 1024 * 1024


def kafka_tool(name: str, brokers: str, *arguments: str) -> str:
    done = subprocess.run(["java", "-cp", f"{KAFKA_HOME}/libs/*", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", name,
                           "--bootstrap-server", brokers, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def topics(brokers: str, prefix: str) -> list[str]:
    listed = kafka_tool("org.apache.kafka.tools.TopicCommand", brokers, "--list").split()
    return [name for name in listed if name.startswith(prefix)]


class AutomaticTopics(unittest.TestCase):
    def test_programs_that_start_before_migrate_make_no_topic_although_the_broker_would(self):
        with Broker("auto.create.topics.enable=true") as broker:
            cluster = Cluster(PENSTOCK_LOG="kafka://" + broker.address)
            cluster.psql(f"create database {cluster.name}")
            try:
                for name, arguments in (("penstock-ingress", []), ("penstock-worker", ["--pool", "all"]),
                                        ("penstock-admin", [])):
                    with Program(name, arguments, cluster.environment) as program:
                        self.assertEqual(program.wait(), 1, name)
                        self.assertIn(cluster.name, program.tail(), name)
                        self.assertIn("penstock-admin migrate", program.tail(), name)
                self.assertEqual(topics(broker.address, cluster.name), [])
                cluster.migrate()
                said = kafka_tool("org.apache.kafka.tools.TopicCommand", broker.address, "--describe", "--topic",
                                  cluster.name + ".payments")
                self.assertIn("PartitionCount: 4", said)
                self.assertIn("retention.ms=3024000000", said)
                self.assertIn("min.insync.replicas=1", said)
            finally:
                cluster.psql(f"drop database {cluster.name} with (force)")


class WeakTopics(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.cluster.psql(f"create database {self.cluster.name}")
        self.addCleanup(self.cluster.psql, f"drop database {self.cluster.name} with (force)")
        self.cluster.migrate()

    def refused(self, name: str, *arguments: str, **environment: str) -> str:
        with Program(name, list(arguments), {**self.cluster.environment, **environment}) as program:
            self.assertEqual(program.wait(), 1, name)
            return program.tail()

    def test_a_topic_that_is_too_small_for_the_largest_body_is_named_with_both_values(self):
        for name, arguments in (("penstock-ingress", ()), ("penstock-worker", ("--pool", "all")), ("penstock-admin", ())):
            said = self.refused(name, *arguments, PENSTOCK_MAX_BODY="4MiB")
            for word in (self.cluster.name + ".", "max.message.bytes is 1052672", "PENSTOCK_MAX_BODY needs 4263936",
                         "penstock-admin migrate"):
                self.assertIn(word, said, name)
        self.cluster.environment["PENSTOCK_MAX_BODY"] = "4MiB"
        self.cluster.migrate()
        with self.cluster.start_ingress() as program:
            self.assertEqual(self.cluster.ingress.get("/readyz").status, 200)
            self.assertEqual(program.terminate(), 0)

    def test_replicas_that_are_missing_end_migrate_with_the_topic_and_both_values(self):
        said = self.refused("penstock-admin", "migrate", PENSTOCK_KAFKA_REPLICATION="3")
        for word in (self.cluster.name + ".", "replicas is 1", "PENSTOCK_KAFKA_REPLICATION needs 3"):
            self.assertIn(word, said)


class LargeBodies(unittest.TestCase):
    """A body just under the limit, that cannot be compressed, through every part; one that is no event, too."""

    def body(self, size: int) -> bytes:
        noise = base64.b64encode(random.Random(size).randbytes(300 * 1024)).decode()
        self.event = completed(deposit(self.user, 7))
        self.event["data"]["object"]["line_items"] = []
        pieces = self.event["data"]["object"]["line_items"]
        while (room := size - len(wire(self.event)) - 24) > 0:
            pieces.append(noise[: min(room, len(noise))])
        return wire(self.event)

    def check(self, size: int, **worker_environment: str):
        self.user = unique("user")
        with Cluster(pools=(), PENSTOCK_MAX_BODY=f"{size}B", PENSTOCK_ACK_TIMEOUT="30s") as cluster:
            environment = {**cluster.environment, **worker_environment}
            worker = Program("penstock-worker", ["--pool", "payments,unrouted"], environment)
            cluster.workers.append(worker)
            body = self.body(size - 1)
            self.assertGreater(len(body), size - 64)
            self.assertLess(len(body), size)
            self.assertEqual(cluster.ingress.post(b"x" * (size + 1)).status, 413)
            cluster.ingress.accept(body)
            settled = cluster.admin.settled([key(self.event)])[key(self.event)]
            self.assertEqual(settled["outcome"], "applied")
            self.assertEqual(cluster.admin.state("/v1/wallets/" + self.user)["test_balances"], {"usd": 7})

            cluster.ingress.accept(random.Random(1).randbytes(size))
            parked = eventually("a parked event", lambda: cluster.admin.all("/v1/parked"))
            self.assertEqual([p["error_class"] for p in parked], ["not_json"])
            eventually("no lag", lambda: all(p["lag"] == 0 for p in cluster.admin.get("/v1/pools").json["data"]
                                             if p["name"] in ("payments", "unrouted")))
            ends = kafka_tool("org.apache.kafka.tools.GetOffsetShell", os.environ["PENSTOCK_TEST_KAFKA"],
                              "--topic", cluster.name + ".parked")
            self.assertEqual(sum(int(line.rsplit(":", 1)[1]) for line in ends.split()), 1, "the dead letter")

    def test_of_4_mib(self):
        self.check(4 * MIB)

    def test_of_16_mib(self):
        self.check(16 * MIB)

    def test_a_worker_that_was_not_told_takes_and_parks_what_the_topics_take(self):
        self.check(4 * MIB, PENSTOCK_MAX_BODY="512KiB")


class Rights(unittest.TestCase):
    """A broker that enforces rights. All programs are one user there, so each has its turn with its own."""

    def setUp(self):
        self.broker = self.enterContext(Broker(
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found=true"))  # what the broker asks of itself
        self.cluster = Cluster(pools=("payments",), PENSTOCK_LOG="kafka://" + self.broker.address)
        self.prefix = self.cluster.name + "."
        self.cluster.psql(f"create database {self.cluster.name}")
        self.addCleanup(self.cluster.psql, f"drop database {self.cluster.name} with (force)")

    def acl(self, *arguments: str):
        kafka_tool("kafka.admin.AclCommand", self.broker.address, *arguments)

    def grant(self, resource: str, name: str, *operations: str, user: str = "ANONYMOUS"):
        self.acl("--add", "--allow-principal", "User:" + user, resource, name, "--resource-pattern-type",
                 "prefixed", *(word for operation in operations for word in ("--operation", operation)))

    def allow_only(self, topics: tuple[str, ...] = (), groups: tuple[str, ...] = (), parked: tuple[str, ...] = ()):
        everything = ("--topic", self.prefix, "--group", self.prefix, "--resource-pattern-type", "prefixed")
        self.acl("--remove", "--force", *everything)
        self.acl("--add", "--allow-principal", "User:somebody-else", "--operation", "Read", *everything)
        for resource, name, operations in (("--topic", self.prefix, topics), ("--group", self.prefix, groups),
                                           ("--topic", self.prefix + "parked", parked)):
            if operations:
                self.grant(resource, name, *operations)

    def test_those_that_are_documented_are_enough_for_each_program(self):
        cluster = self.cluster
        self.allow_only(topics=("Create", "Alter", "DescribeConfigs", "AlterConfigs"))
        cluster.migrate()
        cluster.environment.update(PENSTOCK_KAFKA_PARTITIONS="6", PENSTOCK_INBOX_RETENTION="60d")
        cluster.migrate()

        self.allow_only(topics=("Write", "DescribeConfigs"))
        bodies = [completed(deposit(unique("user"), 1)), completed(deposit(unique("user"), None))]
        with cluster.start_ingress():
            for body in bodies:
                cluster.ingress.accept(body)
            cluster.ingress.close()

        self.allow_only(topics=("Read", "DescribeConfigs"), groups=("Read",), parked=("Write",))
        with cluster.start_worker("payments") as worker:
            outcomes = eventually("both events are done", lambda: (
                found := cluster.psql("select outcome from inbox order by 1", cluster.name).split()) and
                len(found) == 2 and found)
            self.assertEqual(outcomes, ["applied", "parked"])
            self.assertEqual(worker.terminate(), 0)

        self.allow_only(topics=("Read", "DescribeConfigs"), groups=("Describe",))
        with cluster.start_admin():
            eventually("/readyz is 200", lambda: cluster.admin.get("/readyz").status == 200)
            cluster.wait_for_no_lag("payments")
            self.assertEqual(cluster.admin.event(key(bodies[0]))["body"], wire(bodies[0]).decode())
            cluster.admin.close()

    def test_while_its_topics_may_not_be_written_an_ingress_refuses_event_after_event_and_stays(self):
        self.cluster.migrate()
        with self.cluster.start_ingress() as program:
            self.cluster.ingress.accept(completed(deposit(unique("user"), 1)))
            self.allow_only(topics=("Read", "DescribeConfigs"))
            said = "Topic authorization failed"
            eventually("the log refuses", lambda: self.cluster.ingress.post(completed(deposit("u", 1))).status == 503
                       and said in program.tail())
            for _ in range(20):
                answer = self.cluster.ingress.post(completed(deposit("u", 1)))
                self.assertEqual(answer.status, 503, answer)
            self.assertEqual(program.terminate(), 0)
            self.cluster.ingress.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
