"""The first hour of a new user: `penstock send`, and what the programs say to mistakes that are easily made."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import stripe

from harness.events import completed, deposit, unique
from harness.http_client import eventually
from harness.programs import BIN, MASTER_KEY, SECRET, TOKEN, Program, Standalone
from harness.signing import wire


def run_program(name: str, *arguments: str, built_in: pathlib.Path = BIN, user: str | None = None,
                **environment: str) -> subprocess.CompletedProcess:
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PENSTOCK_", "STRIPE_"))}
    return subprocess.run([str(built_in / name), *arguments], env={**base, **environment}, capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL, user=user)


class Sender:
    """`penstock send` with the settings of a running standalone, as in a second terminal."""

    def __init__(self, penstock: Standalone):
        self.environment = {**penstock.environment, "PENSTOCK_LISTEN": penstock.ingress.address,
                            "PENSTOCK_ADMIN_LISTEN": penstock.admin.address}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return run_program("penstock", "send", *arguments, **{**self.environment, **environment})


def sent(done: subprocess.CompletedProcess) -> list[list[str]]:
    """Event, type and object of each line that tells of one."""
    return [line.split()[:3] for line in done.stdout.splitlines() if line.startswith("evt_") and "  200 " in line]


class Send(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.penstock = Standalone().start()
        cls.addClassCleanup(cls.penstock.__exit__, None, None, None)
        cls.send = staticmethod(Sender(cls.penstock))

    def outcome(self, event: str) -> dict:
        return self.penstock.admin.settled(["stripe:" + event])["stripe:" + event]

    def sent(self, *arguments: str) -> list[list[str]]:
        done = self.send(*arguments)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stderr, "")
        return sent(done)

    def test_every_built_in_type_is_applied(self):
        types = self.send("--list").stdout.split()
        self.assertGreater(len(types), 30)
        lines = [self.sent(type_)[0] for type_ in types]
        for type_, (event, said, _) in zip(types, lines):
            self.assertEqual(said, type_)
            found = self.outcome(event)
            self.assertEqual((found["outcome"], found["type"]), ("applied", type_), found)

    def test_the_body_is_in_stripes_wire_form(self):
        event = self.sent("checkout.session.completed")[0][0]
        body = self.outcome(event)["body"]
        self.assertEqual(body, wire(json.loads(body)).decode())
        self.assertIn("Zürich", body)

    def test_a_repeated_event_has_one_effect(self):
        user = unique("user")
        lines = self.sent("checkout.session.completed", "--repeat", "--set", "/data/object/client_reference_id=" + user)
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[0], lines[1])
        self.assertEqual(self.outcome(lines[0][0])["outcome"], "applied")
        self.assertEqual(self.penstock.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 2500})
        self.assertEqual(len(self.sent("payout.paid", "--repeat", "--count", "4")), 4)

    def test_counted_events_are_about_objects_of_their_own(self):
        user = unique("user")
        lines = self.sent("checkout.session.completed", "--count", "3",
                          "--set", "/data/object/client_reference_id=" + user, "--set", "/data/object/amount_total=100")
        self.assertEqual((len({e for e, _, _ in lines}), len({o for _, _, o in lines})), (3, 3))
        for event, _, _ in lines:
            self.assertEqual(self.outcome(event)["outcome"], "applied")
        self.assertEqual(self.penstock.admin.state("/v1/wallets/" + user)["test_balances"], {"usd": 300})

    def test_an_event_can_be_linked_to_an_earlier_one(self):
        _, _, session = self.sent("checkout.session.completed", "--wait")[0]
        intent = self.penstock.admin.state("/v1/payments/" + session)["payment_intent"]
        self.sent("charge.refunded", "--wait", "--set", "/data/object/payment_intent=" + intent)
        self.assertEqual(self.penstock.admin.state("/v1/payments/" + session)["status"], "refunded")

    def test_wait_shows_the_effect(self):
        done = self.send("checkout.session.completed", "--wait")
        event, _, session = sent(done)[0]
        self.assertIn(f"{event}  applied\n", done.stdout)
        self.assertIn(f"/v1/payments/{session}?livemode=false\n", done.stdout)
        self.assertIn('"test_balances":{"usd":2500}', done.stdout)

    def test_wait_shows_the_row_of_the_events_own_mode_and_account(self):
        payout = unique("po")
        for livemode, account in (("true", "acct_1"), ("false", "acct_1"), ("false", "acct_2")):
            done = self.send("payout.paid", "--wait", "--set", "/data/object/id=" + payout, "--set", "/livemode=" + livemode,
                             "--set", f'/account="{account}"')
            row = done.stdout[done.stdout.index(f"/v1/payouts/{payout}"):].splitlines()[1]
            self.assertEqual(json.loads(row)["account"], account, done.stdout)
            self.assertIn(f"?livemode={livemode}&account={account}", done.stdout)

    def test_without_waiting_it_says_how_to_read_the_effect(self):
        done = self.send("checkout.session.completed")
        command = next(line for line in done.stdout.splitlines() if "/v1/payments/" in line)
        self.outcome(sent(done)[0][0])
        read = subprocess.run(["sh", "-c", command], env={**os.environ, "PENSTOCK_ADMIN_TOKEN": TOKEN},
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(json.loads(read.stdout)["status"], "paid", read)

    def test_a_file_is_sent_byte_for_byte(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "event.json"
            event = completed(deposit(unique("user"), 700))
            file.write_bytes(json.dumps(event).encode() + b"\n")
            self.assertEqual(self.sent(str(file))[0][0], event["id"])
            self.assertEqual(self.outcome(event["id"])["body"].encode(), file.read_bytes())
            counted = self.sent(str(file), "--count", "2")
            self.assertEqual(len({event["id"], *(e for e, _, _ in counted)}), 3)
            for event_id, _, _ in counted:
                self.assertEqual(self.outcome(event_id)["outcome"], "applied")

    def test_what_is_not_accepted_exits_1(self):
        with tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder) / "secret"
            secret.write_text("whsec_another_one_than_its_own\n")
            refused = self.send("payout.paid", "--secret-file", str(secret))
            self.assertEqual(refused.returncode, 1)
            self.assertIn("401", refused.stdout)
            self.assertIn(str(secret), refused.stderr)
            self.assertNotIn("another_one_than", refused.stdout + refused.stderr)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % unused.getsockname()[1]
            nobody = self.send("payout.paid", "--to", f"http://{address}/")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn(address, nobody.stderr)
        self.assertIn("./deploy/up", nobody.stderr)

    def test_bad_usage_exits_2_and_sends_nothing(self):
        before = len(self.penstock.admin.all("/v1/events"))
        for arguments, said in (((), "--list"), (("checkout.session.complete",), "checkout.session.completed"),
                                (("nonsense",), "payout.paid"), (("/nonexistent/event.json",), "/nonexistent/event.json"),
                                (("payout.paid", "--set", "/data/nothing/x=1"), "/data/nothing/x"),
                                (("payout.paid", "--set", "amount=1"), "amount"),
                                (("payout.paid", "--to", "https://127.0.0.1/"), "plain HTTP"),
                                (("payout.paid", "--count", "0"), "--count"),
                                (("payout.paid", "--secret-file", "/nonexistent/secret"), "/nonexistent/secret"),
                                (("payout.paid", "--scheme", "hmac"), "x-signature, standard-webhooks"),
                                (("payout.paid", "--scheme", "github"), "--secret-file FILE"),
                                (("payout.paid", "--partner", "acme"), "--scheme NAME"),
                                (("payout.paid", "--nonsense"), "--nonsense")):
            done = self.send(*arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(said, done.stderr)
        self.assertEqual(len(self.penstock.admin.all("/v1/events")), before)


class Receiver:
    """Somebody else's HTTP server, which takes whatever comes."""

    def __enter__(self) -> "Receiver":
        received = self.received = []  # (path, body, headers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.path, body, self.headers))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class SendElsewhere(unittest.TestCase):
    def test_stripes_own_library_takes_what_it_sends(self):
        with Receiver() as receiver, tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder, "secret")
            secret.write_text(SECRET + "\n")
            done = run_program("penstock", "send", "invoice.paid", "--count", "2", "--secret-file", str(secret), "--to",
                               f"{receiver.url}/hooks?x=1")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual([path for path, _, _ in receiver.received], ["/hooks?x=1"] * 2)
        for _, body, headers in receiver.received:
            event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
            self.assertEqual(event["type"], "invoice.paid")

    def test_every_scheme_signs_the_bytes_of_the_file_with_the_key_that_its_secret_stands_for(self):
        key = b"0123456789abcdef01234567"
        secret = "whsec_" + base64.b64encode(key).decode()
        body = b'{"id": "e-17",  "type": "user.created", "data": {"name": "Z\xc3\xbcrich"}}\n'

        def code(key_: bytes, *parts: bytes) -> bytes:
            return hmac.new(key_, b"".join(parts), hashlib.sha256).digest()

        def by_scheme(headers) -> dict[str, tuple[str, str]]:
            """What the scheme's header says, and what it should."""
            stamp = headers.get("webhook-timestamp", "0")
            return {
                "x-signature": (headers["X-Signature"], code(secret.encode(), body).hex()),
                "github": (headers["X-Hub-Signature-256"], "sha256=" + code(secret.encode(), body).hex()),
                "shopify": (headers["X-Shopify-Hmac-Sha256"], base64.b64encode(code(secret.encode(), body)).decode()),
                "standard-webhooks": (headers["webhook-signature"], "v1," + base64.b64encode(
                    code(key, f"e-17.{stamp}.".encode(), body)).decode()),
            }

        with Receiver() as receiver, tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "event.json")
            file.write_bytes(body)
            for scheme in ("x-signature", "github", "shopify", "standard-webhooks"):
                done = run_program("penstock", "send", str(file), "--scheme", scheme, "--partner", "acme", "--secret", secret,
                                   "--to", receiver.url)
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("/v1/events/partner%2facme:e-17", done.stdout)
                path, received, headers = receiver.received[-1]
                self.assertEqual((path, received), ("/v1/webhooks/partners/acme", body))
                said, expected = by_scheme(headers)[scheme]
                self.assertEqual(said, expected, scheme)


