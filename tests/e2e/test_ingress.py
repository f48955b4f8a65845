"""What the ingress does by itself: without its log, and with few files."""

import os
import pathlib
import signal
import subprocess
import unittest

from harness.events import completed, session
from harness.http_client import Http, Ingress
from harness.programs import BIN, MASTER_KEY, SECRET, Program, Standalone


class WithoutItsLog(unittest.TestCase):
    def test_no_event_waits_for_a_log_that_is_known_to_be_away(self):
        settings = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_LISTEN": "127.0.0.1:0",
                    "PENSTOCK_ACK_TIMEOUT": "60s", "PENSTOCK_MASTER_KEY": MASTER_KEY, "STRIPE_WEBHOOK_SECRET": SECRET}
        with Program("penstock-ingress", [], settings) as program:
            # Fifty that waited would take fifty minutes, and even one longer than this client does.
            ingress, metrics = Ingress(program.address("ingress"), SECRET), Http(program.address("metrics"))
            for _ in range(50):
                answer = ingress.post(completed(session()))
                self.assertEqual((answer.status, answer.json["error"]["type"]), (503, "log_unavailable"))
                self.assertEqual(answer.headers["Retry-After"], "5")
                self.assertEqual(answer.headers["X-Request-Id"], answer.json["error"]["request_id"])
            said = metrics.get("/metrics").body.decode()
            self.assertIn("penstock_ingress_log_away 1", said)
            self.assertIn("penstock_ingress_log_away_refused_total 49", said)
            self.assertEqual(metrics.get("/readyz").status, 503)
            self.assertEqual(program.logged("log unavailable")["address"], "kafka at 127.0.0.1:1")
            ingress.close(), metrics.close()
            program.kill()


class FewFiles(unittest.TestCase):
    def said_with(self, hard_limit: int, program: str, environment: dict) -> tuple[str, str]:
        """What the program says until it serves, and its limits then, with 128 open files that it may raise."""
        script = f'ulimit -Sn 128; ulimit -Hn {hard_limit}; exec "$0"'
        base = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_")}
        process = subprocess.Popen(["sh", "-c", script, str(BIN / program)], env={**base, **environment},
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said = ""
            for line in process.stdout:
                said += line
                if "listener=ingress" in line:
                    break
            return said, pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=40)

    # Half of the hard limit is for connections, since what else may be open is more than the other half.
    def assert_lowered(self, hard_limit: int, said: str, limits: str):
        self.assertRegex(limits, rf"Max open files +{hard_limit} +{hard_limit}")
        self.assertRegex(said, rf"fewer connections than PENSTOCK_MAX_CONNECTIONS.*setting=4096.*"
                               rf"connections={hard_limit // 2}.*open_files_max={hard_limit}")

    def test_the_limit_is_raised_and_what_does_not_fit_is_lowered_and_said(self):
        limited = Standalone()
        with limited._temporary:
            self.assert_lowered(400, *self.said_with(400, "penstock", limited.environment))

    def test_an_ingress_by_itself_does_so_too(self):
        environment = {"PENSTOCK_LOG": "kafka://127.0.0.1:1", "PENSTOCK_LISTEN": "127.0.0.1:0",
                       "PENSTOCK_ACK_TIMEOUT": "1s", "PENSTOCK_MASTER_KEY": MASTER_KEY, "STRIPE_WEBHOOK_SECRET": SECRET}
        self.assert_lowered(300, *self.said_with(300, "penstock-ingress", environment))


if __name__ == "__main__":
    unittest.main(verbosity=2)
