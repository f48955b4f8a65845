"""What people sign in with: a real OpenID Connect provider, one that lies, and a small one of plain OAuth, as GitHub is."""

import base64
import hashlib
import http.server
import json
import secrets
import subprocess
import threading
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from .programs import MODULES, ROOT

FOLDER = ROOT / "tests" / "e2e" / "identity_providers"
CLIENT_ID, CLIENT_SECRET = "penstock-e2e", "with/+%signs" + secrets.token_hex(8)


class Node:
    """A provider in Node; its `url` is its issuer."""

    def __init__(self, script: str, *arguments: str):
        self._process = subprocess.Popen(["node", str(FOLDER / script), *arguments], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> "Node":
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the provider did not start: " + self._process.stderr.read()
        self._drains = [threading.Thread(target=stream.read, daemon=True)
                        for stream in (self._process.stdout, self._process.stderr)]
        for drain in self._drains:
            drain.start()
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait(30)
        for drain in self._drains:
            drain.join(5)
        self._process.stdout.close()
        self._process.stderr.close()


def oidc(redirect_uri: str) -> Node:
    return Node("oidc.mjs", str(MODULES), CLIENT_ID, CLIENT_SECRET, redirect_uri)


def forger() -> Node:
    return Node("forger.mjs", CLIENT_ID)


class Hub:
    """Plain OAuth as GitHub speaks it: a refused code is a 200 with an error, and the user's id is a number. What it has
    been asked is kept. While `hangs`, the exchange of a code is answered by nobody."""

    def __init__(self):
        hub = self
        self.user = {"id": 17, "login": "ada", "name": "Ada", "email": "ada@example.com"}
        self.known_as = CLIENT_ID, CLIENT_SECRET
        self.status = 200  # of the exchange
        self.hangs = False
        self.asked: list[str] = []
        self._challenges: dict[str, str] = {}
        self._released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub.asked.append(self.path)
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    return self.answer(302, {}, Location=hub.authorize(dict(parse_qsl(parts.query))))
                if parts.path == "/user" and self.headers["Authorization"] == "Bearer at-of-hub":
                    return self.answer(200, hub.user)
                return self.answer(401, {"message": "Requires authentication"})

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                hub.asked.append(self.path)
                if hub.hangs:
                    hub._released.wait(60)
                self.answer(hub.status, hub.exchange({name: values[0] for name, values in form.items()}))

            def answer(self, status: int, body, **headers: str):
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, *_):  # who asks may have gone
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def authorize(self, query: dict) -> str:
        assert query["client_id"] == self.known_as[0] and query["code_challenge_method"] == "S256", query
        code = secrets.token_hex(16)
        self._challenges[code] = query["code_challenge"]
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def exchange(self, form: dict) -> dict:
        challenge = self._challenges.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if (form["client_id"], form["client_secret"]) != self.known_as:
            return {"error": "incorrect_client_credentials"}
        if challenge != proof:
            return {"error": "bad_verification_code"}
        return {"access_token": "at-of-hub", "token_type": "bearer", "scope": ""}

    def settings(self, name: str) -> dict[str, str]:
        prefix = f"PENSTOCK_OAUTH_{name}_"
        return {prefix + "CLIENT_ID": CLIENT_ID, prefix + "CLIENT_SECRET": CLIENT_SECRET,
                prefix + "AUTHORIZE_URL": self.url + "/authorize", prefix + "TOKEN_URL": self.url + "/token",
                prefix + "USERINFO_URL": self.url + "/user"}

    def __enter__(self) -> "Hub":
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


def issuer_settings(name: str, issuer: str) -> dict[str, str]:
    prefix = f"PENSTOCK_OAUTH_{name}_"
    return {prefix + "CLIENT_ID": CLIENT_ID, prefix + "CLIENT_SECRET": CLIENT_SECRET, prefix + "ISSUER": issuer}