class SendFromTheDataFolder(unittest.TestCase):
    def test_the_generated_secret_and_token_are_found(self):
        with tempfile.TemporaryDirectory(prefix="penstock-e2e-") as folder:
            environment = {"PENSTOCK_DATA_DIR": folder, "PENSTOCK_LISTEN": "127.0.0.1:0",
                           "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0"}
            with Program("penstock", [], environment) as program:
                addresses = {"PENSTOCK_LISTEN": program.address("ingress"),
                             "PENSTOCK_ADMIN_LISTEN": program.address("admin")}
                done = run_program("penstock", "send", "payout.failed", "--wait", PENSTOCK_DATA_DIR=folder, **addresses)
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("applied", done.stdout)
                self.assertEqual(done.stderr, "")

    def test_a_folder_without_a_secret_says_where_one_could_be(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run_program("penstock", "send", "payout.paid", PENSTOCK_DATA_DIR=folder)
            self.assertEqual(done.returncode, 2)
            for named in (folder + "/stripe_webhook_secret", "--secret-file", "STRIPE_WEBHOOK_SECRET"):
                self.assertIn(named, done.stderr)


def shell(script: str, **options) -> subprocess.CompletedProcess:
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PENSTOCK_", "STRIPE_"))}
    return subprocess.run(["sh", "-e", "-c", script], env={**base, **options.pop("environment", {})}, capture_output=True,
                          text=True, timeout=60, **options)


class Readme(unittest.TestCase):
    ROOT = pathlib.Path(__file__).resolve().parents[2]

    def try_page(self, page: str, *, blocks: int) -> subprocess.CompletedProcess:
        """Runs all that the page says to type, beside a program on other ports."""
        found = re.findall(r"```sh\n(.*?)```", (self.ROOT / page).read_text(), re.DOTALL)
        self.assertEqual(len(found), blocks)
        with tempfile.TemporaryDirectory(prefix="penstock-e2e-") as folder:
            data = folder + "/data"
            environment = {"PENSTOCK_DATA_DIR": data, "PENSTOCK_LISTEN": "127.0.0.1:0", "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0"}
            with Program("penstock", [], environment) as program:
                addresses = {"PENSTOCK_LISTEN": program.address("ingress"), "PENSTOCK_ADMIN_LISTEN": program.address("admin")}
                script = "\n".join(found)
                for ours, theirs in (("$PWD/build/release/bin", str(BIN)), ("data=/var/lib/penstock", "data=" + data),
                                     ("127.0.0.1:8080", addresses["PENSTOCK_LISTEN"]),
                                     ("127.0.0.1:8081", addresses["PENSTOCK_ADMIN_LISTEN"])):
                    script = script.replace(ours, theirs)
                self.assertNotIn(":808", script)
                done = shell(script, cwd=folder, environment={**environment, **addresses})
                self.assertEqual((done.returncode, done.stderr), (0, ""), done)
                return done

    def test_what_the_readme_says_to_try_works(self):
        done = self.try_page("README.md", blocks=3)
        self.assertEqual(done.stdout.count("  applied\n"), 3)
        self.assertRegex(done.stdout, r'"id": *"cs_test_curl_\d+"')
        self.assertRegex(done.stdout, r'"user_id": *"user_curl_\d+", *"balances": *{}, *"test_balances": *{"usd": *2500}')

    def test_what_the_page_on_partners_says_to_try_works(self):
        done = self.try_page("docs/partners.md", blocks=1)
        self.assertRegex(done.stdout, r'"name": *"acme".*"secret_count": *1')
        self.assertEqual(done.stdout.count("  applied\n"), 1)
        self.assertRegex(done.stdout, r'"id": *"u-1", *"email": *"ada@example.com", *"name": *"Ada", *"status": *"active"')

    def test_what_the_page_on_connectors_says_to_try_works(self):
        done = self.try_page("docs/connectors.md", blocks=1)
        self.assertEqual(done.stdout.count("  applied\n"), 2)
        self.assertRegex(done.stdout, r'"action": *"triggered"')
        self.assertRegex(done.stdout, r'"action": *"resumed"')
        self.assertRegex(done.stdout, r'"workflow": *"dunning", *"status": *"completed"')


class Banner(unittest.TestCase):
    def try_commands(self, **given: str):
        with tempfile.TemporaryDirectory(prefix="penstock e2e ") as folder:
            environment = {"PENSTOCK_DATA_DIR": folder, "PENSTOCK_LISTEN": "127.0.0.1:0",
                           "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0", **given}
            with Program("penstock", [], environment) as program:
                program.address("ingress")
                eventually("the banner", lambda: any("/v1/payments/" in line for line in list(program.output)))
                commands = [line for line in program.output if line.startswith("  ") and ("penstock" in line or "=" in line or
                                                                                         "curl" in line)]
                send = next(line for line in commands if " send " in line)
                done = shell(send, environment=given)
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("applied", done.stdout)
                rest = commands[commands.index(send) + 1:]
                done = shell("\n".join(rest), environment=given)
                self.assertEqual(done.returncode, 0, done)
                self.assertIn('{"received": true}', done.stdout)
                self.assertIn('"status":"paid"', done.stdout.replace(": ", ":"))

    def test_its_commands_work_as_they_stand(self):
        self.try_commands()

    def test_its_commands_work_with_several_secrets(self):
        self.try_commands(STRIPE_WEBHOOK_SECRET=f"{SECRET},{SECRET}_of_another", PENSTOCK_ADMIN_TOKEN=TOKEN)


class AddressInUse(unittest.TestCase):
    """Every program says so in its first moment, and prepares nothing."""

    SERVERS = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_STORE": "postgresql://127.0.0.1:1/x",
               "STRIPE_WEBHOOK_SECRET": SECRET, "PENSTOCK_ADMIN_TOKEN": TOKEN, "PENSTOCK_MASTER_KEY": MASTER_KEY,
               "PENSTOCK_LISTEN": "127.0.0.1:0", "PENSTOCK_ADMIN_LISTEN": "127.0.0.1:0", "PENSTOCK_LOG_FORMAT": "json"}

    def refused(self, name: str, setting: str, *arguments: str, **environment: str) -> list[dict]:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = "127.0.0.1:%d" % other.getsockname()[1]
            done = run_program(name, *arguments, **{**self.SERVERS, **environment, setting: address})
        self.assertEqual(done.returncode, 1, done)
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        said = [line for line in lines if line["message"] == "cannot listen"]
        self.assertEqual([(line["setting"], line["address"]) for line in said], [(setting, address)], lines)
        return [line for line in lines if line["level"] == "error"]

    def test_separate_programs_do_not_wait_for_their_servers_first(self):
        for name, setting, *arguments in (("penstock-ingress", "PENSTOCK_LISTEN"),
                                          ("penstock-ingress", "PENSTOCK_METRICS_LISTEN"),
                                          ("penstock-admin", "PENSTOCK_ADMIN_LISTEN"),
                                          ("penstock-worker", "PENSTOCK_METRICS_LISTEN", "--pool", "all")):
            self.assertEqual(len(self.refused(name, setting, *arguments)), 1)

    def test_standalone_makes_no_data_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            for setting in ("PENSTOCK_LISTEN", "PENSTOCK_ADMIN_LISTEN"):
                self.refused("penstock", setting, PENSTOCK_DATA_DIR=folder + "/data", PENSTOCK_LOG="", PENSTOCK_STORE="")
                self.assertFalse(os.path.exists(folder + "/data"))


