"""Measures both sides of each comparison in turn, several times, and prints the table. Started by tests/bench/run."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Callable
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness.events import completed, deposit  # noqa: E402
from harness.http_client import Http, eventually  # noqa: E402
from harness.programs import BIN, SECRET, Cluster, Program, Standalone, free_port  # noqa: E402

KAFKA = os.environ.get("PENSTOCK_TEST_KAFKA", "")
POSTGRES = os.environ.get("PENSTOCK_TEST_POSTGRES", "").rsplit("/", 1)[0]
REDIS_PORT = urlsplit(os.environ.get("PENSTOCK_TEST_REDIS", "")).port
CLOCK_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Effort:
    rounds: int     # that count; one more comes first, to warm up and to learn how many events fill a slice
    slice_s: float  # of each side in each round


FULL = Effort(rounds=9, slice_s=1.0)
QUICK = Effort(rounds=1, slice_s=0.2)


@dataclasses.dataclass(frozen=True)
class Sample:
    events: int
    seconds: float
    cpu_s: float | None = None  # of the program under test
    server_cpu_s: float | None = None  # of the database that it uses
    p50_s: float | None = None  # of the answers
    p99_s: float | None = None

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_s / self.events * 1e6

    @property
    def server_cpu_us(self) -> float:
        return self.server_cpu_s / self.events * 1e6


class Side:
    """One side of comparisons. `run(events)` does the work once."""

    def __init__(self, name: str, run: Callable[[int], Sample], first_events: int, at_least: int = 1):
        self.name, self._run, self._events, self._at_least = name, run, first_events, at_least
        self.samples: list[Sample] = []

    def measure(self, effort: Effort, counts: bool):
        sample = self._run(self._events)
        self._events = max(int(sample.rate * effort.slice_s), self._at_least)
        if counts:
            self.samples.append(sample)


def interleave(effort: Effort, *sides: Side):
    for number in range(effort.rounds + 1):
        for side in sides if number % 2 == 0 else reversed(sides):
            side.measure(effort, counts=number > 0)


@dataclasses.dataclass(frozen=True)
class Line:
    what: str
    ours: str
    other: str = ""
    ratio: str = ""
    spread: str = ""
    aim: str = ""


def compare(what: str, ours: Side, other: Side, aim: float | None = None) -> Line:
    ratios = [a.rate / b.rate for a, b in zip(ours.samples, other.samples)]
    return Line(what, f"{median_rate(ours):,.0f}/s", f"{median_rate(other):,.0f}/s", *spread(ratios),
                "" if aim is None else f"≥ {aim:g}")


def compare_cpu(what: str, ours: Side, other: Side, aim: float | None = None, of: str = "cpu_us") -> Line:
    ratios = [getattr(b, of) / getattr(a, of) for a, b in zip(ours.samples, other.samples) if getattr(a, of) > 0]
    cpu = [f"{statistics.median(getattr(s, of) for s in side.samples):.1f} µs" for side in (ours, other)]
    return Line(what, *cpu, *spread(ratios), "" if aim is None else f"≥ {aim:g}")


def compare_waits(what: str, ours: Side, other: Side, aim: float) -> Line:
    """Each side's p50 / p99, and how many times our p50 our p99 is."""
    return Line(what, waits_of(ours), waits_of(other), *spread([s.p99_s / s.p50_s for s in ours.samples]), f"≤ {aim:g}")


def waits_of(side: Side) -> str:
    return " / ".join(f"{1000 * statistics.median(getattr(s, name) for s in side.samples):.1f}"
                      for name in ("p50_s", "p99_s")) + " ms"


def median_rate(side: Side) -> float:
    return statistics.median(s.rate for s in side.samples)


def spread(ratios: list[float]) -> tuple[str, str]:
    return f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"


