"""Lists and filters of the admin API over many rows, on both stores, and what their indexes cost the workers. Started by
`tests/bench/run lists [--rows N] [--store postgres|sqlite]`."""

import argparse
import contextlib
import dataclasses
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from typing import Callable, Iterator

from measure import (FULL, QUICK, Databases, Effort, Line, Sample, Side, columns_of, compare, interleave, psql,
                     run_program, table)
from harness import events
from harness.programs import BIN, Cluster, Standalone

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "sql"
DAYS = 30 * 86_400_000  # over which the rows lie, in milliseconds


# --- rows --------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Dialect:
    """SQL expressions over `g`, the number of a row."""
    hex: Callable[[str], str]  # eight digits, another for every number
    at: Callable[[int, float], str]  # a time, so many milliseconds after another for each row
    true: str
    json: Callable[[str], str]
    numbers: Callable[[int, int], str]  # a table g(g)


POSTGRES = Dialect(
    hex=lambda n: f"lpad(to_hex((({n})::bigint * 2654435761) % 4294967296), 8, '0')",
    at=lambda start, step: f"to_timestamp(({start} + floor(g * {step})) / 1000.0)",
    true="true",
    json=lambda text: f"({text})::json",
    numbers=lambda first, end: f"generate_series({first}::bigint, {end - 1}) AS g(g)")
SQLITE = Dialect(
    hex=lambda n: f"printf('%08x', (({n}) * 2654435761) % 4294967296)",
    at=lambda start, step: f"({start} + CAST(g * {step} AS INTEGER))",
    true="1",
    json=lambda text: text,
    numbers=lambda first, end: f"(WITH RECURSIVE n(g) AS (SELECT {first} UNION ALL SELECT g + 1 FROM n WHERE g + 1 < "
                               f"{end}) SELECT g FROM n) AS g")


@dataclasses.dataclass(frozen=True)
class Rows:
    """What differs from the row that a real event has left; the row is there once for each number that `which` takes."""
    table: str
    values: dict[str, str]
    which: str = "true"
    template: str = "true"


