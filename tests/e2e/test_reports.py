"""Reports from the wire to the moderators, and the one answer that an idempotency key has."""

import base64
import concurrent.futures
import hmac
import json
import time
import unittest

from harness.events import unique
from harness.http_client import Answer, Http, Ingress, eventually
from harness.programs import MASTER_KEY, SECRET, Cluster, Program, Standalone

PUBLIC_URL = "https://hooks.example.com"
JSON = {"Content-Type": "application/json"}
REPORT = {"reportable_id": "post-7", "reportable_type": "Post", "reason": "spam", "description": "Ünwanted"}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def session(user: str, lasts: int = 600, algorithm: str = "HS256") -> str:
    """A token as the sign-in gives it (RFC 7519), its key derived by HKDF (RFC 5869)."""
    extracted = hmac.digest(bytes(32), base64.b64decode(MASTER_KEY), "sha256")
    key = hmac.digest(extracted, b"penstock session token HS256\x01", "sha256")
    now = int(time.time())
    claims = {"iss": PUBLIC_URL, "aud": "penstock", "sub": user, "account": "hub/" + user, "iat": now - 900, "exp": now + lasts}
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    return text + "." + (encoded(hmac.digest(key, text.encode(), "sha256")) if algorithm == "HS256" else "")


def make_key(admin, *scopes: str, **members) -> str:
    body = json.dumps({"name": "test", "scopes": scopes or ["reports:write"], **members}).encode()
    answer = admin.request("POST", "/v1/api-keys", body, JSON)
    assert answer.status == 201, answer
    return answer.json["key"]


def post(http: Http, credentials: dict, body: dict | bytes = REPORT, key: str | None = None) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.request("POST", "/v1/reports", data, {
        **JSON, **credentials, **({"Idempotency-Key": key} if key else {})})


def moderate(admin, report: str, **members) -> Answer:
    return admin.request("PATCH", f"/v1/reports/{report}", json.dumps(members).encode(), JSON)


