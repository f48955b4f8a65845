"""Checks the directions of dependency in a finished build: dependencies.py CHECK SOURCE_DIR BUILD_DIR.

Headers come from the compiler's own dependency output (ninja -t deps), so a header that another header pulls in
counts too.
"""

import pathlib
import re
import subprocess
import sys

PURE_FOLDERS = ("common/core", "common/net", "common/workflows", "workers/domain")

# What pure code must not reach, whoever includes it.
IMPURE_HEADERS = re.compile(
    r"/c\+\+/\d+/(fstream|iostream|filesystem|random|thread|mutex|shared_mutex|condition_variable|future)$|"
    r"/(sys/socket|sys/random|sys/stat|fcntl|poll|netdb|sqlite3|libpq-fe)\.h$|"
    r"/(boost/asio|boost/beast|rapidjson|librdkafka|hiredis|openssl|prometheus|spdlog|toml\+\+|CLI)/")
# What <chrono> and <cstdlib> declare cannot be kept out by headers, so the objects must not refer to it.
IMPURE_SYMBOLS = re.compile(
    r"std::chrono::_V2::\w+::now\(\)|std::random_device|"
    r"^(time|clock|clock_gettime|gettimeofday|rand|random|drand48|getrandom|getentropy|arc4random|"
    r"open|openat|fopen|read|socket|connect|send|recv|poll|getenv|system|usleep|nanosleep)(@|$)")

# Part of a header's path, and the folders whose code may reach it.
THIRD_PARTY = {
    "/librdkafka/": ("common/adapters/kafka",),
    "/hiredis/": ("common/adapters/redis",),
    "/curl/": ("common/adapters/curl",),
    "/cjose/": ("common/jose",),
    "/jemalloc/": ("common/process",),
    "/libpq-fe.h": ("common/adapters/postgres",),
    "/sqlite3.h": ("common/adapters/sqlite",),
    "/openssl/": ("common/crypto", "common/jose"),  # cjose names its curves as OpenSSL does
    "/rapidjson/": ("common/json",),
    "/spdlog/": ("common/observe",),
    "/toml++/": ("common/config",),
    "/CLI/": ("common/config",),
    "/boost/asio/": ("common/http", "common/async", "deploy/standalone/send"),
    "/boost/beast/": ("common/http", "deploy/standalone/send"),
    "/boost/url/": ("common/http", "common/config"),
}
# A floor each, from the ground up: code reaches what is below it, and on its own floor only its own folder. A folder
# that stands here reaches all that the ones it names reach, and nothing else of ours.
REACHES = {
    "common/core": (),
    "common/async": ("common/core",),
    "common/crypto": ("common/core",),
    "common/json": ("common/core",),
    "common/files": ("common/core",),
    "common/net": ("common/core",),
    "common/process": ("common/core",),
    "common/jose": ("common/crypto", "common/json"),
    "common/observe": ("common/json",),
    "common/catalogue": ("common/json",),
    "common/workflows": ("common/crypto", "common/json"),
    "common/ports": ("common/observe",),
    "common/tables": ("common/async", "common/ports"),
    "common/registry": ("common/crypto", "common/files", "common/tables", "common/workflows"),
    "common/waits": ("common/tables", "common/workflows"),
    "common/config": ("common/crypto", "common/files", "common/net", "common/observe"),
    "common/adapters": ("common/net", "common/ports", "schemas"),
    "common/http/server": ("common/crypto", "common/net", "common/observe"),
    "common/http/probes": ("common/http/server",),
    "common/http/listeners": ("common/config", "common/http/probes"),
    "common/wiring": ("common/adapters", "common/catalogue", "common/config", "common/http/probes", "common/registry",
                      "common/waits"),
    "workers/domain/event": ("common/core",),
    "workers/domain/state": ("workers/domain/event", "common/ports", "common/workflows"),
    "workers/domain/outbound": ("workers/domain/state", "common/crypto"),
    "workers/domain/ledger": ("workers/domain/outbound",),
    "workers/domain/payments": ("workers/domain/ledger",),
    "workers/domain/subscriptions": ("workers/domain/outbound",),
    "workers/domain/connect": ("workers/domain/outbound",),
    "workers/domain/ads": ("workers/domain/outbound",),
    "workers/domain/connectors": ("workers/domain/outbound",),
    "workers/domain/users": ("workers/domain/outbound",),
    "workers/domain/reports": ("workers/domain/outbound",),
    "workers/domain/invoices": ("workers/domain/payments", "workers/domain/subscriptions"),
    "workers/domain": ("workers/domain/invoices", "workers/domain/connect", "workers/domain/users",
                       "workers/domain/ads", "workers/domain/reports", "workers/domain/connectors"),
    "workers/sources": ("workers/domain",),
    "workers/runtime": ("workers/sources", "common/async", "common/catalogue", "common/tables"),
    "workers/settings": ("workers/domain", "common/registry"),
    "workers/deliveries": ("workers/runtime", "workers/settings"),
    "workers": ("workers/deliveries", "common/http/listeners", "common/process", "common/wiring"),
    "ingress/signatures": ("common/http/server",),
    "ingress/intake": ("common/async", "common/http/server", "common/ports"),
    "ingress/fields": ("common/http/server",),
    "ingress/sessions": ("common/http/server", "common/jose", "common/registry"),
    "ingress/claims": ("common/tables",),
    "ingress/identity_providers": ("common/jose", "common/net", "common/ports"),
    "ingress/signin": ("ingress/identity_providers", "ingress/intake", "ingress/sessions", "common/catalogue",
                       "common/registry"),
    "ingress/doors": ("ingress/claims", "ingress/fields", "ingress/intake", "ingress/sessions", "ingress/signatures", "common/catalogue", "common/registry",
                      "common/waits"),
    "ingress/admin/settings": ("workers/settings", "common/async"),
    "ingress/admin/api": ("workers/deliveries", "common/config", "common/http/probes", "ingress/admin/settings",
                          "ingress/fields", "ingress/signatures", "schemas"),
    "ingress/admin": ("ingress/admin/api", "common/http/listeners", "common/process", "common/wiring"),
    "ingress": ("ingress/doors", "ingress/signin", "common/http/listeners", "common/process", "common/wiring"),
}
FREE = ("deploy", "schemas", "tests")  # they assemble, or hold no code of ours that others are made of


