"""Standalone with a pool that applies nothing: who asks learns it, and once the cause is gone all is applied."""

import contextlib
import pathlib
import sqlite3
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import eventually
from harness.programs import Standalone


class StuckPool(unittest.TestCase):
    def change_store(self, penstock: Standalone, sql: str):
        with contextlib.closing(sqlite3.connect(pathlib.Path(penstock.folder, "state.db"))) as store, store:
            store.execute(sql)

    def test_strangers_hear_that_and_operators_which_since_when_and_why(self):
        standalone = Standalone(PENSTOCK_POOL_STUCK_AFTER="1s")
        user = unique("user")
        bodies = [completed(deposit(user, 1)) for _ in range(5)]
        with standalone as penstock:
            eventually("ready", lambda: penstock.ingress.get("/readyz").status == 200)
            self.assertEqual(penstock.program.terminate(), 0)
            penstock.close()
            # No fault of any row: SQLite calls it CONSTRAINT_TRIGGER.
            self.change_store(penstock, "create trigger held before insert on inbox "
                                        "begin select raise(fail, 'held back'); end")
            penstock.start()
            for body in bodies:
                penstock.ingress.accept(body)

            eventually("not ready", lambda: penstock.ingress.get("/readyz").status == 503)
            self.assertEqual(penstock.ingress.get("/readyz").json["error"]["message"], "not ready: pools")
            self.assertRegex(penstock.admin.get("/readyz").json["error"]["message"],
                             r"^pool payments has applied nothing since \d{4}-\S+Z \(.*held back.*/state\.db\)$")
            self.assertEqual(penstock.admin.get("/healthz").status, 200)
            self.assertEqual(penstock.admin.get("/v1/parked").json["data"], [])
            self.assertEqual(penstock.program.terminate(), 0)
            penstock.close()

            self.change_store(penstock, "drop trigger held")
            penstock.start()
            outcomes = penstock.admin.settled([key(b) for b in bodies])
            self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
            self.assertEqual(penstock.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 5})
            eventually("ready", lambda: penstock.ingress.get("/readyz").status == 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