def rows_of(d: Dialect, start: int, step: float, users: int) -> list[Rows]:
    """Each of the users, customers and accounts has a few rows that are near one another, and one of each a great part of
    all; what is rare or old is among the first."""
    h, at = d.hex, d.at(start, step)
    user, customer = f"'u_' || {h('g / 20')}", f"'cus_' || {h('g / 20')}"
    stamps = {"created_at": at, "updated_at": at}

    def one(prefix: str) -> dict[str, str]:
        return {"key": f"'live:{prefix}_' || {h('g')}", "id": f"'{prefix}_' || {h('g')}", "livemode": d.true, **stamps}

    named = {"customer": f"CASE WHEN g % 5 = 0 THEN 'cus_heavy' WHEN g % 3 = 0 THEN {customer} END",
             "user_id": f"CASE WHEN g % 7 = 0 THEN 'u_heavy' WHEN g % 2 = 0 THEN {user} END"}
    return [
        Rows("inbox", {
            "key": f"CASE WHEN g < 20 THEN 'partner/acme' ELSE 'stripe' END || ':evt_' || {h('g')}",
            "source": "CASE WHEN g < 20 THEN 'partner/acme' ELSE 'stripe' END",
            "type": "CASE WHEN g < 20 THEN 'charge.dispute.closed' WHEN g < 500 THEN 'invoice.paid' WHEN g % 10 = 9 THEN "
                    "'customer.subscription.updated' WHEN g % 2 = 0 THEN 'checkout.session.completed' ELSE "
                    "'payment_intent.succeeded' END",
            "outcome": "CASE WHEN g < 20 THEN 'unroutable' WHEN g % 100 = 7 THEN 'parked' WHEN g % 20 = 3 THEN 'stale' "
                       "ELSE 'applied' END",
            "reason": "CASE WHEN g = 107 THEN 'too_large' WHEN g > 20 AND g % 100 = 7 THEN 'wrong_shape' END",
            "entity": f"CASE WHEN g % 50 = 1 THEN 'acct_heavy' ELSE 'pi_' || {h('g / 2')} END",
            "event_created": at, "received_at": at, **stamps}),
        Rows("customers", {**one("cus"), "user_id": f"'u_' || {h('g')}"}, f"g < {users}"),
        Rows("payment_intents", {
            **one("pi"), "customer": named["customer"],
            "status": "CASE WHEN g < 20 THEN 'canceled' WHEN g % 50 = 10 THEN 'failed' ELSE 'paid' END",
            "sessions": d.json(f"CASE WHEN g % 10 = 0 THEN '[]' ELSE '[\"cs_' || {h('g')} || '\"]' END"),
            "charges": d.json(f"CASE WHEN g % 20 = 0 THEN '[\"ch_' || {h('g')} || '\"]' ELSE '[]' END"),
            "latest_charge": f"CASE WHEN g % 20 = 0 THEN 'ch_' || {h('g')} END"}, template="version IS NOT NULL"),
        Rows("checkout_sessions", {
            **one("cs"), **named, "payment_intent": f"'pi_' || {h('g')}",
            "status": "CASE WHEN g % 50 = 11 THEN 'expired' ELSE 'paid' END"}, "g % 10 <> 0"),
        Rows("charges", {
            **one("ch"), "payment_intent": f"'pi_' || {h('g')}", "customer": named["customer"], "amount": "500",
            "amount_refunded": "CASE WHEN g % 40 = 0 THEN 500 ELSE 100 END"}, "g % 20 = 0"),
        Rows("fulfillments", {**one("cs"), "payment": f"'cs_' || {h('g')}"}, "g % 10 = 3"),
        Rows("ledger_entries", {"id": f"'e_' || {h('g')}", "effect_key": f"'deposit:' || {h('g')}", "created_at": at,
                                "user_id": "'u_heavy'"}, "g % 10 = 7", "user_id IS NOT NULL"),
        Rows("alerts", {"id": f"'a_' || {h('g')}", "subject": f"'po_' || {h('g')}", "created_at": at,
                        "kind": "CASE WHEN g < 1000 THEN 'app_unknown' ELSE 'payout_failed' END"}, "g % 100 = 1"),
        Rows("subscriptions", {**one("sub"), **named,
                               "status": "CASE WHEN g < 100 THEN 'paused' WHEN g % 3 = 0 THEN 'canceled' ELSE 'active' END"},
             "g % 10 = 5"),
        Rows("payouts", {**one("po"), "account": "CASE WHEN g % 4 = 0 THEN 'acct_heavy' ELSE 'acct_' || "
                         f"{h('g / 20')} END",
                         "status": "CASE WHEN g < 100 THEN 'canceled' ELSE 'paid' END"}, "g % 10 = 6"),
        Rows("accounts", {**one("acct"), "user_id": f"CASE WHEN g % 3 = 0 THEN 'u_heavy' ELSE {user} END"}, "g % 10 = 1"),
    ]


