"""`deploy/up` with the programs of this build: the check, and the cluster that it starts on servers of its own."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness.http_client import Http, eventually
from harness.programs import BIN, KAFKA_HOME, ROOT, free_port

UP = ROOT / "deploy" / "up"
NEEDED = ("java", "mvn", "redis-server", "redis-cli", "/usr/lib/postgresql/15/bin/postgres")


def environment(**more: str) -> dict[str, str]:
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PENSTOCK_", "STRIPE_"))}
    return {**base, **more}


def free_address() -> str:
    return f"127.0.0.1:{free_port()}"


def is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def folder_with_a_blank() -> tempfile.TemporaryDirectory:
    """Every user may pass through it: as root PostgreSQL runs as another one."""
    folder = tempfile.TemporaryDirectory(prefix="penstock e2e ")
    os.chmod(folder.name, 0o711)
    return folder


class Check(unittest.TestCase):
    def test_it_shows_the_effect_of_an_event_sent_twice_and_leaves_nothing(self):
        with folder_with_a_blank() as folder:
            done = subprocess.run([UP, "--check"], env=environment(TMPDIR=folder, PENSTOCK_PROGRAMS=str(BIN)),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(done.stdout.splitlines()[-1], "ok: paid once, credited once")
            self.assertEqual(os.listdir(folder), [])

    def test_help_says_what_it_takes_and_starts_nothing(self):
        done = subprocess.run([UP, "--help"], env=environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("--check", "--cluster", "PENSTOCK_PROGRAMS", "Exit codes"):
            self.assertIn(word, done.stdout)


class RunningCluster:
    """`deploy/up --cluster` until it is stopped. `said` is what it prints, by the first word of the line."""

    def __init__(self, folder: str):
        self.stdout, self.stderr = pathlib.Path(folder, "stdout"), pathlib.Path(folder, "stderr")
        with self.stdout.open("w") as stdout, self.stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                [UP, "--cluster"], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                env=environment(PENSTOCK_PROGRAMS=str(BIN), PENSTOCK_KAFKA_HOME=str(KAFKA_HOME),
                                PENSTOCK_DATA_DIR=f"{folder}/data", PENSTOCK_LISTEN=free_address(),
                                PENSTOCK_ADMIN_LISTEN=free_address(), PENSTOCK_METRICS_LISTEN=free_address()))

    def wait_until_it_serves(self):
        eventually("the cluster serves", lambda: self.has_ended() or "Ctrl-C" in self.stdout.read_text(), 120)
        assert not self.has_ended(), self.stderr.read_text()
        text = self.stdout.read_text()
        self.metrics = re.findall(r"http://(\S+)/metrics   (\S.*)", text)
        self.send = re.search(r"^try +(.*)$", text, re.MULTILINE)[1]

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def complaint(self, start: str) -> str | None:
        """The line of stderr that starts so."""
        return next((line for line in self.stderr.read_text().splitlines() if line.startswith(start)), None)

    def children(self) -> dict[int, str]:
        """The names of the servers and programs it has started, by process id."""
        pid, names = self.process.pid, {}
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # its own sleep between two looks ends
                names[int(child)] = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
        return {child: name for child, name in names.items() if name != "sleep"}

    def stop(self) -> int:
        """SIGTERM, and its exit code; what does not end by that is killed."""
        children = self.children()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(100)
        except subprocess.TimeoutExpired:
            for pid in (self.process.pid, *children):
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if not self.has_ended():
            self.stop()
        if failed:
            print(f"--- {UP} --cluster said:\n{self.stdout.read_text()}{self.stderr.read_text()}", flush=True)


class ClusterOfItsOwn(unittest.TestCase):
    def setUp(self):
        missing = [name for name in NEEDED if shutil.which(name) is None]
        if missing:
            self.skipTest(f"NOT TESTED: deploy/up --cluster needs {', '.join(missing)}")

    def send_applies_an_event(self, cluster: RunningCluster):
        """What it says under "try", in a shell."""
        done = subprocess.run(["bash", "-c", cluster.send], env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, (cluster.send, done))
        self.assertIn('"status":"paid"', done.stdout)

    def every_program_is_ready(self, cluster: RunningCluster):
        for address, name in cluster.metrics:
            http = Http(address)
            eventually(f"{name} is ready", lambda: http.get("/readyz").status == 200)
            self.assertIn("penstock_build_info", http.get("/metrics").body.decode(), name)
            http.close()

    def test_it_says_where_everything_is_goes_on_without_redis_and_stops_all_of_it(self):
        with folder_with_a_blank() as folder, RunningCluster(folder) as cluster:
            cluster.wait_until_it_serves()
            self.assertEqual([name.split(",")[0] for _, name in cluster.metrics],
                             ["penstock-admin", "penstock-worker payments", "penstock-worker subscriptions",
                              "penstock-worker payouts", "penstock-worker partners", "penstock-worker ads",
                              "penstock-worker reports", "penstock-worker users", "penstock-worker connectors",
                              "penstock-worker outbound", "penstock-worker unrouted", "penstock-worker deliveries", "penstock-ingress"])
            self.assertEqual(len({address for address, _ in cluster.metrics}), 13)
            self.every_program_is_ready(cluster)
            self.send_applies_an_event(cluster)

            started = cluster.children()
            self.assertEqual(len(started), 16, started)
            redis = next(pid for pid, name in started.items() if name == "redis-server")
            os.kill(redis, signal.SIGKILL)
            said = eventually("it says that Redis has ended", lambda: cluster.complaint("redis has ended"))
            self.assertIn("The rest goes on", said)
            self.every_program_is_ready(cluster)
            self.send_applies_an_event(cluster)
            self.assertEqual(cluster.children().keys(), started.keys() - {redis})

            self.assertEqual(cluster.stop(), 0)
            self.assertEqual([name for pid, name in started.items() if is_alive(pid)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