class Reports(unittest.TestCase):
    def setUp(self):
        self.penstock = Standalone(PENSTOCK_MASTER_KEY=MASTER_KEY, PENSTOCK_PUBLIC_URL=PUBLIC_URL)
        self.penstock.__enter__()
        self.addCleanup(self.penstock.__exit__, None, None, None)
        self.admin = self.penstock.admin
        self.key = {"X-API-Key": make_key(self.admin)}

    def post(self, *arguments, **named) -> Answer:
        return post(self.penstock.ingress, *arguments, **named)

    def stored(self, answer: Answer, query: str = "") -> dict:
        path = f"/v1/reports/{answer.json['id']}{query}"
        return eventually("the report is stored", lambda: self.admin.state(path))

    def test_a_report_is_answered_with_its_six_fields_and_opened(self):
        answer = self.post(self.key)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(list(answer.json), ["id", *REPORT, "created_at"])
        self.assertEqual({name: answer.json[name] for name in REPORT}, REPORT)
        stored = self.stored(answer)
        self.assertEqual({name: stored[name] for name in answer.json}, answer.json)
        self.assertEqual((stored["status"], stored["reporter"]),
                         ("open", "key:" + self.key["X-API-Key"].split("_")[1]))
        self.assertEqual(stored["updated_by"], f"api/default:{answer.json['id']}")
        plain = self.post(self.key, {name: REPORT[name] for name in REPORT if name != "description"})
        self.assertIsNone(plain.json["description"])
        self.assertIsNone(self.stored(plain)["description"])

    def test_whoever_is_signed_in_may_report(self):
        for credentials in ({"Authorization": "Bearer " + session("user-1")},
                            {"Cookie": "penstock_session=" + session("user-1")}):
            answer = self.post(credentials)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(self.stored(answer)["reporter"], "user-1")

    def test_a_key_reports_for_its_own_org(self):
        key = make_key(self.admin, org="acme")
        reader = {"Authorization": "Bearer " + make_key(self.admin, "admin:read", org="acme")}
        answer = self.post({"X-API-Key": key})
        self.stored(answer, "?org=acme")
        path = f"/v1/reports/{answer.json['id']}"
        self.assertIsNone(self.admin.state(path), "the default org has no such report")
        with_key = Http(self.admin.address, reader)
        self.assertEqual(with_key.get(path).json["id"], answer.json["id"])
        self.assertEqual([row["id"] for row in with_key.get("/v1/reports").json["data"]], [answer.json["id"]])
        self.assertEqual(moderate(with_key, answer.json["id"], status="resolved").status, 403)
        with_key.close()

    def test_whoever_may_not_report_is_turned_away(self):
        refused = {
            "no credentials": ({}, 401, "credentials_missing"),
            "no key of ours": ({"X-API-Key": "pk_x"}, 401, "api_key_unknown"),
            "another scope": ({"X-API-Key": make_key(self.admin, "payments:confirm")}, 403, "scope_missing"),
            "expired": ({"Authorization": "Bearer " + session("u", -1)}, 401, "expired"),
            "unsigned": ({"Authorization": "Bearer " + session("u", algorithm="none")}, 401, "wrong_algorithm"),
            "forged": ({"Authorization": "Bearer " + session("u")[:-4] + "AAAA"}, 401, "forged"),
        }
        for why, (credentials, status, reason) in refused.items():
            with self.subTest(why):
                self.assertEqual(self.post(credentials, key="k").status, status)
                self.assertIn(f'door="reports",reason="{reason}"'.encode(), self.admin.get("/metrics").body)
        self.assertEqual(self.admin.all("/v1/reports"), [])

    def test_each_field_that_is_wrong_is_named(self):
        missing = ["/reason", "/reportable_id", "/reportable_type"]
        cases = [
            (b"", 400, ["", *missing]), (b"not json", 400, ["", *missing]), (b"[]", 400, ["", *missing]),
            ({}, 400, missing),
            ({**REPORT, "reportable_id": 7}, 400, ["/reportable_id"]),
            ({**REPORT, "reportable_id": "x" * 256, "reason": ""}, 400, ["/reason", "/reportable_id"]),
            ({**REPORT, "reportable_type": "a type"}, 400, ["/reportable_type"]),
            ({**REPORT, "description": "x" * 4097}, 400, ["/description"]),
            ({**REPORT, "descripton": "mistyped"}, 400, ["/descripton"]),
            ({**REPORT, "description": "x" * 70_000}, 413, None),
        ]
        for body, status, fields in cases:
            with self.subTest(str(body)[:60]):
                answer = self.post(self.key, body)
                self.assertEqual(answer.status, status, answer)
                if fields:
                    self.assertEqual(sorted(answer.json["error"]["fields"]), fields)
        for key in ("two words", "x" * 256):
            answer = self.post(self.key, key=key)
            self.assertEqual((answer.status, list(answer.json["error"]["fields"])), (400, ["/Idempotency-Key"]))
        form = self.penstock.ingress.request("POST", "/v1/reports", b"a=b", {
            "Content-Type": "application/x-www-form-urlencoded", **self.key})
        self.assertEqual(form.status, 415)
        self.assertEqual(self.admin.all("/v1/reports"), [])

    def test_moderators_close_a_report_and_no_event_opens_it_again(self):
        answer = self.post(self.key, key="k")
        self.assertEqual(moderate(self.admin, "nobody", status="resolved").status, 404)
        self.stored(answer)
        for status in ("dismissed", "resolved", "resolved"):
            moderated = moderate(self.admin, answer.json["id"], status=status)
            self.assertEqual((moderated.status, moderated.json["status"]), (200, status))
            self.assertEqual(moderated.json["updated_by"], "root")
        self.assertEqual(self.post(self.key, key="k").json, answer.json)
        event = eventually("the event has come again", lambda: (
            found := self.admin.event(f"api/default:{answer.json['id']}"))["deliveries"] == 2 and found)
        self.assertEqual((event["outcome"], event["entity"]), ("applied", answer.json["id"]))
        self.assertEqual(self.admin.state(f"/v1/reports/{answer.json['id']}"), moderated.json)
        audit = self.admin.all(f"/v1/audit?subject=/v1/reports/{answer.json['id']}")
        self.assertEqual([(row["who"], row["action"], row["detail"]) for row in audit],
                         [("root", "patch", {"status": "resolved"}), ("root", "patch", {"status": "dismissed"})])
        for members in ({}, {"status": "closed"}, {"status": "open", "reason": "x"}):
            self.assertEqual(moderate(self.admin, answer.json["id"], **members).status, 400)

    def test_reports_are_listed_by_status_and_type(self):
        posted = [self.post(self.key, {**REPORT, "reportable_type": kind}) for kind in ("Post", "User", "Post", "User")]
        ids = [answer.json["id"] for answer in posted]
        for answer in posted:
            self.stored(answer)
        moderate(self.admin, ids[0], status="resolved")
        moderate(self.admin, ids[1], status="resolved")

        def listed(query: str) -> list[str]:
            return [row["id"] for row in self.admin.all("/v1/reports" + query)]
        self.assertCountEqual(listed(""), ids)
        self.assertCountEqual(listed("?status=open"), ids[2:])
        self.assertCountEqual(listed("?type=Post"), [ids[0], ids[2]])
        self.assertEqual(listed("?status=resolved&type=User"), [ids[1]])
        page = self.admin.get("/v1/reports?limit=3").json
        rest = self.admin.get("/v1/reports?limit=3&cursor=" + page["next_cursor"]).json
        self.assertCountEqual([row["id"] for row in page["data"] + rest["data"]], ids)
        self.assertEqual(self.admin.get("/v1/reports?status=closed").status, 400)

    def test_a_key_has_one_answer_after_a_kill(self):
        answer = self.post(self.key, key="k")
        self.penstock.kill()
        self.penstock.start()
        eventually("the settings are known", lambda: self.penstock.ingress.get("/readyz").status == 200)
        again = self.post(self.key, {**REPORT, "reason": "another"}, key="k")
        self.assertEqual((again.status, again.json), (201, answer.json))

    def test_who_asks_again_at_once_after_a_kill_is_answered_as_before(self):
        users = [{"Authorization": "Bearer " + session(f"user-{number}")} for number in range(50)]
        answers = [self.post(user, key="k").json for user in users]
        self.penstock.kill()
        self.penstock.start()
        for user, answer in zip(users, answers):
            again = eventually("it is answered", lambda: (
                asked := self.post(user, {**REPORT, "reason": "another"}, key="k")).status != 503 and asked)
            self.assertEqual((again.status, again.json), (201, answer))

    def test_a_ban_ends_the_sessions_that_are_open(self):
        user = {"Authorization": "Bearer " + session("user-1")}
        self.assertEqual(self.post(user).status, 201)
        self.assertEqual(self.admin.request("PUT", "/v1/bans/hub/user-1", b"{}", JSON).status, 200)
        self.assertEqual((self.post(user).status, self.post(user).json["error"]["type"]), (403, "banned"))
        self.assertEqual(self.post({"Authorization": "Bearer " + session("user-2")}).status, 201)
        self.assertEqual(self.admin.request("DELETE", "/v1/bans/hub/user-1").status, 204)
        self.assertEqual(self.post(user).status, 201)

    def test_one_user_who_floods_is_told_when_to_go_on(self):
        user = {"Authorization": "Bearer " + session("user-1")}
        refused = eventually("it is too much", lambda: (asked := self.post(user)).status == 429 and asked)
        self.assertIn(int(refused.headers["Retry-After"]), range(1, 7))
        self.assertEqual(self.post({"Authorization": "Bearer " + session("user-2")}).status, 201)


