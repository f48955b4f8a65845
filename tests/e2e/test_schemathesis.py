"""schemathesis takes the document that the program serves at its word: what it declares is asked for and must be answered so,
what it does not must be refused. A few thousand requests; PENSTOCK_TEST_SEED repeats them."""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import yaml

from harness.http_client import eventually
from harness.programs import SECRET, TOKEN, Standalone
from harness.signing import PARTNER_SCHEMES

HARNESS = pathlib.Path(__file__).parent / "harness"
SEED = os.environ.get("PENSTOCK_TEST_SEED") or str(random.randrange(2**32))
PARTNER_SECRET = "the partner's secret"
AD = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
# All of them, so that a key's requests are refused for what they are about and not for the lack of one.
SCOPES = ["admin:read", "events:publish", "payments:confirm", "reports:write", "webhooks:manage"]
# What every operation may answer besides what is listed, as the document says at its beginning.
EVERYWHERE = ("400", "405", "408", "411", "413", "417", "431", "503")
RULES = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 411]  # 411: an empty body is sometimes sent as no chunks

[[operations]]
include-operation-id = "putPartner"  # whether it may do without secrets depends on what there is
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403]

[[operations]]
include-operation-id = ["beginSignIn", "endSignIn"]  # whether the provider and the state are known, no document says
checks.positive_data_acceptance.expected-statuses = ["3xx", 400, 503]

[[operations]]
include-operation-id = "putConnector"  # likewise; and only a generic one has a workflow
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403]

[[operations]]
include-operation-id = ["putWebhookConfig"]  # whether an org has room for it depends on what it has
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403]

[[operations]]
include-operation-id = "putWorkflow"  # whether an org has room for it depends on what it has; some types are Penstock's own
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403]
"""
METHODS = ("get", "put", "post", "delete", "patch")


def part_of(document: dict, port: int) -> dict:
    """The operations of the listener at that port of the document."""
    def serves(servers: list) -> bool:
        return any(f":{port}" in server["url"] for server in servers)

    def without_servers(part: dict) -> dict:
        return {key: value for key, value in part.items() if key != "servers"}

    paths = {}
    for name, path in document["paths"].items():
        here = path.get("servers", document["servers"])
        served = {method: without_servers(path[method]) for method in METHODS
                  if method in path and serves(path[method].get("servers", here))}
        if served:
            paths[name] = {**{key: value for key, value in without_servers(path).items() if key not in METHODS}, **served}
    return {**without_servers(document), "paths": paths}


def spell_out(document: dict):
    """Says what the document says in words, or once for all, where schemathesis looks for it."""
    components = document["components"]["parameters"]
    components["Cursor"]["schema"] = {"enum": [""]}  # any other comes from an answer
    for body in ("AppBody", "WebhookConfigBody"):  # so that nothing is sent to anybody
        document["components"]["schemas"][body]["properties"]["url"] = {"enum": ["http://127.0.0.1:9/"]}
    for parameter in document["paths"]["/v1/feed"]["get"]["parameters"]:
        if parameter.get("name") == "after":
            parameter["schema"] = {"enum": [""]}
        elif parameter.get("name") == "wait":
            parameter["schema"] = {"enum": ["0s", "1ms"]}
    parameters = list(components.values())
    for path in document["paths"].values():
        operations = [path[method] for method in METHODS if method in path]
        for each in (path, *operations):
            # Where both are given they must agree.
            each["parameters"] = [given for given in each.get("parameters", ())
                                  if given != {"$ref": "#/components/parameters/OrgHeader"}]
            parameters += each["parameters"]
        for operation in operations:
            for status in EVERYWHERE:
                operation["responses"].setdefault(status, {"$ref": "#/components/responses/BadRequest"})
    for parameter in parameters:
        schema = parameter.get("schema", {})
        if schema.get("type") == "string" and not {"pattern", "format"} & set(schema):
            schema["pattern"] = r"^[^\x00-\x1f\x7f]*$"


class TheDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("seed", SEED, flush=True)
        cls.penstock = Standalone(PENSTOCK_ADS_RATE="0", PENSTOCK_REPORTS_KEY_RATE="0", PENSTOCK_SIGN_IN_RATE="0",
                                  PENSTOCK_ALLOW_HOSTS="127.0.0.1").start()
        cls.addClassCleanup(cls.penstock.__exit__, None, None, None)
        cls.document = yaml.safe_load(cls.penstock.admin.get("/openapi.yaml").body)
        spell_out(cls.document)
        for scheme in PARTNER_SCHEMES:
            cls.change("PUT", f"/v1/partners/{scheme}", {"scheme": scheme, "secrets": [PARTNER_SECRET]})
        cls.change("PUT", f"/v1/ads/{AD}", {"budget": 1000, "cost_per_impression": 1, "currency": "usd"})
        cls.key = cls.change("POST", "/v1/api-keys", {"name": "schemathesis", "scopes": SCOPES, "org": "acme"})["key"]

    @classmethod
    def change(cls, method: str, path: str, body: dict) -> dict:
        answer = cls.penstock.admin.request(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        assert answer.status in (200, 201), answer
        return answer.json

    def examine(self, document: dict, address: str, token: str):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "openapi.json").write_text(json.dumps(document, default=str))
            pathlib.Path(folder, "schemathesis.toml").write_text(RULES)
            environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(HARNESS.parent),
                           "SCHEMATHESIS_HOOKS": "harness.schemathesis_hooks", "PENSTOCK_TEST_TOKEN": token,
                           "PENSTOCK_TEST_STRIPE_SECRET": SECRET, "PENSTOCK_TEST_PARTNER_SECRET": PARTNER_SECRET}
            examined = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", "http://" + address, "--seed", SEED,
                 "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--continue-on-failure", "--no-shrink",
                 "--suppress-health-check", "all", "--warnings", "off"],
                cwd=folder, env=environment, timeout=200, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(examined.returncode, 0, examined.stdout)

    def test_holds_on_the_admin_listener_for_the_root_token(self):
        self.examine(part_of(self.document, 8081), self.penstock.admin.address, TOKEN)

    def test_holds_on_the_admin_listener_for_a_key_of_an_org(self):
        self.examine(part_of(self.document, 8081), self.penstock.admin.address, self.key)

    def test_holds_at_the_doors(self):
        doors = part_of(self.document, 8080)
        doors["paths"]["/v1/webhooks/partners/{partner}"]["post"]["parameters"][0]["schema"] = {"enum": PARTNER_SCHEMES}
        doors["components"]["parameters"]["AdId"]["schema"] = {"enum": [AD]}
        # The same key is the same answer, whatever the body says now.
        doors["paths"]["/v1/reports"]["post"]["parameters"] = []
        self.examine(doors, self.penstock.ingress.address, self.key)
        eventually("what was accepted has an outcome", lambda: all(
            pool["lag"] == 0 for pool in self.penstock.admin.get("/v1/pools").json["data"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
