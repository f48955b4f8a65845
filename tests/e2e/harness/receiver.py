"""A receiver of outgoing webhooks: keeps what it is sent, and answers as the test says."""

import collections
import dataclasses
import http.server
import json
import threading
import time


@dataclasses.dataclass(frozen=True)
class Received:
    at: float
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """On 127.0.0.1. `answers` are statuses, or (status, headers), in turn; after the last one 200."""

    def __init__(self, *answers):
        self.received: list[Received] = []
        self._answers = collections.deque(answers)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.received.append(Received(time.time(), self.path, {
                    name.lower(): value for name, value in self.headers.items()}, body))
                answer = receiver._answers.popleft() if receiver._answers else 200
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
