"""Receivers that misbehave: each reads the request and then answers as no server would."""

import contextlib
import gzip
import pathlib
import socket
import ssl
import subprocess
import threading
from typing import Callable

CHUNK = b"a" * 16_384
BOMB = gzip.compress(bytes(40 << 20))  # 40 KiB


def garbage(peer: socket.socket):
    peer.sendall(b"\x00\xff\x15\x03 this is no HTTP\r\n\r\n")


def endless_headers(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.sendall(b"X-More: " + CHUNK[:1000] + b"\r\n")


def endless_header_line(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        peer.sendall(CHUNK)


def endless_interim_answers(peer: socket.socket):
    while True:
        peer.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)


def endless_body(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        peer.sendall(CHUNK)


def endless_chunks(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        peer.sendall(b"4000\r\n" + CHUNK + b"\r\n")


def gzip_bomb(peer: socket.socket):
    answer(peer, BOMB, b"Content-Encoding: gzip\r\n")


def half_a_body(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + CHUNK[:50])


def half_a_head(peer: socket.socket):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def nothing(_: socket.socket):
    """Closes where an answer is due."""


def no_text(peer: socket.socket):
    answer(peer, b"\xff\xfe\x00\xc3(" * 2_000, b"X-Name: \xff\xfe\r\n", b"500 \xff")


def a_drop_at_a_time(released: threading.Event) -> Callable[[socket.socket], None]:
    def drip(peer: socket.socket):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not released.wait(0.05):
            peer.sendall(b"a")

    return drip


def silence(released: threading.Event) -> Callable[[socket.socket], None]:
    return lambda _: released.wait(60) and None


def redirect(location: str) -> Callable[[socket.socket], None]:
    return lambda peer: answer(peer, b"", b"Location: " + location.encode() + b"\r\n", b"302 Found")


def answer(peer: socket.socket, body: bytes, headers: bytes = b"", status: bytes = b"200 OK"):
    peer.sendall(b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body)


class BadReceiver:
    """Listens on 127.0.0.1 and counts who connects. One request a connection; `certificate` makes it speak TLS; without
    `reads` it answers before it is asked."""

    def __init__(self, answers: Callable[[socket.socket], None], certificate: pathlib.Path | None = None, reads: bool = True):
        self.connections = 0
        self._answers = answers
        self._reads = reads
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/hook"

    def _accept(self):
        with contextlib.suppress(OSError):  # of the listener, when it is shut down
            while True:
                peer, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket):
        with peer, contextlib.suppress(OSError):  # whoever has seen enough closes
            peer.settimeout(30)
            with self._context.wrap_socket(peer, server_side=True) if self._context else peer as talk:
                if self._reads:
                    read_request(talk)
                self._answers(talk)

    def __enter__(self) -> "BadReceiver":
        self._accepting.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)
        self._listener.close()


def read_request(peer: socket.socket):
    with peer.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)


def self_signed(folder: pathlib.Path) -> pathlib.Path:
    """A key and a certificate of it for 127.0.0.1, in one file."""
    file = folder / "self_signed.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file),
                    "-out", str(folder / "certificate.pem")], check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "certificate.pem").read_text())
    return file
