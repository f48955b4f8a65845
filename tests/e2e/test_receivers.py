"""docs/receiving.md does what it says: its receivers are built as they stand there, and are told by a real Penstock."""

import base64
import contextlib
import hashlib
import hmac
import importlib.util
import json
import pathlib
import re
import sys
import tempfile
import time
import unittest

from harness.documented import DocumentedReceiver, compile_cpp, compile_go, run, write_programs
from harness.events import completed, deposit
from harness.http_client import eventually
from harness.programs import ROOT, TOKEN, Standalone, free_port
from harness.receiver import Receiver

DOCUMENT = "receiving.md"
JSON = {"Content-Type": "application/json"}
OWN_SECRET = "sixteen and more of our own"
MADE_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def key_of(secret: str) -> bytes:
    return base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()


def signed(secret: str, body: bytes, nonce: str, at: int | None = None) -> dict[str, str]:
    """As Penstock signs; the tests of what it sends do not use this."""
    time_ = str(int(time.time()) if at is None else at)
    code = hmac.digest(key_of(secret), f"{nonce}.{time_}.".encode() + body, "sha256")
    return {**JSON, "webhook-id": nonce, "webhook-timestamp": time_,
            "webhook-signature": "v1," + base64.b64encode(code).decode(),
            "X-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def body_of(nonce: str) -> bytes:
    return json.dumps({"id": nonce, "type": "wallet.credited", "timestamp": "2025-11-30T18:40:00Z", "data": {}}).encode()


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


def setUpModule():
    global FOLDER, NAMES
    temporary = tempfile.TemporaryDirectory(prefix="penstock-e2e-")
    unittest.addModuleCleanup(temporary.cleanup)
    FOLDER = pathlib.Path(temporary.name)
    NAMES = write_programs(DOCUMENT, FOLDER)


class Told(unittest.TestCase):
    """With a Penstock that has the config `main`."""

    def setUp(self):
        self.penstock = Standalone(PENSTOCK_ALLOW_HOSTS="127.0.0.1", PENSTOCK_OUTBOUND_SCHEDULE="1s,1s,1s")
        self.penstock.__enter__()
        self.addCleanup(self.penstock.__exit__, None, None, None)
        self.admin = self.penstock.admin

    def configure(self, url: str, **members) -> dict:
        body = {"id": "main", "url": url, "event_types": ["wallet.credited"], **members}
        answer = self.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def deposit(self):
        self.penstock.ingress.accept(completed(deposit("u_1", 700)))

    def logs(self, count: int) -> list[dict]:
        """Of that many attempts, the latest first."""
        return eventually(f"{count} attempts", lambda: len(found := self.admin.all("/webhooks/logs")) == count and found)


class Receivers:
    """What holds for each receiver of the document."""

    judges_time = True

    @classmethod
    def setUpClass(cls):
        cls.command = cls.build()

    def receiver(self, secret: str, port: int | None = None) -> DocumentedReceiver:
        folder = tempfile.TemporaryDirectory(prefix="penstock-e2e-")
        self.addCleanup(folder.cleanup)
        return DocumentedReceiver(self.command, pathlib.Path(folder.name), secret, port)

    def test_an_event_is_taken_once_however_often_it_is_sent(self):
        port = free_port()
        config = self.configure(f"http://127.0.0.1:{port}/hook")
        with self.receiver(config["secret"], port) as receiver:
            self.deposit()
            log, = self.logs(1)
            nonce = json.loads(log["request_body"])["id"]
            self.assertEqual((log["status"], log["status_code"], log["error"]), ("succeeded", 204, None))
            answer = self.admin.request("POST", f"/webhooks/logs/{log['id']}/resend", b"")
            self.assertEqual(answer.status, 202, answer)
            self.assertEqual([each["status_code"] for each in self.logs(2)], [204, 204])
            self.deposit()
            eventually("another event is taken", lambda: len(receiver.taken) == 2)
            self.assertEqual(receiver.taken[0], nonce)
            self.assertEqual(receiver.seen, [nonce])
            self.assertNotEqual(receiver.taken[1], nonce)

    def test_what_was_sent_while_it_was_away_is_taken(self):
        port = free_port()
        config = self.configure(f"http://127.0.0.1:{port}/hook")
        self.deposit()
        self.assertEqual(self.logs(1)[0]["error"], "connect_failed")
        with self.receiver(config["secret"], port) as receiver:
            eventually("it is taken", lambda: receiver.taken)

    def test_a_secret_of_ones_own_is_taken_as_bytes(self):
        port = free_port()
        self.configure(f"http://127.0.0.1:{port}/hook", secret=OWN_SECRET)
        with self.receiver(OWN_SECRET, port):
            self.deposit()
            self.assertEqual(self.logs(1)[0]["status_code"], 204)

    def test_either_secret_will_do_while_it_is_changed(self):
        port = free_port()
        url = f"http://127.0.0.1:{port}/hook"
        first = self.configure(url)["secret"]
        self.configure(url, secret=MADE_SECRET)
        for number, secret in enumerate((first, MADE_SECRET), 1):
            with self.receiver(secret, port):
                self.deposit()
                log = self.logs(number)[0]
                self.assertEqual((log["status_code"], log["attempt"]), (204, 1), log)
                self.assertEqual(len(log["request_headers"]["webhook-signature"].split(" ")), 2)

    def test_what_penstock_has_not_signed_is_refused(self):
        port = free_port()
        config = self.configure(f"http://127.0.0.1:{port}/hook")
        with self.receiver(config["secret"], port) as receiver:
            self.deposit()
            log, = self.logs(1)
            body, headers = log["request_body"].encode(), log["request_headers"]
            for at in (0, len(body) // 2, len(body) - 1):
                self.assertEqual(receiver.post(flipped(body, at), headers).status, 401, at)
            self.assertEqual(receiver.post(body + b"\n", headers).status, 401)
            self.assertEqual(receiver.post(body, JSON).status, 401)
            self.assertEqual(receiver.post(b"", JSON).status, 401)
            for forged in (signed(OWN_SECRET, body, headers["webhook-id"]), signed(MADE_SECRET, body, headers["webhook-id"]),
                           {**headers, "X-Signature": "", "webhook-signature": ""},
                           {**headers, "X-Signature": headers["X-Signature"][:-1],
                            "webhook-signature": headers["webhook-signature"][:-1]},
                           {**headers, "X-Signature": "\xe9" * 64, "webhook-signature": "v1 v1, , \xe9,\xe9"}):
                self.assertEqual(receiver.post(body, forged).status, 401, forged)
            copied = receiver.post(body, headers)
            self.assertEqual(copied.status, 204)
            eventually("a copy is known", lambda: receiver.seen)
            self.assertEqual(len(receiver.taken), 1)

    def test_a_copy_of_another_time_has_no_effect(self):
        with self.receiver(MADE_SECRET) as receiver:
            now = int(time.time())
            for nonce, age in (("late", 290), ("early", -290)):
                headers = signed(MADE_SECRET, body_of(nonce), nonce, now - age)
                self.assertEqual(receiver.post(body_of(nonce), headers).status, 204, age)
            for age in (301, 86_400, -310, now):
                answer = receiver.post(body_of("late"), signed(MADE_SECRET, body_of("late"), "late", now - age))
                self.assertEqual(answer.status, 401 if self.judges_time else 204, age)
            for time_ in ("", "x", "9" * 30, "-9223372036854775808", f"{now}.5", f"+{now}", f" {now} x"):
                headers = {**signed(MADE_SECRET, body_of("late"), "late"), "webhook-timestamp": time_}
                answer = receiver.post(body_of("late"), headers)
                self.assertEqual(answer.status, 401 if self.judges_time else 204, time_)
            # The headers are another event's, the body is not.
            headers = {**signed(MADE_SECRET, body_of("late"), "late"), "webhook-id": "other"}
            self.assertEqual(receiver.post(body_of("late"), headers).status, 401 if self.judges_time else 204)
            self.assertEqual(receiver.post(body_of("last"), signed(MADE_SECRET, body_of("last"), "last")).status, 204)
            eventually("all is said", lambda: "last" in receiver.taken)
            self.assertEqual(receiver.taken, ["late", "early", "last"])

    def test_a_body_that_is_too_large_is_not_read(self):
        with self.receiver(MADE_SECRET) as receiver:
            large = bytes(2 << 20)
            with contextlib.suppress(ConnectionError):  # it may close where it could answer
                self.assertEqual(receiver.post(large, signed(MADE_SECRET, large, "large")).status, 413)
            self.assertEqual(receiver.post(body_of("n_1"), signed(MADE_SECRET, body_of("n_1"), "n_1")).status, 204)
            eventually("the other one is taken", lambda: receiver.taken)
            self.assertEqual(receiver.taken, ["n_1"])

    def test_without_a_secret_it_does_not_start(self):
        with self.assertRaisesRegex(AssertionError, "ended with [1-9-]"):
            with self.receiver(""):
                pass


class Python(Receivers, Told):
    judges_time = False  # X-Signature covers none: what is copied is known by its nonce

    @classmethod
    def build(cls) -> list[str]:
        return [sys.executable, str(FOLDER / "receiver.py")]

    def test_what_was_taken_is_known_after_a_restart(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        headers = signed(MADE_SECRET, body_of("n_1"), "n_1")
        for word in ("taken", "seen"):
            with DocumentedReceiver(self.command, folder, MADE_SECRET) as receiver:
                self.assertEqual(receiver.post(body_of("n_1"), headers).status, 204)
                eventually("it says so", lambda: receiver.lines == [[word, "n_1"]])


class Node(Receivers, Told):
    @classmethod
    def build(cls) -> list[str]:
        return ["node", str(FOLDER / "receiver.mjs")]


class Go(Receivers, Told):
    @classmethod
    def build(cls) -> list[str]:
        return compile_go(FOLDER, "receiver.go")


class Cpp(Receivers, Told):
    @classmethod
    def build(cls) -> list[str]:
        return compile_cpp(FOLDER, "receiver.cpp")


class Libraries(Told):
    """Three libraries judge deliveries of every kind of secret, and what was made of them."""

    def delivered(self) -> list[tuple[str, bytes, dict]]:
        """Under a secret that Penstock made, under two, and under one of our own."""
        found = []
        with Receiver() as receiver:
            def tell(secret: str):
                self.deposit()
                told = eventually("it is told", lambda: len(receiver.received) > tell.count and receiver.received[-1])
                tell.count += 1
                found.append((secret, told.body, told.headers))
            tell.count = 0
            first = self.configure(receiver.url)["secret"]
            tell(first)
            self.configure(receiver.url, secret=MADE_SECRET)
            tell(first)
            tell(MADE_SECRET)
            self.configure(receiver.url, secret=OWN_SECRET)
            tell(OWN_SECRET)
        return found

    def cases(self) -> list[tuple[dict, str | None]]:
        cases = []
        for secret, body, headers in self.delivered():
            nonce = json.loads(body)["id"]
            stale = signed(secret, body, nonce, int(time.time()) - 310)
            whole = {"secret": secret, "body": body.decode(), "headers": headers}
            cases += [(whole, nonce), ({**whole, "body": flipped(body, len(body) // 2).decode()}, None),
                      ({**whole, "secret": "whsec_" + base64.b64encode(b"another").decode()}, None),
                      ({**whole, "headers": {**headers, "webhook-id": "other"}}, None),
                      ({**whole, "headers": {name.lower(): value for name, value in stale.items()}}, None)]
        return cases

    def test_npm(self):
        cases = self.cases()
        for module in ("standardwebhooks.mjs", "svix.mjs"):
            glue = ROOT / "tests" / "e2e" / "receivers" / "verify.mjs"
            said = run(["node", str(glue), str(FOLDER / module)], FOLDER, json.dumps([case for case, _ in cases]))
            self.assertEqual(json.loads(said), [expected for _, expected in cases], module)

    def test_pypi(self):
        spec = importlib.util.spec_from_file_location("documented_verify", FOLDER / "verify.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        from standardwebhooks import WebhookVerificationError
        for case, expected in self.cases():
            if expected:
                self.assertEqual(module.verify(**case)["id"], expected)
            else:
                with self.assertRaises(WebhookVerificationError):
                    module.verify(**case)


class Commands(Told):
    def typed(self, commands: str) -> list[dict]:
        """What the commands of the page answer, with this Penstock's folder and address in place of theirs."""
        data = self.penstock.folder
        pathlib.Path(data, "admin_token").write_text(TOKEN)
        for theirs, ours in (("data=/var/lib/penstock", "data=" + data), ("127.0.0.1:8081", self.admin.address)):
            commands = commands.replace(theirs, ours)
        return [json.loads(line) for line in run(["sh", "-e", "-c", commands], FOLDER).splitlines()]

    def test_what_the_page_says_to_type_works(self):
        register, send_again, feed = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / DOCUMENT).read_text(),
                                                re.MULTILINE | re.DOTALL)
        admin = "\n".join(register.splitlines()[:2]) + "\n"
        with Receiver(401) as receiver:
            made, = self.typed(register.replace("https://shop.example.com/hook", receiver.url))
            self.assertTrue(made["secret"].startswith("whsec_"), made)
            self.deposit()
            log, = eventually("one is refused", lambda: self.admin.all("/webhooks/logs?status=failed"))
            listed, resent, tested = self.typed(admin + send_again.replace("ID", log["id"]))
            self.assertEqual([(each["id"], each["status_code"]) for each in listed["data"]], [(log["id"], 401)])
            self.assertEqual((resent["config_id"], resent["status"]), ("shop", "pending"))
            self.assertEqual((tested["event_type"], tested["status_code"]), ("webhook.test", 200))
            eventually("it is taken", lambda: [each for each in self.admin.all("/webhooks/logs?status=succeeded")
                                               if each["event_id"] == log["event_id"]])
            first, again = self.typed(admin + "next_after=\n" + feed)
            self.assertEqual([each["type"] for each in first["data"]], ["payment.succeeded"])
            self.assertEqual(first, again)


class Document(unittest.TestCase):
    def test_its_example_is_signed_as_it_says(self):
        text = (ROOT / "docs" / DOCUMENT).read_text()
        head, body = re.search(r"^```http\n(.*?)\n\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL).groups()
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        secret = re.search(r"is signed with the secret `(whsec_\S+)`", text)[1]
        expected = signed(secret, body.encode(), json.loads(body)["id"], int(headers["webhook-timestamp"]))
        self.assertEqual(headers, expected)

    def test_every_program_of_it_is_tried(self):
        self.assertEqual(sorted(NAMES), ["receiver.cpp", "receiver.go", "receiver.mjs", "receiver.py",
                                         "standardwebhooks.mjs", "svix.mjs", "verify.py"])


if __name__ == "__main__":
    unittest.main()