class Settings(unittest.TestCase):
    def test_a_folder_of_another_user_is_said_to_be_that(self):
        if os.geteuid() != 0:
            print("SKIPPED: only the superuser can start a program as another user", flush=True)
            return
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as shared:  # mode 0700
            os.chmod(shared, 0o755)  # the clone may be where no other user can enter
            shutil.copy(BIN / "penstock", shared)
            done = run_program("penstock", built_in=pathlib.Path(shared), user="nobody", PENSTOCK_DATA_DIR=folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"PENSTOCK_DATA_DIR: {folder} cannot be entered: Permission denied", done.stderr)
            self.assertNotIn("one file", done.stderr)

    def test_easily_made_mistakes_name_what_was_meant(self):
        for variable, value, said in (("STRIPE_WEBHOOK_SECRETS", SECRET, "did you mean STRIPE_WEBHOOK_SECRET?"),
                                      ("STRIPE_WEBHOOK_SECRET", "sk_live_hunter2hunter2", "a secret API key"),
                                      ("STRIPE_WEBHOOK_SECRET", "whsec_hunter2", "cut off")):
            with tempfile.TemporaryDirectory() as folder:
                done = run_program("penstock", PENSTOCK_DATA_DIR=folder, **{variable: value})
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(said, done.stderr)
                self.assertNotIn("hunter2", done.stderr)
                self.assertEqual(os.listdir(folder), [])

    def test_both_modes_at_once_are_warned_about_at_start(self):
        for mode, warned in (("both", True), ("live", False)):
            with Standalone(PENSTOCK_STRIPE_MODE=mode) as penstock:
                lines = [line for line in list(penstock.program.lines) if "PENSTOCK_STRIPE_MODE" in line.get("setting", "")]
                self.assertEqual([line["level"] for line in lines], ["warn"] if warned else [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