def statement(d: Dialect, rows: Rows, columns: list[str], first: int, end: int) -> str:
    values = ", ".join(rows.values.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return (f"INSERT INTO {rows.table} ({names}) SELECT {values} FROM {d.numbers(first, end)}, "
            f"(SELECT * FROM {rows.table} WHERE {rows.template} LIMIT 1) AS t WHERE {rows.which}")


def template_events() -> list[dict]:
    """Of each table a row."""
    course = events.session(customer="cus_template", client_reference_id="u_template",
                            metadata={"app_slug": "courses", "course_id": "c"})
    deposit = events.deposit("u_template", 500)
    intent = {"id": course["payment_intent"], "object": "payment_intent", "status": "succeeded", "amount": 3000,
              "currency": "usd", "customer": None, "latest_charge": "ch_template", "metadata": {}}
    subscription = {"id": "sub_template", "object": "subscription", "status": "active", "customer": "cus_template",
                    "cancel_at_period_end": False, "metadata": {}, "items": {"data": [
                        {"price": {"id": "price_1"}, "quantity": 1, "current_period_start": 1, "current_period_end": 2}]}}
    account = {"id": "acct_template", "object": "account", "charges_enabled": True, "payouts_enabled": True,
               "details_submitted": True, "metadata": {}, "requirements": {}}
    payout = {"id": "po_template", "object": "payout", "status": "failed", "amount": 5, "currency": "eur",
              "failure_code": "account_closed", "metadata": {}}
    return [events.completed(course), events.completed(deposit), events.event("payment_intent.succeeded", intent),
            events.refund(course["payment_intent"], "ch_template", 500, 100),
            events.event("customer.subscription.updated", subscription),
            events.event("account.updated", account, account="acct_template"),
            events.event("payout.failed", payout, account="acct_template")]


def apply_templates(running):
    sent = template_events()
    for each in sent:
        running.ingress.accept(each)
    running.admin.settled([events.key(each) for each in sent])


# --- stores ------------------------------------------------------------------------------------------------------------

class PostgresStore:
    name, dialect = "PostgreSQL", POSTGRES

    def __enter__(self):
        self.cluster = Cluster().start()
        apply_templates(self.cluster)
        return self

    def __exit__(self, *failure):
        self.cluster.__exit__(*failure)

    def columns(self, table_name: str) -> list[str]:
        return psql(self.cluster.name, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' "
                    f"AND table_name = '{table_name}' ORDER BY ordinal_position").split("\n")

    @contextlib.contextmanager
    def filling(self):
        """Without the indexes, which are faster to make than to keep."""
        indexes = psql(self.cluster.name, "SELECT indexdef FROM pg_indexes JOIN pg_class ON relname = indexname JOIN "
                       "pg_index ON indexrelid = pg_class.oid WHERE schemaname = 'public' AND NOT indisunique AND NOT "
                       "relispartition ORDER BY indexname").split("\n")
        names = [re.match(r"CREATE INDEX (\w+)", each)[1] for each in indexes]
        psql(self.cluster.name, *(f"DROP INDEX {name}" for name in names))
        yield
        psql(self.cluster.name, *(each.replace(" ON ONLY ", " ON ") for each in indexes), "VACUUM ANALYZE")

    def fill(self, insert: str):
        psql(self.cluster.name, insert)

    def months(self, first_ms: int):
        for month in range(3):
            psql(self.cluster.name, "SELECT penstock_add_inbox_month(date_trunc('month', "
                 f"to_timestamp({first_ms} / 1000) + interval '{month} month', 'UTC'))")

    @contextlib.contextmanager
    def serving(self):
        yield self.cluster.admin


class SqliteStore:
    name, dialect = "SQLite", SQLITE

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="lists-", dir=BIN.parent)
        with Standalone(self.folder) as standalone:
            apply_templates(standalone)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.folder + "/state.db", isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        return connection

    def columns(self, table_name: str) -> list[str]:
        with contextlib.closing(self.open()) as connection:
            return [name for name, in connection.execute("SELECT name FROM pragma_table_info(?)", (table_name,))]

    @contextlib.contextmanager
    def filling(self):
        with contextlib.closing(self.open()) as self.connection:
            indexes = self.connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").fetchall()
            for name, _ in indexes:
                self.connection.execute(f"DROP INDEX {name}")
            yield
            for _, sql in indexes:
                self.connection.execute(sql)

    def fill(self, insert: str):
        self.connection.execute(insert)

    def months(self, first_ms: int):
        pass

    @contextlib.contextmanager
    def serving(self):
        with Standalone(self.folder) as standalone:
            yield standalone.admin


# --- lists -------------------------------------------------------------------------------------------------------------

