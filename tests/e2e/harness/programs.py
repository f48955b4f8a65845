"""Starts the built programs, waits for their `listening` lines, and ends them by their process id."""

import base64
import contextlib
import json
import os
import pathlib
import random
import secrets
import signal
import socket
import subprocess
import tempfile
import threading

from .http_client import Admin, Ingress, eventually

BIN = pathlib.Path(os.environ["PENSTOCK_BIN_DIR"])
ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULES = ROOT / "build" / "node"  # where tests/run installs package.json
KAFKA_HOME = pathlib.Path(os.environ.get("PENSTOCK_KAFKA_HOME") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "penstock" / "kafka-3.9.1")
SECRET = "whsec_e2e_" + secrets.token_hex(12)
TOKEN = "e2e-token-" + secrets.token_hex(12)
MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


def free_port() -> int:
    """Below those that the kernel gives to whoever asks for any: a server may take seconds until it listens."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port := random.randrange(20_000, 32_000)))
            return port


class Program:
    """One running program. Its log goes to a file; every line of it is kept for the assertions."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str]):
        self.name = name
        base = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_") and k != "STRIPE_WEBHOOK_SECRET"}
        self.process = subprocess.Popen(
            [str(BIN / name), *arguments], env={**base, "PENSTOCK_LOG_FORMAT": "json", **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines: list[dict] = []
        self.output: list[str] = []
        self._readers = [threading.Thread(target=self._read, args=(stream,), daemon=True)
                         for stream in (self.process.stderr, self.process.stdout)]
        for reader in self._readers:
            reader.start()

    def _read(self, stream):
        for raw in stream:
            text = raw.decode(errors="replace").rstrip("\n")
            self.output.append(text)
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                self.lines.append(line)

    def logged(self, message: str, **attributes) -> dict | None:
        for line in list(self.lines):
            if line.get("message") == message and all(line.get(k) == v for k, v in attributes.items()):
                return line
        return None

    def address(self, listener: str) -> str:
        def found():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} exited with {self.process.returncode}:\n" + self.tail())
            return self.logged("listening", listener=listener)

        return eventually(f"{self.name} listens as {listener}", found, 60)["address"]

    def tail(self) -> str:
        return "\n".join(self.output[-40:])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.close()

    def terminate(self, seconds: float = 40) -> int:
        """SIGTERM, and its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end {seconds} s after SIGTERM:\n" + self.tail())
        self.close()
        return code

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, once it has ended by itself and all it said is read."""
        code = self.process.wait(seconds)
        self.close()
        return code

    def close(self):
        for reader in self._readers:
            reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if self.process.poll() is None:
            self.kill()
        self.close()
        if failed:
            print(f"--- last lines of {self.name}:\n{self.tail()}", flush=True)


class Standalone:
    """`penstock` on a data folder that outlives the process."""

    def __init__(self, folder: str | None = None, **environment: str):
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="penstock-e2e-")
        self.folder = folder or self._temporary.name
        self.environment = {"PENSTOCK_DATA_DIR": self.folder, "PENSTOCK_LISTEN": "127.0.0.1:0",
                            "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0", "PENSTOCK_ADMIN_TOKEN": TOKEN,
                            "STRIPE_WEBHOOK_SECRET": SECRET, **environment}
        self.program: Program | None = None

    def start(self) -> "Standalone":
        self.program = Program("penstock", [], self.environment)
        self.ingress = Ingress(self.program.address("ingress"), SECRET)
        self.admin = Admin(self.program.address("admin"), TOKEN)
        return self

    def kill(self):
        self.program.kill()
        self.close()

    def close(self):
        self.ingress.close()
        self.admin.close()
        self.program.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.program.__exit__(*failure)
        self.close()
        if self._temporary:
            self._temporary.cleanup()


class Postgres:
    """A PostgreSQL server of one test's own, which can be frozen."""

    START = """set -euo pipefail
        for file in packages processes servers; do source "$0/deploy/lib/$file.sh"; done
        trap stop_processes EXIT
        trap 'exit 0' TERM
        port=$(free_port)
        start_postgres "$1/postgres" "$port"
        echo "$port ${process_ids[0]}"
        wait"""

    def __enter__(self) -> "Postgres":
        self._folder = tempfile.TemporaryDirectory(prefix="penstock-e2e-")
        os.chmod(self._folder.name, 0o711)  # as root the server runs as another user
        self._script = subprocess.Popen(["bash", "-c", self.START, ROOT, self._folder.name], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        line = self._script.stdout.readline()
        assert line, "PostgreSQL did not start"
        port, pid = line.split()
        self.url, self._pid = f"postgresql://postgres@127.0.0.1:{port}/postgres", int(pid)
        return self

    @contextlib.contextmanager
    def frozen(self):
        """Every process of the server stops where it is; the kernel still takes connections for it."""
        try:
            self._signal(signal.SIGSTOP)
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals):
        os.kill(self._pid, number)  # first, so that there are no new ones
        for child in pathlib.Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split():
            os.kill(int(child), number)

    def __exit__(self, *_):
        self._script.terminate()
        self._script.wait(60)
        self._script.stdout.close()
        self._folder.cleanup()