def run_checked(name: str, *arguments) -> str:
    done = subprocess.run([str(BIN / name), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return done.stdout


def run_program(name: str, *arguments) -> Sample:
    return Sample(**json.loads(run_checked(name, *arguments)))


class Server:
    """bench_ingress or bench_bare_ingress."""

    def __init__(self, name: str, *arguments: str):
        self.process = subprocess.Popen([str(BIN / name), "--secret", SECRET, *arguments], stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["listening"].rsplit(":", 1)[1]

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * CLOCK_TICK_S

    def load(self, connections: int, events: int, *door) -> Sample:
        before = self.cpu_s()
        sample = run_program("bench_load", "--port", self.port, "--secret", SECRET, "--connections", connections,
                             "--events", events, "--distinct", 4096, *door)
        return dataclasses.replace(sample, cpu_s=self.cpu_s() - before)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def measure_ingress(effort: Effort) -> list[Line]:
    lines = []
    with Server("bench_ingress") as penstock, Server("bench_bare_ingress") as bare:
        for connections in (64, 256):
            sides = [Side(name, lambda events, s=server: s.load(connections, events), 5_000, at_least=2_000)
                     for name, server in (("ingress", penstock), ("bare", bare))]
            interleave(effort, *sides)
            lines.append(compare(f"ingress requests, {connections} connections : bare Beast + HMAC", *sides, aim=0.55))
            lines.append(compare_cpu(f"ingress CPU a request, {connections} connections : bare", *sides))
    return lines


SENDERS = 10_000


def measure_doors(effort: Effort) -> list[Line]:
    return measure_door(effort, "partners") + measure_door(effort, "connectors")


def measure_door(effort: Effort, door: str) -> list[Line]:
    """What a door that knows many senders costs, itself and Stripe's beside it."""
    with Server("bench_ingress") as alone, Server("bench_ingress", f"--{door}", str(SENDERS)) as loaded:
        def side(name: str, server: Server, *arguments) -> Side:
            return Side(name, lambda events: server.load(64, events, *arguments), 5_000, at_least=2_000)

        stripe, among = side("Stripe", alone), side(f"Stripe among {door}", loaded)
        senders = side(door, loaded, "--door", door, "--senders", SENDERS)
        interleave(effort, stripe, among, senders)
    return [compare(f"posts of {SENDERS:,} {door} in turn : Stripe's", senders, among, aim=0.85),
            compare_cpu(f"CPU a post of {SENDERS:,} {door} in turn : Stripe's", senders, among),
            compare(f"Stripe's posts with {SENDERS:,} {door} known : with none", among, stripe, aim=0.97),
            compare_cpu(f"CPU a post of Stripe's with {SENDERS:,} {door} known : with none", among, stripe)]


def measure_kafka(effort: Effort) -> list[Line]:
    prefix, connections = f"bench-{secrets.token_hex(6)}.", 256
    with Server("bench_ingress", "--kafka", KAFKA, "--topic-prefix", prefix) as penstock, \
            Server("bench_bare_ingress", "--kafka", KAFKA, "--topic", prefix + "payments") as bare:
        sides = [Side(name, lambda events, s=server: s.load(connections, events), 5_000, at_least=2_000)
                 for name, server in (("ingress", penstock), ("bare", bare))]
        interleave(effort, *sides)
    what = f"Kafka, {connections} connections"
    return [compare(f"events acknowledged by {what} : bare Beast + HMAC + librdkafka", *sides, aim=0.9),
            compare_cpu(f"CPU an event, {what} : bare", *sides, aim=0.74),
            compare_waits(f"p50 / p99, {what} : bare; the ratio is p99 to p50", *sides, aim=3)]


def psql(database: str, *statements: str) -> str:
    commands = [argument for statement in statements for argument in ("-c", statement)]
    return subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", f"{POSTGRES}/{database}", *commands],
                          capture_output=True, text=True, check=True).stdout.strip()


class Databases:
    """A fresh, migrated database for every measurement."""

    TABLES = ("inbox", "checkout_sessions", "payment_intents", "charges", "outbox")

    def __init__(self):
        self.template = "bench_" + secrets.token_hex(6)

    def __enter__(self):
        psql("postgres", f"create database {self.template}")
        subprocess.run([str(BIN / "bench_worker"), "--store", f"{POSTGRES}/{self.template}", "--events", "0"], check=True)
        return self

    def __exit__(self, *_):
        psql("postgres", f"drop database {self.template} with (force)")

    @contextlib.contextmanager
    def fresh(self):
        name = self.template + "_run"
        psql("postgres", f"create database {name} template {self.template}", "checkpoint")
        try:
            yield name
        finally:
            psql("postgres", f"drop database {name} with (force)")

    def apply(self, program: str, events: int, *arguments) -> Sample:
        with self.fresh() as database:
            sample = run_program(program, "--store", f"{POSTGRES}/{database}", "--events", events, *arguments)
            self.check_rows(database, events)
            return sample

    def check_rows(self, database: str, events: int):
        """Every side has written the same: one session or one charge an event, and one of each of the others."""
        counts = [int(psql(database, f"select count(*) from {table}")) for table in self.TABLES]
        sessions, charges = (events + 1) // 2, events // 2
        assert counts == [events, sessions, events, charges, events], (self.TABLES, counts, events)

    def apply_mix(self, events: int) -> Sample:
        events -= events % 4  # a guest's session and intent, a depositor's session and intent
        with self.fresh() as database:
            sample = run_program("bench_worker", "--store", f"{POSTGRES}/{database}", "--events", events, "--deposits",
                                 "--redis-port", REDIS_PORT, "--kafka", KAFKA,
                                 "--topic-prefix", f"bench-{secrets.token_hex(6)}.")
            counts = [int(psql(database, f"select count(*) from {table}"))
                      for table in ("inbox", "payment_intents", "ledger_entries")]
            assert counts == [events, events // 2, events // 2], (counts, events)
            return sample


def measure_worker(effort: Effort) -> list[Line]:
    with Databases() as databases:
        def side(name: str, program: str, first_events: int, *arguments) -> Side:
            return Side(name, lambda events: databases.apply(program, events, *arguments), first_events, at_least=100)

        single = side("one transaction an event", "bench_postgres_loop", 200, "--batch", 1)
        worker = side("worker", "bench_worker", 5_000)
        worker_redis = side("worker with Redis", "bench_worker", 5_000, "--redis-port", REDIS_PORT)
        batched = side("unnest + CTE", "bench_postgres_loop", 5_000, "--batch", 500)
        interleave(effort, single, worker, batched, worker_redis)
    return [compare("worker events : one transaction an event", worker, single, aim=8),
            compare("worker events : unnest + CTE by 500", worker, batched, aim=0.8),
            compare("worker events with Redis : unnest + CTE by 500", worker_redis, batched, aim=0.8)]


def measure_mix(effort: Effort) -> list[Line]:
    with Databases() as databases:
        mix = Side("checkouts and deposits", databases.apply_mix, 5_000, at_least=400)
        batched = Side("unnest + CTE", lambda events: databases.apply("bench_postgres_loop", events, "--batch", 500), 5_000,
                       at_least=100)
        interleave(effort, mix, batched)
    what = "checkouts and deposits from Kafka, with Redis"
    return [compare(f"{what} : unnest + CTE of simple events", mix, batched),
            Line(f"CPU an event of the worker, {what}", f"{statistics.median(s.cpu_us for s in mix.samples):.1f} µs")]


def measure_ads(effort: Effort) -> list[Line]:
    with Databases() as databases:
        def count(events: int, *arguments) -> Sample:
            with databases.fresh() as database:
                return run_program("bench_impressions", "--store", f"{POSTGRES}/{database}", "--events", events, *arguments)

        worker = Side("counted in batches", lambda events: count(events, "--as", "worker"), 20_000, at_least=1_000)
        update = Side("an UPDATE each", lambda events: count(events, "--as", "update"), 200, at_least=100)
        interleave(effort, worker, update)
    return [compare("impressions of one ad, counted exactly : an UPDATE each", worker, update, aim=20)]


STANDALONE_CONNECTIONS = 64


def sync_loop(file: pathlib.Path, count: int) -> Sample:
    """Writes a page of 4 KiB over old ones and waits for the disk, `count` times: the least that one commit costs."""
    page, pages = os.urandom(4096), 256
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, page * pages, 0)
        os.fsync(descriptor)
        start = time.monotonic()
        for number in range(count):
            os.pwrite(descriptor, page, number % pages * len(page))
            os.fdatasync(descriptor)
        return Sample(count, time.monotonic() - start)
    finally:
        os.close(descriptor)


def sync_line(sync: Side) -> Line:
    took = [1000 / sample.rate for sample in sync.samples]
    return Line("fdatasync of a page, in the same rounds as the next lines", f"{statistics.median(took):.3g} ms",
                spread=f"{min(took):.3g} to {max(took):.3g} ms")


def compare_with_bound(ours: Side, sync: Side, diskless: Side, aim: float) -> Line:
    """No more can be acknowledged than one event of each connection with every fdatasync, nor more than the listener
    takes in when its log is no disk at all. The lesser of the two is the bound."""
    bounds = [Sample(1, 1 / min(STANDALONE_CONNECTIONS * s.rate, d.rate)) for s, d in zip(sync.samples, diskless.samples)]
    bound = Side("bound", lambda _: None, 0)
    bound.samples = bounds
    disk = sum(STANDALONE_CONNECTIONS * s.rate < d.rate for s, d in zip(sync.samples, diskless.samples))
    limit = "the disk" if 2 * disk > len(bounds) else "the ingress"
    return compare(f"standalone events acknowledged, {STANDALONE_CONNECTIONS} connections : bound of {limit}", ours, bound,
                   aim)


class Sink:
    """bench_sink."""

    def __init__(self):
        self.process = subprocess.Popen([str(BIN / "bench_sink")], stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["listening"].rsplit(":", 1)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Outgoing:
    """What sends to a sink, each time from a fresh database, and is checked to have sent each event once."""

    def __init__(self, databases: Databases, sink: Sink):
        self._databases, self._sink = databases, sink
        self._postgres = psql("postgres", "select pg_read_file('postmaster.pid')").splitlines()[0]

    def pool(self, events: int, *arguments) -> Sample:
        with self._databases.fresh() as database:
            sample = self._run("bench_deliveries", database, events, *arguments)
            sent = psql(database, "select count(*), sum(attempts) from deliveries where status = 'succeeded'",
                        "select count(*) from delivery_attempts where status_code = 200")
            assert sent.split() == [f"{events}|{events}", f"{events}"], (sent, events)
            return sample

    def loop(self, events: int, *arguments) -> Sample:
        with self._databases.fresh() as database:
            sample = self._run("bench_delivery_loop", database, events, *arguments)
            sent = psql(database, "select count(*), sum(attempts) from jobs where status = 'succeeded'",
                        "select count(*) from job_attempts")
            assert sent.split() == [f"{events}|{events}", f"{events}"], (sent, events)
            return sample

    def _run(self, program: str, database: str, events: int, *arguments) -> Sample:
        return run_program(program, "--store", f"{POSTGRES}/{database}", "--postgres", self._postgres, "--sink",
                           self._sink.port, "--events", events, *arguments)


def measure_deliveries(effort: Effort) -> list[Line]:
    with Databases() as databases, Sink() as sink:
        outgoing = Outgoing(databases, sink)
        return [*measure_backlog(effort, outgoing), *measure_pace(effort, outgoing), *measure_dead(effort, outgoing)]


def measure_backlog(effort: Effort, outgoing: Outgoing) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sync = Side("fdatasync", lambda count: sync_loop(pathlib.Path(folder) / "synced", count), 50, at_least=20)
        lines = compare_deliveries(effort, outgoing, sync)
    return [sync_line(sync), *lines]


def compare_deliveries(effort: Effort, outgoing: Outgoing, sync: Side) -> list[Line]:
    """How far apart the two are depends on what a commit costs, so that is timed in the same rounds."""
    lines = []
    for path, answered, counts in (("now", "", (1, 10, 1_000)), ("after/5", " that answer after 5 ms", (10, 1_000))):
        for endpoints in counts:
            to = ("--endpoints", endpoints, "--path", path)
            pool = Side("pool", lambda events: outgoing.pool(events, "--as", "backlog", *to), 1_000, at_least=200)
            loop = Side("loop", lambda events: outgoing.loop(events, *to), 100, at_least=50)
            interleave(effort, pool, sync, loop)
            name = f"{endpoints:,} endpoint" + ("s" if endpoints > 1 else "") + answered
            lines.append(compare(f"deliveries to {name} : plain loop", pool, loop, aim=5))
            lines.append(compare_cpu(f"CPU a delivery, {name} : plain loop", pool, loop))
            lines.append(compare_cpu(f"PostgreSQL's CPU a delivery, {name} : plain loop", pool, loop, of="server_cpu_us"))
    return lines


PACE = 200


def at_pace(effort: Effort) -> Effort:
    """Longer slices and fewer of them: a p99 needs many events."""
    return effort if effort is QUICK else Effort(rounds=5, slice_s=10.0)


def measure_pace(effort: Effort, outgoing: Outgoing) -> list[Line]:
    quiet = Side("quiet", lambda events: outgoing.pool(events, "--as", "paced", "--rate", PACE, "--endpoints", 10), 40)
    interleave(at_pace(effort), quiet)
    worst = [1000 * s.p99_s for s in quiet.samples]
    return [Line(f"p50 / p99 from outbox to receiver, {PACE} events/s to 10 endpoints", waits_of(quiet),
                 spread=f"p99 {min(worst):.1f} to {max(worst):.1f} ms")]


def measure_dead(effort: Effort, outgoing: Outgoing) -> list[Line]:
    with Sink() as dead:
        def side(name: str, *arguments) -> Side:
            return Side(name, lambda events: outgoing.pool(events, "--as", "paced", "--rate", PACE, "--endpoints", 100,
                                                           "--timeout-ms", 2_000, *arguments), 100, at_least=100)

        among, alone = side("among dead ones", "--dead", 10, "--dead-sink", dead.port), side("alone")
        interleave(at_pace(effort), among, alone)
    ratios = [a.p99_s / b.p99_s for a, b in zip(among.samples, alone.samples)]
    return [Line("p50 / p99 of 100 endpoints among 10 that never answer : without these; the ratio is p99 to p99",
                 waits_of(among), waits_of(alone), *spread(ratios), "≤ 1.2")]


FEED_EVENTS = 50_000
FEED_PAGE = 500


def read_feed(admin: Http, expected: int) -> Sample:
    """One client, page after page, as little as it can do with them."""
    start, pages, after = time.monotonic(), 0, ""
    while True:
        answer = admin.get(f"/v1/feed?limit={FEED_PAGE}&after={after}")
        assert answer.status == 200, answer
        cursor = re.search(rb'"next_after":"([^"]*)"}$', answer.body)[1].decode()
        if cursor == after or answer.body.startswith(b'{"data":[]'):
            break
        pages, after = pages + 1, cursor
    seconds = time.monotonic() - start
    assert pages == -(-expected // FEED_PAGE), (pages, expected)
    return Sample(expected, seconds)


def feed_line(effort: Effort, store: str, admin: Http, events: int) -> Line:
    reader = Side("reader", lambda _: read_feed(admin, events), events)
    interleave(effort, reader)
    rates = [s.rate for s in reader.samples]
    return Line(f"events read from the feed, {FEED_PAGE} a page, {store}", f"{median_rate(reader):,.0f}/s",
                spread=f"{min(rates):,.0f} to {max(rates):,.0f}/s")


def measure_feed(effort: Effort) -> list[Line]:
    events = FEED_EVENTS if effort is FULL else 2_000
    with Cluster(pools=()) as cluster:
        run_checked("bench_feed", "--store", cluster.environment["PENSTOCK_STORE"], "--events", events)
        postgres = feed_line(effort, "PostgreSQL", cluster.admin, events)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run_checked("bench_feed", "--store", f"sqlite:{folder}/state.db", "--events", events)
        with Standalone(folder) as standalone:
            sqlite = feed_line(effort, "SQLite", standalone.admin, events)
    return [postgres, sqlite]


def measure_standalone(effort: Effort) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("PENSTOCK_BENCH_DISK", BIN.parent)) as folder, \
            Standalone(folder + "/data") as standalone, Server("bench_ingress") as ingress:
        port = standalone.ingress.address.rsplit(":", 1)[1]
        files = iter(range(1_000_000))

        def drained() -> bool:
            pools = standalone.admin.get("/v1/pools")
            return pools.status == 200 and all(pool["lag"] == 0 for pool in pools.json["data"])

        def load(events: int) -> Sample:
            sample = run_program("bench_load", "--port", port, "--secret", SECRET, "--connections",
                                 STANDALONE_CONNECTIONS, "--events", events)
            eventually("the workers have applied all", drained, 120)  # so that the other sides have the disk alone
            return sample

        def loop(events: int) -> Sample:
            return run_program("bench_sqlite_loop", "--file", f"{folder}/loop-{next(files)}.db", "--events", events)

        penstock = Side("penstock", load, 2_000, at_least=500)
        plain = Side("one commit an event", loop, 100, at_least=50)
        sync = Side("fdatasync", lambda count: sync_loop(pathlib.Path(folder) / "synced", count), 50, at_least=20)
        diskless = Side("ingress without a disk", lambda events: ingress.load(STANDALONE_CONNECTIONS, events), 5_000,
                        at_least=2_000)
        interleave(effort, penstock, sync, diskless, plain)
    return [sync_line(sync), compare_with_bound(penstock, sync, diskless, aim=0.3),
            compare(f"standalone events acknowledged, {STANDALONE_CONNECTIONS} connections : one commit an event", penstock,
                    plain)]


PRUNED_RECORDS = 100_000
AGED_MS = 100 * 24 * 3600 * 1000


def age(folder: pathlib.Path):
    """Makes all that standalone holds older than it is to be kept."""
    for file, sql in (("log.db", "UPDATE records SET appended_at = appended_at - ?"),
                      ("state.db", "UPDATE inbox SET received_at = received_at - ?")):
        with contextlib.closing(sqlite3.connect(folder / file)) as database:
            database.execute(sql, (AGED_MS,))
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Acknowledgements:
    """How long each takes while one event after another is posted, and how large the files come to be."""

    def __init__(self, standalone: Standalone):
        self.took_ms: list[float] = []
        self.wal_bytes = 0
        self._standalone, self._folder = standalone, pathlib.Path(standalone.folder)

    def watch(self, until: Callable[[], bool]) -> "Acknowledgements":
        while not until():
            start = time.monotonic()
            self._standalone.ingress.accept(completed(deposit("u_bench", 1)))
            self.took_ms.append(1000 * (time.monotonic() - start))
            self.wal_bytes = max(self.wal_bytes, *(wal.stat().st_size for wal in self._folder.glob("*-wal")))
        return self

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.took_ms, n=1000)
        return f"{cuts[499]:.1f} / {cuts[989]:.1f} / {max(self.took_ms):.1f} ms"


def shrinks_no_more(file: pathlib.Path, seconds: float) -> Callable[[], bool]:
    """Whether the file has not become smaller than it was for so long."""
    least = [file.stat().st_size, time.monotonic()]

    def check() -> bool:
        if (size := file.stat().st_size) < least[0]:
            least[:] = [size, time.monotonic()]
        return time.monotonic() - least[1] > seconds

    return check


def measure_pruning(effort: Effort) -> list[Line]:
    records, patience_s = (PRUNED_RECORDS, 20) if effort is FULL else (5_000, 2)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("PENSTOCK_BENCH_DISK", BIN.parent)) as folder:
        data = pathlib.Path(folder) / "data"
        with Standalone(str(data)) as standalone:
            run_program("bench_load", "--port", standalone.ingress.address.rsplit(":", 1)[1], "--secret", SECRET,
                        "--connections", STANDALONE_CONNECTIONS, "--events", records)
            eventually("the workers have applied all",
                       lambda: all(pool["lag"] == 0 for pool in standalone.admin.get("/v1/pools").json["data"]), 600)
            standalone.program.terminate()
        full = (data / "log.db").stat().st_size
        age(data)
        with Standalone(str(data)) as standalone:
            start = time.monotonic()
            busy = Acknowledgements(standalone).watch(shrinks_no_more(data / "log.db", patience_s))
            seconds = time.monotonic() - start
            quiet = Acknowledgements(standalone).watch(lambda: time.monotonic() > start + 2 * seconds)
        left = (data / "log.db").stat().st_size
    late = max(busy.took_ms) - statistics.median(quiet.took_ms)
    return [Line(f"acknowledgements while {records:,} records are pruned, median / p99 / worst : none pruned", str(busy),
                 str(quiet)),
            Line("the latest of them, beyond the median of those with none pruned", f"{late:.1f} ms", aim="≤ 50 ms"),
            Line("log.db before : after", f"{full / 1e6:,.0f} MB", f"{left / 1e6:,.0f} MB"),
            Line("the larger write-ahead log at its largest", f"{busy.wal_bytes / 1e6:.1f} MB")]


def memory_kb(pid: int, what: str) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1])
    raise AssertionError(f"process {pid} has no {what}")


