"""Receivers that misbehave harm nobody else, and addresses that are nobody's business are not connected to."""

import contextlib
import json
import pathlib
import socket
import tempfile
import threading
import unittest

from harness import bad_receivers as bad
from harness.bad_receivers import BadReceiver
from harness.events import completed, deposit
from harness.http_client import Answer, eventually
from harness.programs import Standalone, free_port
from harness.receiver import Receiver

JSON = {"Content-Type": "application/json"}
EVENTS = 12
MEMORY_MAX = 64 << 20


def put_config(penstock: Standalone, name: str, url: str) -> Answer:
    body = {"id": name, "url": url, "event_types": ["wallet.credited"]}
    return penstock.admin.request("PUT", "/webhooks/configs", json.dumps(body).encode(), JSON)


def attempts_of(penstock: Standalone, name: str) -> list[dict]:
    return penstock.admin.all("/webhooks/logs?config_id=" + name)


def memory(penstock: Standalone) -> int:
    status = pathlib.Path(f"/proc/{penstock.program.process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))


def names_of_this_machine() -> list[str]:
    """Beside localhost: those that lead to a loopback address, as /etc/hosts often says."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        return [name] if socket.gethostbyname(name).startswith("127.") else []
    return []


class BadReceivers(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="penstock-e2e-")))
        self.penstock = self.stack.enter_context(Standalone(
            PENSTOCK_ALLOW_HOSTS="127.0.0.1", PENSTOCK_OUTBOUND_SCHEDULE="1s,1s", PENSTOCK_OUTBOUND_TIMEOUT="3s"))
        self.healthy = self.stack.enter_context(Receiver())
        self.released = threading.Event()
        self.stack.callback(self.released.set)

    def start(self, answers, **how) -> BadReceiver:
        return self.stack.enter_context(BadReceiver(answers, **how))

    def misbehaving(self) -> dict[str, tuple[str, str | None, int | None]]:
        """By name: where it is, and what every attempt comes to: the class of error and the status."""
        self.not_reached = self.start(bad.nothing)
        return {
            "garbage": (self.start(bad.garbage).url(), "bad_answer", None),
            "endless-headers": (self.start(bad.endless_headers).url(), "answer_too_large", 200),
            "endless-header-line": (self.start(bad.endless_header_line).url(), "answer_too_large", 200),
            "endless-interim-answers": (self.start(bad.endless_interim_answers).url(), "answer_too_large", None),
            "endless-body": (self.start(bad.endless_body).url(), "answer_too_large", 200),
            "endless-chunks": (self.start(bad.endless_chunks).url(), "answer_too_large", 200),
            "half-a-body": (self.start(bad.half_a_body).url(), "reset", 200),
            "half-a-head": (self.start(bad.half_a_head).url(), "reset", 200),
            "nothing": (self.start(bad.nothing).url(), "reset", None),
            "silence": (self.start(bad.silence(self.released)).url(), "timeout", None),
            "a-drop-at-a-time": (self.start(bad.a_drop_at_a_time(self.released)).url(), "timeout", 200),
            "gzip-bomb": (self.start(bad.gzip_bomb).url(), None, 200),
            "no-text": (self.start(bad.no_text).url(), None, 500),
            "to-metadata": (self.start(bad.redirect("http://169.254.169.254/latest/meta-data/")).url(), None, 302),
            "to-another": (self.start(bad.redirect(self.not_reached.url())).url(), None, 302),
            "self-signed": (self.start(bad.nothing, certificate=bad.self_signed(self.folder)).url("https"), "tls_failed", None),
            "no-tls": (self.start(bad.garbage, reads=False).url("https"), "tls_failed", None),
            "nobody": (f"http://127.0.0.1:{free_port()}/hook", "connect_failed", None),
            "no-such-name": ("https://nobody.invalid/hook", "resolve_failed", None),
        }

    def test_each_is_told_apart_and_harms_nobody(self):
        cases = self.misbehaving()
        for name, url in [("healthy", self.healthy.url), *((name, case[0]) for name, case in cases.items())]:
            self.assertEqual(put_config(self.penstock, name, url).status, 200, name)
        before = memory(self.penstock)
        for number in range(EVENTS):
            self.penstock.ingress.accept(completed(deposit(f"u_{number}", 700)))
        # Before any of the others has had its time.
        eventually("the healthy one is told of all", lambda: len(self.healthy.received) == EVENTS, 10)
        most = before

        def all_tried():
            nonlocal most
            most = max(most, memory(self.penstock))
            return not [name for name in cases if not attempts_of(self.penstock, name)]

        eventually("all are tried", all_tried, 60)
        self.penstock.ingress.accept(completed(deposit("u_last", 700)))
        eventually("the healthy one is told once more", lambda: len(self.healthy.received) == EVENTS + 1)
        for name, (_, error, status) in cases.items():
            with self.subTest(name):
                attempts = attempts_of(self.penstock, name)
                self.assertEqual({(each["error"], each["status_code"]) for each in attempts}, {(error, status)})
                self.assertLessEqual(max(len(each["response_body"] or "") for each in attempts), 4096)
                expected = {"succeeded"} if error is None and status == 200 else {"pending", "failed"}
                self.assertLessEqual({each["status"] for each in attempts}, expected)
        self.assertEqual(len({each.json["id"] for each in self.healthy.received}), EVENTS + 1)
        self.assertEqual({each["status"] for each in attempts_of(self.penstock, "healthy")}, {"succeeded"})
        self.assertEqual(self.not_reached.connections, 0)
        self.assertLess(max(most, memory(self.penstock)) - before, MEMORY_MAX)


class Addresses(unittest.TestCase):
    """Of this machine, where PENSTOCK_ALLOW_HOSTS does not name them: nothing ever connects there."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="penstock-e2e-"))
        self.listener = self.stack.enter_context(BadReceiver(lambda peer: bad.answer(peer, b"ok")))

    def start(self, **settings: str) -> Standalone:
        return self.stack.enter_context(Standalone(self.folder, PENSTOCK_OUTBOUND_SCHEDULE="1s", **settings))

    def spellings(self) -> list[str]:
        at = self.listener.url
        return [at(), at("https"), at(host="127.1.2.3"), at(host="[::1]"), at("https", "[::1]"), at(host="[::ffff:127.0.0.1]"),
                at(host="localhost"), at("https", "localhost")]

    def assert_gets_nothing(self, penstock: Standalone, names: list[str]):
        penstock.ingress.accept(completed(deposit("u_1", 700)))
        for name in names:
            attempts = eventually(f"{name} is given up", lambda: len(
                found := attempts_of(penstock, name)) == 2 and found)
            self.assertEqual({(each["error"], each["status_code"]) for each in attempts}, {("address_refused", None)}, attempts)
        self.assertEqual(self.listener.connections, 0)
        socket.create_connection(("127.0.0.1", self.listener.port)).close()
        eventually("who connects is counted", lambda: self.listener.connections == 1)

    def test_they_are_refused_before_anything_is_sent(self):
        penstock = self.start()
        taken = []
        for number, url in enumerate(self.spellings()):
            answer = put_config(penstock, f"c{number}", url)
            # A PUT that judges the URL refuses each of these; then only the 400 stays here, and `taken` goes.
            if answer.status == 400:
                self.assertIn("/url", answer.json["error"]["fields"])
            else:
                self.assertEqual(answer.status, 200, answer)
                taken.append(f"c{number}")
        self.assert_gets_nothing(penstock, taken)

    def test_what_was_allowed_once_is_judged_at_each_attempt(self):
        before = self.start(PENSTOCK_ALLOW_HOSTS="127.0.0.0/8,::1")
        urls = self.spellings() + [self.listener.url("https", name) for name in names_of_this_machine()]
        for number, url in enumerate(urls):
            self.assertEqual(put_config(before, f"c{number}", url).status, 200, url)
        before.kill()
        self.assert_gets_nothing(self.start(), [f"c{number}" for number in range(len(urls))])


if __name__ == "__main__":
    unittest.main()