class Broker:
    """A broker of the test's own, with settings over those of deploy/kafka/server.properties."""

    def __init__(self, *settings: str):
        self._folder = tempfile.TemporaryDirectory(prefix="penstock-e2e-")
        self._log = pathlib.Path(self._folder.name, "broker.log")
        self._ports = [str(free_port()) for _ in range(2)]
        self._settings = settings
        self.address = "127.0.0.1:" + self._ports[0]

    def start(self):
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(ROOT / "deploy/kafka/run-broker"), self._folder.name + "/data", *self._ports, *self._settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        eventually("the broker serves", self._serves, 60)

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def _serves(self) -> bool:
        said = self._log.read_text(errors="replace")
        assert self._process.poll() is None, "the broker ended:\n" + said
        return "Kafka Server started" in said

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()


class Cluster:
    """Ingress, workers and admin as separate processes on the real Kafka, Redis and PostgreSQL of tests/run, with
    topics and a database of its own; `postgres` is another server."""

    def __init__(self, pools: tuple[str, ...] = ("all",), postgres: str | None = None, **environment: str):
        self.name = "e2e_" + secrets.token_hex(6)
        self.pools = pools
        server = postgres or os.environ["PENSTOCK_TEST_POSTGRES"]
        self._server = server
        self.redis = os.environ["PENSTOCK_TEST_REDIS"]
        self.environment = {
            "PENSTOCK_LOG": "kafka://" + os.environ["PENSTOCK_TEST_KAFKA"],
            "PENSTOCK_REDIS": self.redis,
            "PENSTOCK_STORE": server.rsplit("/", 1)[0] + "/" + self.name,
            "PENSTOCK_TOPIC_PREFIX": self.name + ".",
            "PENSTOCK_LISTEN": "127.0.0.1:0",
            "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0",
            "PENSTOCK_ADMIN_TOKEN": TOKEN,
            "PENSTOCK_MASTER_KEY": MASTER_KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "PENSTOCK_KAFKA_PARTITIONS": "4",
            **environment,
        }
        self.workers: list[Program] = []

    def psql(self, sql: str, database: str | None = None) -> str:
        url = self._server if database is None else self._server.rsplit("/", 1)[0] + "/" + database
        done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url, "-c", sql],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def redis_cli(self, *command: str) -> list[str]:
        return subprocess.run(["redis-cli", "-u", self.redis, *command], capture_output=True, text=True,
                              check=True).stdout.splitlines()

    def store_id(self) -> str:
        return self.psql("select id from penstock_store", self.name)

    def seen(self) -> dict[str, str]:
        """What Redis knows of this deployment: event key -> "topic/partition/offset"."""
        prefix = f"penstock:{self.store_id()}:seen:"
        keys = self.redis_cli("--scan", "--pattern", prefix + "*")
        values = self.redis_cli("MGET", *keys) if keys else []
        return dict(zip((key.removeprefix(prefix) for key in keys), values, strict=True))

    def forget_seen(self):
        """Empties Redis, as far as it is this deployment's: others share the server."""
        keys = self.redis_cli("--scan", "--pattern", f"penstock:{self.store_id()}:*")
        if keys:
            self.redis_cli("DEL", *keys)

    def pool(self, name: str) -> dict:
        return next(p for p in self.admin.get("/v1/pools").json["data"] if p["name"] == name)

    def wait_for_no_lag(self, pool: str):
        eventually(f"no lag of {pool}", lambda: self.pool(pool)["lag"] == 0)

    def migrate(self):
        with Program("penstock-admin", ["migrate"], self.environment) as migration:
            assert migration.wait() == 0, migration.tail()

    def start_ingress(self) -> Program:
        """Returns once it is ready: what an ingress gets before then it may refuse, for its sender to send again."""
        self.ingress_program = Program("penstock-ingress", [], self.environment)
        self.ingress = Ingress(self.ingress_program.address("ingress"), SECRET)
        eventually("the ingress is ready", lambda: self.ingress.get("/readyz").status == 200)
        return self.ingress_program

    def start_worker(self, pool: str = "all") -> Program:
        worker = Program("penstock-worker", ["--pool", pool], self.environment)
        self.workers.append(worker)
        return worker

    def start(self) -> "Cluster":
        self.psql(f"create database {self.name}")
        self.migrate()
        self.start_ingress()
        for pool in self.pools:
            self.start_worker(pool)
        self.start_admin()
        return self

    def start_admin(self) -> Program:
        self.admin_program = Program("penstock-admin", [], self.environment)
        self.admin = Admin(self.admin_program.address("admin"), TOKEN)
        return self.admin_program

    def programs(self) -> list[Program]:
        return [self.ingress_program, self.admin_program, *self.workers]

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        for program in self.programs():
            program.__exit__(*failure)
        self.ingress.close()
        self.admin.close()
        self.psql(f"drop database {self.name} with (force)")