def idle_rss(pid: int) -> int:
    """Once it has not changed for a second."""
    last = [memory_kb(pid, "VmRSS"), time.monotonic()]

    def steady() -> int | None:
        now = memory_kb(pid, "VmRSS")
        if now != last[0]:
            last[:] = [now, time.monotonic()]
        return now if time.monotonic() - last[1] > 1 else None

    return eventually("memory is steady", steady, 30)


def measure_memory() -> list[Line]:
    with Standalone() as standalone:
        found = {"penstock": idle_rss(standalone.program.process.pid)}
    with Cluster() as cluster:
        for program in cluster.programs():
            found[program.name] = idle_rss(program.process.pid)
    aims = {"penstock-ingress": "≤ 32 MB"}
    return [Line(f"{name}, idle RSS", f"{kb / 1024:.1f} MB", aim=aims.get(name, ""))
            for name, kb in sorted(found.items())]


MANY_SETTINGS = 100_000


class Starts:
    """Of an ingress that is to know many settings."""

    def __init__(self, cluster: Cluster, count: int):
        self._cluster, self._count = cluster, count
        self._took_s: list[float] = []
        self._largest_kb = 0

    def measure(self, data: pathlib.Path, known: Callable[[Program], object], **environment: str):
        start = time.monotonic()
        with Program("penstock-ingress", [], {**self._cluster.environment, "PENSTOCK_DATA_DIR": str(data),
                                              "PENSTOCK_METRICS_LISTEN": "127.0.0.1:0", **environment}) as ingress:
            eventually("all settings are known", lambda: known(ingress), 60)
            self._took_s.append(time.monotonic() - start)
            ingress.address("ingress")
            eventually("the copy is written", (data / "settings.copy").exists)
            idle_rss(ingress.process.pid)
            self._largest_kb = max(self._largest_kb, memory_kb(ingress.process.pid, "VmHWM"))
            assert ingress.terminate() == 0, ingress.tail()

    def lines(self, what: str) -> list[Line]:
        start = f"{statistics.median(self._took_s):.2f} s", f"{min(self._took_s):.2f} to {max(self._took_s):.2f} s"
        return [Line(f"start of penstock-ingress with {self._count:,} settings {what}", start[0], spread=start[1], aim="≤ 3 s"),
                Line("its RSS at its largest", f"{self._largest_kb / 1024:.1f} MB", aim="≤ 200 MB")]