def lists() -> dict[str, str]:
    """What is asked for, by what it is called in the table."""
    def hexed(number: int) -> str:
        return f"{number * 2654435761 % 4294967296:08x}"

    user, customer = f"u_{hexed(9)}", f"cus_{hexed(9)}"
    return {
        "events": "/v1/events?",
        "events, oldest first": "/v1/events?order=asc",
        "events, a page in the middle": "/v1/events?cursor=",
        "events of a day": "/v1/events?since={since}&until={until}",
        "events, common type": "/v1/events?type=payment_intent.succeeded",
        "events, rare type": "/v1/events?type=charge.dispute.closed",
        "events, no such type": "/v1/events?type=no.such",
        "events, old type": "/v1/events?type=invoice.paid",
        "events, old type, of a day": "/v1/events?type=invoice.paid&since={since}&until={until}",
        "events, rare outcome": "/v1/events?outcome=unroutable",
        "events, outcome stale": "/v1/events?outcome=stale",
        "events, rare source": "/v1/events?source=partner/acme",
        "events, entity": f"/v1/events?entity=pi_{hexed(60)}",
        "events, entity of many": "/v1/events?entity=acct_heavy",
        "events, rare type and outcome": "/v1/events?type=charge.dispute.closed&outcome=unroutable",
        "events, type, outcome, entity": "/v1/events?type=customer.subscription.updated&outcome=stale&entity=acct_heavy",
        "events, type and outcome that never meet": "/v1/events?type=customer.subscription.updated&outcome=parked",
        "event by its key": f"/v1/events/stripe:evt_{hexed(611)}",
        "event by its id alone": f"/v1/events/evt_{hexed(611)}",
        "parked": "/v1/parked?",
        "parked, rare reason": "/v1/parked?reason=too_large",
        "payments": "/v1/payments?",
        "payments, oldest first": "/v1/payments?order=asc",
        "payments of a day": "/v1/payments?since={since}&until={until}",
        "payments, user": f"/v1/payments?user={user}",
        "payments, user of many": "/v1/payments?user=u_heavy",
        "payments, customer": f"/v1/payments?customer={customer}",
        "payments, customer of many": "/v1/payments?customer=cus_heavy",
        "payments, paid": "/v1/payments?status=paid",
        "payments, rare status": "/v1/payments?status=canceled",
        "payments, failed": "/v1/payments?status=failed",
        "payments, refunded": "/v1/payments?status=refunded",
        "payments, user and status": "/v1/payments?user=u_heavy&status=failed",
        "subscriptions": "/v1/subscriptions?",
        "subscriptions, user": f"/v1/subscriptions?user={user}",
        "subscriptions, customer": "/v1/subscriptions?customer=cus_heavy",
        "subscriptions, rare status": "/v1/subscriptions?status=paused",
        "payouts": "/v1/payouts?",
        "payouts, account": "/v1/payouts?account=acct_heavy",
        "payouts, rare status": "/v1/payouts?status=canceled",
        "accounts": "/v1/accounts?",
        "accounts, user": "/v1/accounts?user=u_heavy",
        "fulfilments": "/v1/fulfillments?",
        "wallet entries": "/v1/wallets/u_heavy/entries?",
        "alerts": "/v1/alerts?",
        "alerts, old kind": "/v1/alerts?kind=app_unknown",
    }


@dataclasses.dataclass(frozen=True)
class Latency:
    median_ms: float
    worst_ms: float

    def __str__(self):
        return f"{self.median_ms:.1f} ({self.worst_ms:.1f}) ms"


def time_list(admin, path: str, times: int) -> Latency:
    taken = []
    for number in range(times + 3):
        begun = time.perf_counter()
        answer = admin.get(path)
        if number >= 3:
            taken.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, (path, answer)
    return Latency(statistics.median(taken), max(taken))


def time_lists(admin, start: int, step: float, rows: int, times: int) -> Iterator[tuple[str, Latency]]:
    def moment(number: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime((start + number * step) / 1000))

    middle = None
    for name, path in lists().items():
        path = path.format(since=moment(rows * 0.5), until=moment(rows * 0.6))
        if path.endswith("cursor="):
            middle = middle or admin.get(f"/v1/events?limit=1&until={moment(rows * 0.5)}").json["next_cursor"]
            path += middle
        yield name, time_list(admin, path, times)