class SeveralIngresses(unittest.TestCase):
    def test_of_many_at_once_one_is_the_report_and_each_is_answered_so(self):
        with Cluster(pools=("reports",), PENSTOCK_PUBLIC_URL=PUBLIC_URL, PENSTOCK_REPORTS_RATE="0",
                     PENSTOCK_REPORTS_KEY_RATE="0") as cluster, \
                Program("penstock-ingress", [], cluster.environment) as second:
            key = {"X-API-Key": make_key(cluster.admin)}
            user = {"Authorization": "Bearer " + session("user-1")}
            addresses = [cluster.ingress.address, second.address("ingress")]
            for address in addresses:
                eventually("the ingress knows the key", lambda: post_once(address, key).status == 201)

            with concurrent.futures.ThreadPoolExecutor(16) as clients:
                def one_answer(name: str, credentials: dict) -> dict:
                    answers = list(clients.map(lambda n: post_once(
                        addresses[n % 2], credentials, {**REPORT, "reason": f"reason {n}"}, name), range(16)))
                    self.assertEqual({answer.status for answer in answers}, {201})
                    self.assertEqual(len({answer.body for answer in answers}), 1)
                    return answers[0].json
                first = {name: one_answer(name, key) for name in (unique("key") for _ in range(20))}
                of_user = {name: one_answer(name, user) for name in first}
            for name in first:
                self.assertNotEqual(first[name]["id"], of_user[name]["id"], "another's key")

            cluster.ingress.close()
            cluster.ingress_program.kill()
            cluster.start_ingress()
            for name, answer in first.items():
                for address in (cluster.ingress.address, addresses[1]):
                    again = post_once(address, key, {"reason": "whatever"}, name)
                    self.assertEqual((again.status, again.json), (201, answer))

            expected = [*first.values(), *of_user.values()]
            for answer in expected:
                stored = eventually("it is stored", lambda: cluster.admin.state("/v1/reports/" + answer["id"]))
                self.assertEqual({name: stored[name] for name in answer}, answer)
            cluster.wait_for_no_lag("reports")
            self.assertEqual(len(cluster.admin.all("/v1/reports")), len(expected) + len(addresses))
            told = cluster.psql("select count(*) from outbox where type = 'report.created'", cluster.name)
            self.assertEqual(int(told), len(expected) + len(addresses))


def post_once(address: str, *arguments, **named) -> Answer:
    http = Ingress(address, SECRET)
    try:
        return post(http, *arguments, **named)
    finally:
        http.close()


if __name__ == "__main__":
    unittest.main()
