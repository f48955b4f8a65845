"""Programs that stand in a document: taken out of it as they are, and started."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

from .http_client import Answer, Http, eventually
from .programs import MODULES, ROOT, free_port

_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_programs(document: str, folder: pathlib.Path) -> list[str]:
    """Writes each fenced block that has a name behind its language to a file of that name. Node finds its modules there."""
    found = _BLOCK.findall((ROOT / "docs" / document).read_text())
    for _, name, text in found:
        (folder / name).write_text(text)
    (folder / "node_modules").symlink_to(MODULES / "node_modules")
    return [name for _, name, _ in found]


def run(command: list[str], folder: pathlib.Path, stdin: str = "") -> str:
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


def compile_cpp(folder: pathlib.Path, source: str) -> list[str]:
    """With -O0, which is the quickest; returns the command of the program."""
    cached = ["ccache"] if shutil.which("ccache") else []
    run([*cached, "g++", "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-c", source, "-o", source + ".o"], folder)
    run(["g++", source + ".o", "-o", source + ".bin", "-lcrypto", "-pthread"], folder)
    return [str(folder / (source + ".bin"))]


def compile_go(folder: pathlib.Path, source: str) -> list[str]:
    run(["go", "vet", source], folder)
    run(["go", "build", "-o", source + ".bin", source], folder)
    return [str(folder / (source + ".bin"))]


class DocumentedReceiver:
    """Listens on `port`; `taken` and `seen` are the nonces that it has said."""

    def __init__(self, command: list[str], folder: pathlib.Path, secret: str, port: int | None = None):
        self.command, self.folder, self.port = command, folder, port or free_port()
        self.environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(self.port)}
        self.lines: list[list[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[str]:
        return self._said("taken")

    @property
    def seen(self) -> list[str]:
        return self._said("seen")

    def _said(self, word: str) -> list[str]:
        return [line[1] for line in list(self.lines) if line[0] == word]

    def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        client = Http(f"127.0.0.1:{self.port}")
        try:
            return client.request("POST", "/hook", body, headers)
        finally:
            client.close()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.split())

    def _listens(self) -> bool:
        assert self._process.poll() is None, f"{self.command} ended with {self._process.returncode}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> "DocumentedReceiver":
        self._process = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, text=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            eventually(f"{self.command} listens", self._listens)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait(30)
        self._reader.join(5)
        self._process.stdout.close()