def measure_lists(store, rows: int, times: int) -> list[tuple]:
    """Rows of the table: what, a tenth of the rows, all of them, how many times as long."""
    d, users = store.dialect, rows // 20
    start = int(time.time() * 1000) - DAYS
    step = DAYS / rows
    store.months(start)
    found: dict[str, list[Latency]] = {}
    done = 0
    for end in (rows // 10, rows):
        begun = time.monotonic()
        with store.filling():
            for each in rows_of(d, start, step, users):
                store.fill(statement(d, each, store.columns(each.table), done, end))
        done = end
        print(f"{store.name}: {end:,} rows after {time.monotonic() - begun:.0f} s", flush=True)
        with store.serving() as admin:
            for name, latency in time_lists(admin, start, step, end, times):
                found.setdefault(name, []).append(latency)
    return [(f"{store.name}: {name}", str(few), str(many), f"{many.median_ms / few.median_ms:.1f}")
            for name, (few, many) in found.items()]


# --- what the indexes cost ---------------------------------------------------------------------------------------------

def without_lists(store: str) -> list[str]:
    """Takes back what 0004_lists.sql does to the indexes: drops those that it makes, and makes those that it drops."""
    made: dict[str, str] = {}
    for path in sorted((SCHEMAS / store).glob("*.sql")):
        text = re.sub(r"--[^\n]*", "", path.read_text())
        creates = re.findall(r"CREATE INDEX (\w+) [^;]*;", text)
        drops = [name.strip() for names in re.findall(r"DROP INDEX ([^;]*);", text) for name in names.split(",")]
        if path.name.startswith("0004"):
            return [f"DROP INDEX {name}" for name in creates] + [made[name] for name in drops]
        made.update((name, re.search(rf"CREATE INDEX {name} [^;]*", text)[0]) for name in creates)
    raise AssertionError("no 0004_lists.sql")


class PostgresWorkers:
    """A worker on a fresh database with all indexes, and with those of 0003."""

    def __init__(self, *arguments):
        self._arguments = arguments

    def sides(self, stack: contextlib.ExitStack) -> tuple[Side, Side]:
        full, bare = stack.enter_context(Databases()), stack.enter_context(Databases())
        psql(bare.template, *without_lists("postgres"))
        return tuple(Side(name, lambda count, d=databases: d.apply("bench_worker", count, *self._arguments), 5_000, 100)
                     for name, databases in (("with", full), ("without", bare)))


class SqliteWorkers:
    """The same on a fresh file."""

    def __init__(self, *arguments):
        self._arguments = arguments

    def sides(self, stack: contextlib.ExitStack) -> tuple[Side, Side]:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lists-", dir=BIN.parent)))
        for name in ("with", "without"):
            subprocess.run([str(BIN / "bench_worker"), "--store", f"sqlite:{folder / name}", "--events", "0"], check=True)
        with contextlib.closing(sqlite3.connect(folder / "without")) as connection:
            for each in without_lists("sqlite"):
                connection.execute(each)
            connection.commit()
        return tuple(Side(name, lambda count, f=folder / name: self.run(f, count), 5_000, 100)
                     for name in ("with", "without"))

    def run(self, template: pathlib.Path, count: int) -> Sample:
        file = template.with_name("run.db")
        for leftover in template.parent.glob("run.db*"):
            leftover.unlink()
        shutil.copy(template, file)
        return run_program("bench_worker", "--store", f"sqlite:{file}", "--events", count, *self._arguments)


def measure_cost(effort: Effort, store: str) -> list[Line]:
    workers = PostgresWorkers if store == "postgres" else SqliteWorkers
    lines = []
    for what, arguments in (("guests", ()), ("a user and a customer each", ("--named",))):
        with contextlib.ExitStack() as stack:
            sides = workers(*arguments).sides(stack)
            interleave(effort, *sides)
        lines.append(compare(f"worker events, {what}, {store} : without the lists' indexes", *sides, aim=0.97))
    return lines


def main():
    options = argparse.ArgumentParser(prog="tests/bench/run lists")
    options.add_argument("--rows", type=int, help="in the largest tables; the others have a tenth or more")
    options.add_argument("--store", choices=("postgres", "sqlite"), action="append")
    options.add_argument("--quick", action="store_true")
    given = options.parse_args()
    stores = given.store or ["postgres", "sqlite"]
    rows = given.rows or (20_000 if given.quick else 1_000_000)
    lines = [line for store in stores for line in measure_cost(QUICK if given.quick else FULL, store)]
    print(table(lines))
    measured = []
    for store in stores:
        with (PostgresStore if store == "postgres" else SqliteStore)() as filled:
            measured += measure_lists(filled, rows, 5 if given.quick else 20)
    print(columns_of(("list", f"{rows // 10:,} rows, median (worst)", f"{rows:,} rows, median (worst)", "ratio"), measured))


if __name__ == "__main__":
    main()
