"""The first minutes with `penstock`: no setting at all, what it generates, what it says to bad ones."""

import base64
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from harness.events import completed, deposit, key, session, unique
from harness.http_client import Admin, Ingress
from harness.programs import BIN, Program, Standalone


class FirstStart(unittest.TestCase):
    def test_it_generates_what_it_needs_and_keeps_it(self):
        with tempfile.TemporaryDirectory(prefix="penstock-e2e-") as folder:
            environment = {"PENSTOCK_DATA_DIR": folder, "PENSTOCK_LISTEN": "127.0.0.1:0",
                           "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0"}
            user, total = unique("user"), 0
            for _ in range(2):
                with Program("penstock", [], environment) as program:
                    ingress_address, admin_address = program.address("ingress"), program.address("admin")
                    secret = self.only_ours(folder, "stripe_webhook_secret")
                    token = self.only_ours(folder, "admin_token")
                    master_key = self.only_ours(folder, "master_key")
                    self.assertEqual(len(base64.b64decode(master_key, validate=True)), 32)
                    self.assertTrue(secret.startswith("whsec_"))
                    body = completed(deposit(user, 10))
                    Ingress(ingress_address, secret).accept(body)
                    admin = Admin(admin_address, token)
                    admin.settled([key(body)])
                    total += 10
                    self.assertEqual(admin.state("/v1/wallets/" + user)["test_balances"], {"usd": total})
                    self.assertEqual(program.terminate(), 0)
                    said = "\n".join(program.output)
                    self.assertNotIn(secret, said)
                    self.assertNotIn(token, said)
                    self.assertNotIn(master_key, said)

    def only_ours(self, folder: str, name: str) -> str:
        file = pathlib.Path(folder) / name
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        return file.read_text().strip()

    def test_two_of_them_on_one_folder_do_not_start(self):
        with Standalone() as first:
            with Program("penstock", [], first.environment) as second:
                self.assertNotEqual(second.wait(), 0)


class Answers(unittest.TestCase):
    def run_program(self, name, *arguments, **environment):
        base = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_")}
        return subprocess.run([str(BIN / name), *arguments], env={**base, **environment}, capture_output=True,
                              text=True, timeout=30)

    def test_every_program_answers_help_version_and_its_settings(self):
        for name in ("penstock", "penstock-ingress", "penstock-worker", "penstock-admin"):
            for flag in ("--help", "--version", "--help-config"):
                done = self.run_program(name, flag)
                self.assertEqual((done.returncode, done.stderr), (0, ""), (name, flag))
                self.assertTrue(done.stdout.strip())

    def test_settings_that_make_no_sense_are_all_listed_and_exit_2(self):
        done = self.run_program("penstock", PENSTOCK_LISTEN="nowhere", PENSTOCK_MAX_BODY="-1",
                                PENSTOCK_STRIPE_MODE="maybe", PENSTOCK_LISTN="127.0.0.1:1")
        self.assertEqual(done.returncode, 2)
        for name in ("PENSTOCK_LISTEN", "PENSTOCK_MAX_BODY", "PENSTOCK_STRIPE_MODE", "PENSTOCK_LISTN"):
            self.assertIn(name, done.stderr)

    def test_an_unknown_flag_or_pool_exits_2(self):
        self.assertEqual(self.run_program("penstock", "--nonsense").returncode, 2)
        settings = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_STORE": "postgresql://127.0.0.1:1/x"}
        done = self.run_program("penstock-worker", "--pool", "payment", **settings)
        self.assertEqual(done.returncode, 2)
        self.assertIn("payments", done.stderr)

    def test_check_config_says_whether_it_would_start(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_program("penstock", "--check-config", PENSTOCK_DATA_DIR=folder).returncode, 0)
            done = self.run_program("penstock", "--check-config", PENSTOCK_DATA_DIR=folder, PENSTOCK_LISTEN="x")
            self.assertEqual(done.returncode, 2)


class Mode(unittest.TestCase):
    def test_events_of_the_other_mode_are_acknowledged_and_ignored(self):
        with Standalone(PENSTOCK_STRIPE_MODE="live") as penstock:
            user, body = unique("user"), completed(deposit("u", 5))
            body["data"]["object"]["client_reference_id"] = user
            penstock.ingress.accept(body)
            outcome = penstock.admin.settled([key(body)])[key(body)]
            self.assertEqual((outcome["outcome"], outcome["reason"]), ("ignored", "test_mode"))
            self.assertIsNone(penstock.admin.state("/v1/wallets/" + user))


class ConnectedAccounts(unittest.TestCase):
    """A deposit and a purchase in the sessions of a connected account."""

    def deliver(self, penstock: Standalone) -> dict:
        """What came of them: wallet, grants and alerts, by what was sent."""
        account, user = unique("acct"), unique("user")
        wallet = deposit(user, 500)
        purchase = session(client_reference_id=user, metadata={"app_slug": "courses", "course_id": "c1"})
        bodies = [completed(obj, account=account) for obj in (wallet, purchase)]
        for body in bodies:
            penstock.ingress.accept(body)
        outcomes = penstock.admin.settled([key(body) for body in bodies])
        self.assertEqual({o["outcome"] for o in outcomes.values()}, {"applied"})
        rows = [penstock.admin.state("/v1/payments/" + obj["id"]) for obj in (wallet, purchase)]
        self.assertEqual([(row["account"], row["status"]) for row in rows], [(account, "paid")] * 2)
        balance = penstock.admin.state("/v1/wallets/" + user)
        grants = penstock.admin.all("/v1/fulfillments?payment=" + purchase["id"])
        told = {wallet["id"]: "wallet", purchase["id"]: "purchase"}
        return {"fulfilled": [row["fulfilled"] for row in rows],
                "balance": balance and balance["test_balances"],
                "grants": [grant for row in grants for grant in row["grants"]],
                "alerts": {(told[a["subject"]], a["kind"]) for a in penstock.admin.all("/v1/alerts")
                           if a["subject"] in told}}

    def test_their_deposits_and_purchases_raise_alerts_and_have_no_effect(self):
        with Standalone() as penstock:
            self.assertEqual(self.deliver(penstock), {
                "fulfilled": [False, False], "balance": None, "grants": [],
                "alerts": {("wallet", "deposit_refused"), ("purchase", "grant_refused")}})

    def test_trusted_ones_credit_and_grant(self):
        with Standalone(PENSTOCK_TRUST_CONNECTED_ACCOUNTS="true") as penstock:
            self.assertEqual(self.deliver(penstock), {
                "fulfilled": [True, True], "balance": {"usd": 500}, "grants": [{"kind": "course", "id": "c1"}],
                "alerts": set()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