def within(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def objects(build):
    """Yields (source folder, object, headers) of every object the build has made."""
    output = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    for entry in output.split("\n\n"):
        lines = entry.splitlines()
        if not lines or "CMakeFiles" not in lines[0]:
            continue
        name = lines[0].split(": ")[0]
        headers = [str((build / line.strip()).resolve()) for line in lines[1:]]
        target, source = re.fullmatch(r"(.*)/CMakeFiles/[^/]+\.dir/(.*)", name).groups()
        yield str(pathlib.PurePath(target, source).parent), name, headers


def headers_where(build, folders):
    found = [each for each in objects(build) if within(each[0], folders)]
    for folder in folders:
        assert any(within(each[0], (folder,)) for each in found), f"no object of {folder}: build first"
    return found


def pure_headers(source, build):
    for _, name, headers in headers_where(build, PURE_FOLDERS):
        for header in headers:
            if IMPURE_HEADERS.search(header):
                yield f"{name} reaches {header}"


def pure_symbols(source, build):
    for _, name, _ in headers_where(build, PURE_FOLDERS):
        undefined = subprocess.run(["nm", "--undefined-only", "--demangle", "--format=just-symbols", str(build / name)],
                                   capture_output=True, text=True, check=True).stdout
        for symbol in undefined.splitlines():
            if IMPURE_SYMBOLS.search(symbol):
                yield f"{name} refers to {symbol}"


def third_party(source, build):
    for folder, name, headers in objects(build):
        for part, allowed in THIRD_PARTY.items():
            if within(folder, (*allowed, "tests")):  # tests look at what an adapter did
                continue
            if any(part in header for header in headers if not header.startswith(str(source))):
                yield f"{name} reaches {part.strip('/')}, which is for {', '.join(allowed)}"


def room_of(path):
    """The longest folder of REACHES that the path lies in."""
    rooms = [room for room in REACHES if within(path, (room,))]
    return max(rooms, key=len) if rooms else None


def reached_by(room):
    found = {room}
    for below in REACHES.get(room, ()):
        found |= reached_by(below)
    return found


def directions(source, build):
    for folder, name, headers in objects(build):
        if within(folder, FREE):
            continue
        room = room_of(folder)
        if room is None:
            yield f"{folder} stands on no floor: give it a line in REACHES"
            continue
        allowed = reached_by(room)
        for header in headers:
            if not header.startswith(str(source) + "/"):
                continue
            header = header[len(str(source)) + 1:]
            if within(header, FREE) and not within(header, allowed) or room_of(header) not in (*allowed, None):
                yield f"{name} reaches {header}"


def ingress_links(source, build):
    output = subprocess.run(["ldd", str(build / "bin" / "penstock-ingress")], capture_output=True, text=True, check=True)
    for line in output.stdout.splitlines():
        if re.search(r"libpq|libsqlite3|libhiredis", line):
            yield f"penstock-ingress links {line.strip()}"


CHECKS = {check.__name__: check for check in (pure_headers, pure_symbols, third_party, directions, ingress_links)}


def main():
    check, source, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
    violations = sorted(set(CHECKS[check](source, build)))
    print("\n".join(violations) if violations else f"{check}: nothing to object to")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