def measure_settings(effort: Effort) -> list[Line]:
    count, times = (100_000, 5) if effort is FULL else (2_000, 1)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Cluster(pools=()) as cluster:
        data = pathlib.Path(folder)
        assert cluster.admin_program.terminate() == 0  # it would take them all into its store
        run_checked("bench_settings", "--kafka", KAFKA, "--topic-prefix", cluster.environment["PENSTOCK_TOPIC_PREFIX"],
                    "--master-key", cluster.environment["PENSTOCK_MASTER_KEY"], "--settings", count)

        def knows_all(ingress: Program) -> bool:
            with contextlib.closing(Http(ingress.address("metrics"))) as metrics:
                return f"penstock_settings {count}\n".encode() in metrics.get("/metrics").body

        from_log, from_copy = Starts(cluster, count), Starts(cluster, count)
        for _ in range(times):
            (data / "settings.copy").unlink(missing_ok=True)
            from_log.measure(data, knows_all)
        for _ in range(times):  # before it listens it waits for the log, which may be there
            from_copy.measure(data, lambda ingress: ingress.logged("settings read from the copy", settings=str(count)),
                              PENSTOCK_LOG=f"kafka://127.0.0.1:{free_port()}")
    return from_log.lines("in the log") + from_copy.lines("in its copy, the log away")


def columns_of(head: tuple, rows: list[tuple]) -> str:
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def table(lines: list[Line]) -> str:
    return columns_of(("what : compared with", "Penstock", "other", "ratio", "lowest to highest", "aim"),
                      [dataclasses.astuple(line) for line in lines])


PARTS = {"ingress": measure_ingress, "doors": measure_doors, "kafka": measure_kafka, "worker": measure_worker,
         "mix": measure_mix, "ads": measure_ads, "deliveries": measure_deliveries, "feed": measure_feed,
         "standalone": measure_standalone, "pruning": measure_pruning, "settings": measure_settings, "memory": lambda _: measure_memory()}


def main():
    words = sys.argv[1:]
    effort = QUICK if "--quick" in words else FULL
    chosen = [word for word in words if word in PARTS] or list(PARTS)
    print(table([line for part in chosen for line in PARTS[part](effort)]))


if __name__ == "__main__":
    main()
