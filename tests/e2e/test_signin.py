"""People sign in with real providers and lying ones, and what must not be let in is not."""

import base64
import concurrent.futures
import json
import pathlib
import re
import subprocess
import unittest
from urllib.parse import parse_qs, quote, urlsplit

from harness.browser import Browser
from harness.http_client import Http, eventually
from harness.identity_providers import CLIENT_SECRET, Hub, forger, issuer_settings, oidc
from harness.programs import ROOT, TOKEN, Cluster, Standalone, free_port

SESSION, STATE = "penstock_session", "penstock_signin"


def claims(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class Site:
    """A Penstock whose public URL is known before it starts, as providers want it."""

    def __init__(self):
        self.address = f"127.0.0.1:{free_port()}"
        self.url = "http://" + self.address
        self.callback = self.url + "/api/auth/callback"
        self.settings = {"PENSTOCK_LISTEN": self.address, "PENSTOCK_PUBLIC_URL": self.url}

    def login(self, browser: Browser, provider: str, return_to: str | None = None):
        path = f"{self.url}/api/auth/login?provider={provider}"
        return browser.get(path + ("" if return_to is None else "&return_to=" + quote(return_to, safe="")))

    def come_back(self, browser: Browser, provider: str, code: str = "x", **query: str):
        """Signs in as far as the provider, and comes back from there with this code."""
        return browser.get(self.way_back(browser, provider, code, **query))

    def way_back(self, browser: Browser, provider: str, code: str, **query: str) -> str:
        to_provider = parse_qs(urlsplit(self.login(browser, provider).headers["Location"]).query)
        query = {"state": to_provider["state"][0], "code": code.replace("{nonce}", to_provider["nonce"][0]), **query}
        return self.callback + "?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in query.items())


def user_of(browser: Browser, site: Site) -> str:
    return claims(browser.cookies[site.address][SESSION])["sub"]


def outcomes(penstock) -> dict[str, float]:
    lines = penstock.admin.get("/metrics").body.decode().splitlines()
    prefix = 'penstock_ingress_sign_ins_total{outcome="'
    return {line[len(prefix):line.index('"', len(prefix))]: float(line.split()[-1])
            for line in lines if line.startswith(prefix)}


class SignInWithHub(unittest.TestCase):
    """A provider of plain OAuth, which can be told how to behave."""

    @classmethod
    def setUpClass(cls):
        cls.site, cls.hub = Site(), cls.enterClassContext(Hub())
        cls.penstock = cls.enterClassContext(Standalone(**cls.site.settings, **cls.hub.settings("HUB")))

    def setUp(self):
        self.browser = Browser()
        self.hub.status, self.hub.hangs = 200, False
        eventually("the settings are known", lambda: self.penstock.ingress.get("/readyz").status == 200)

    def sign_in(self, return_to: str | None = None):
        at_hub = self.browser.follow(self.site.login(self.browser, "hub", return_to), self.site.callback)
        return self.browser.get(at_hub.headers["Location"])

    def refused(self, answer, status: int, type_: str):
        self.assertEqual((answer.status, answer.json["error"]["type"]), (status, type_), answer)
        self.assertNotIn(SESSION, self.browser.cookies[self.site.address])

    def test_who_signs_in_has_a_session_and_is_a_user(self):
        answer = self.sign_in("/orders?page=2#top")
        self.assertEqual((answer.status, answer.headers["Location"]), (302, self.site.url + "/orders?page=2#top"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        session = next(line for line in answer.headers.get_all("Set-Cookie") if line.startswith(SESSION))
        self.assertIn("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax", session)
        self.assertNotIn("Secure", session, "on http:// and this machine")
        self.assertNotIn(STATE, self.browser.cookies[self.site.address])
        token = claims(self.browser.cookies[self.site.address][SESSION])
        self.assertEqual((token["iss"], token["exp"] - token["iat"]), (self.site.url, 604_800))
        user = eventually("the user", lambda: self.penstock.admin.state("/v1/users/" + token["sub"]))
        self.assertEqual((user["email"], user["name"], user["status"]), ("ada@example.com", "Ada", "active"))
        self.assertEqual(user["identities"], [{"provider": "hub", "subject": "17"}])

    def test_who_signs_in_again_is_the_same_user(self):
        self.sign_in()
        first, self.browser = user_of(self.browser, self.site), Browser()
        answer = self.sign_in()
        self.assertEqual(answer.headers["Location"], self.site.url + "/dashboard")
        self.assertEqual(user_of(self.browser, self.site), first)

    def test_what_is_sent_to_the_provider_holds_no_secret(self):
        location = self.site.login(self.browser, "hub").headers["Location"]
        query = parse_qs(urlsplit(location).query)
        self.assertEqual((query["redirect_uri"], query["code_challenge_method"]), ([self.site.callback], ["S256"]))
        self.assertNotIn(CLIENT_SECRET, location)
        self.assertNotIn("code_verifier", location)

    def test_a_state_is_good_once_in_its_browser_and_for_itself(self):
        good = self.browser.follow(self.site.login(self.browser, "hub"), self.site.callback).headers["Location"]
        kept = dict(self.browser.cookies[self.site.address])
        state = parse_qs(urlsplit(good).query)["state"][0]
        for query in ("", "?state=", "?state=x", "?code=x", f"?state={state}x&code=x", "?state=x&error=access_denied",
                      f"?state={state[::-1]}&code=x"):
            self.refused(self.browser.get(self.site.callback + query), 400, "invalid_state")
        stranger = Browser()
        self.site.login(stranger, "hub")
        self.assertEqual(stranger.get(good).status, 400, "a state of another browser")
        self.assertEqual(Browser().get(good).status, 400, "a state without its cookie")
        forged = Browser()
        forged.cookies[self.site.address] = {STATE: kept[STATE][:-8] + "AAAAAAA="}
        self.assertEqual(forged.get(good).status, 400, "a cookie that is not ours")
        self.assertEqual(self.browser.get(good).status, 302, "what others tried has cost nothing")
        replay = Browser()
        replay.cookies[self.site.address] = kept
        answer = replay.get(good)
        self.assertEqual((answer.status, answer.json["error"]["type"]), (400, "invalid_state"))

    def test_a_provider_that_says_no_leads_to_the_login_page(self):
        for error, word in (("access_denied", "access_denied"), ("https://evil.example", "provider_error")):
            answer = self.site.come_back(self.browser, "hub", error=error)
            self.assertEqual((answer.status, answer.headers["Location"]), (302, f"{self.site.url}/login?error={word}"))
            self.assertNotIn(STATE, self.browser.cookies[self.site.address])

    def test_a_code_that_the_provider_rejects_is_401(self):
        self.refused(self.site.come_back(self.browser, "hub"), 401, "sign_in_rejected")
        self.refused(self.site.come_back(self.browser, "hub", code=""), 400, "invalid_request")

    def test_a_provider_in_trouble_is_503_and_one_that_makes_no_sense_502(self):
        self.hub.status = 500
        answer = self.site.come_back(self.browser, "hub")
        self.refused(answer, 503, "provider_unavailable")
        self.assertEqual(answer.headers["Retry-After"], "5")
        self.hub.status = 302
        self.refused(self.site.come_back(self.browser, "hub"), 502, "provider_failed")

    def test_a_banned_account_is_403_and_nobody_hears_of_it(self):
        self.addCleanup(setattr, self.hub, "user", self.hub.user)
        self.hub.user = {"id": 18, "login": "mallory"}
        ban = self.penstock.admin.request("PUT", "/v1/bans/hub/18", b'{"reason": "fraud"}', {"Content-Type": "application/json"})
        self.assertEqual(ban.status, 200, ban)
        self.refused(self.sign_in(), 403, "banned")
        self.assertEqual(self.penstock.admin.request("DELETE", "/v1/bans/hub/18").status, 204)
        self.assertEqual(self.sign_in().status, 302)
        user = eventually("the user", lambda: self.penstock.admin.state("/v1/users/" + user_of(self.browser, self.site)))
        self.assertEqual((user["name"], user["email"]), ("mallory", None))
        signed_in = [row for row in self.penstock.admin.all("/v1/events?type=user.signed_in") if row["entity"] == user["id"]]
        self.assertEqual(len(signed_in), 1, "that of the ban has left nothing")

    def test_it_leads_to_a_path_of_the_app_and_nowhere_else(self):
        for path in ("//evil.example", "/\\evil.example", "https://evil.example", "evil.example", "", "/%2f/evil.example",
                     "/%5cevil.example", "/\tevil.example", "/a\r\nSet-Cookie: x=y", "/%0aevil", "javascript:alert(1)",
                     "\\/evil.example", "/%252f/evil", "/ü", "/" + "a" * 2000):
            answer = self.site.login(self.browser, "hub", path)
            self.assertEqual(answer.status, 400, path)
            self.assertNotIn("Location", answer.headers, path)
        self.assertIn("/return_to", self.site.login(self.browser, "hub", "//evil.example").json["error"]["fields"])

    def test_an_unknown_provider_is_400(self):
        for provider in ("", "github", "HUB", "hub%00"):
            self.assertEqual(self.site.login(self.browser, provider).status, 400, provider)

    def test_signing_out_takes_the_cookie_away_and_is_for_our_own_pages(self):
        self.sign_in()
        for origin in ("https://evil.example", "null", self.site.url + ".evil.example"):
            answer = self.browser.post(self.site.url + "/api/auth/logout", Origin=origin)
            self.assertEqual((answer.status, answer.json["error"]["type"]), (403, "origin_refused"), origin)
            self.assertIn(SESSION, self.browser.cookies[self.site.address])
        answer = self.browser.post(self.site.url + "/api/auth/logout", Origin=self.site.url)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, self.site.url + "/login"))
        self.assertNotIn(SESSION, self.browser.cookies[self.site.address])
        self.assertEqual(self.browser.get(self.site.url + "/api/auth/logout").status, 405)

    def test_a_provider_that_hangs_holds_up_nobody_else(self):
        self.hub.hangs = True
        coming_back = [(browser, self.site.way_back(browser, "hub", "x")) for browser in (Browser() for _ in range(80))]
        before = outcomes(self.penstock)["overloaded"]
        with concurrent.futures.ThreadPoolExecutor(len(coming_back)) as pool:
            coming = [pool.submit(browser.get, url) for browser, url in coming_back]
            eventually("more than may be under way", lambda: outcomes(self.penstock)["overloaded"] > before)
            self.assertEqual(self.penstock.ingress.get("/healthz").status, 200)
            self.penstock.ingress.accept({"id": "evt_while_it_hangs", "object": "event", "type": "x.y", "created": 1,
                                          "data": {"object": {"id": "x"}}})
            answers = [each.result() for each in coming]
        self.assertEqual({answer.status for answer in answers}, {503})
        self.assertEqual(sorted({answer.json["error"]["type"] for answer in answers}), ["overloaded", "provider_unavailable"])
        self.hub.hangs = False
        self.assertEqual(self.sign_in().status, 302)

    def test_how_it_ends_is_counted_and_what_is_secret_is_not_said(self):
        before = outcomes(self.penstock)
        self.assertEqual(self.sign_in().status, 302)
        self.site.come_back(self.browser, "hub")
        self.site.come_back(self.browser, "hub", state="forged")
        self.site.come_back(self.browser, "hub", error="access_denied")
        self.site.login(self.browser, "nobody")
        Browser().get(self.site.callback + "?state=x")
        self.hub.status = 500
        self.site.come_back(self.browser, "hub")
        grown = {outcome: count - before[outcome] for outcome, count in outcomes(self.penstock).items() if count > before[outcome]}
        self.assertEqual(grown, dict.fromkeys(("signed_in", "code_rejected", "state_forged", "refused", "request_invalid",
                                               "state_missing", "provider_away"), 1))
        said = "\n".join(self.penstock.program.output)
        self.assertIn('"reason":"code_rejected"', said.replace('": "', '":"'))
        for secret in (CLIENT_SECRET, "at-of-hub", *self.browser.cookies[self.site.address].values()):
            self.assertNotIn(secret, said)


class SignInWithOpenIdConnect(unittest.TestCase):
    def test_with_a_real_provider(self):
        site = Site()
        with oidc(site.callback) as provider, \
                Standalone(**site.settings, **issuer_settings("REAL", provider.url)) as penstock:
            eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
            browser = Browser()
            page = browser.follow(site.login(browser, "real", "/orders"), site.callback)
            page = browser.follow(browser.submit(page, login="grace", password="x"), site.callback)
            back = browser.follow(browser.submit(page), site.callback)
            self.assertIn("iss=", back.headers["Location"])
            answer = browser.get(back.headers["Location"])
            self.assertEqual((answer.status, answer.headers["Location"]), (302, site.url + "/orders"), answer)
            user = eventually("the user", lambda: penstock.admin.state("/v1/users/" + user_of(browser, site)))
            self.assertEqual((user["email"], user["name"]), ("grace@example.com", "Name of grace"))
            self.assertEqual(user["identities"], [{"provider": "real", "subject": "grace"}])

            again = site.login(browser, "real")
            twice = browser.follow(again, site.callback).headers["Location"]
            other = twice.replace(quote(provider.url, safe=""), quote("https://other.example", safe=""))
            self.assertEqual(browser.get(other).status, 401, "a way back from another provider")
            rejected = site.come_back(browser, "real", iss=provider.url)
            self.assertEqual((rejected.status, rejected.json["error"]["type"]), (401, "sign_in_rejected"))

    def test_what_a_provider_has_not_signed_so_is_401(self):
        site = Site()
        with forger() as provider, Standalone(**site.settings, **issuer_settings("LIAR", provider.url)) as penstock:
            eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
            browser = Browser()
            for lie in ("wrong_nonce", "no_nonce", "alg_none", "alg_hs256", "wrong_audience", "wrong_party", "wrong_issuer",
                        "expired", "no_subject", "other_signature"):
                answer = site.come_back(browser, "liar", lie + ":{nonce}")
                self.assertEqual((answer.status, answer.json["error"]["type"]), (401, "sign_in_rejected"), lie)
                self.assertNotIn(SESSION, browser.cookies[site.address], lie)
            self.assertEqual(site.come_back(browser, "liar", "none:{nonce}").status, 302, "and the right one is taken")

            asked = Http(provider.url.removeprefix("http://"))
            before = asked.get("/keys_asked").json
            for _ in range(5):
                self.assertEqual(site.come_back(Browser(), "liar", "unknown_kid:{nonce}").status, 401)
            self.assertEqual(asked.get("/keys_asked").json, before + 1, "once for all of them")
            asked.close()
            self.assertEqual(outcomes(penstock)["token_rejected"], 15)
            self.assertNotIn("at-of-forger", "\n".join(penstock.program.output))

    def test_a_key_that_the_provider_has_changed_to_is_fetched(self):
        site = Site()
        with forger() as provider, Standalone(**site.settings, **issuer_settings("LIAR", provider.url)) as penstock:
            eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
            for code in ("none:{nonce}", "rotated:{nonce}", "unknown_kid:{nonce}"):
                self.assertEqual(site.come_back(Browser(), "liar", code).status, 302, code)

    def test_a_provider_that_is_away_is_503(self):
        site = Site()
        with Standalone(**site.settings, **issuer_settings("GONE", f"http://127.0.0.1:{free_port()}")):
            answer = site.login(Browser(), "gone")
            self.assertEqual((answer.status, answer.json["error"]["type"]), (503, "provider_unavailable"))


class Page(unittest.TestCase):
    def test_what_the_page_says_to_try_works(self):
        page = (ROOT / "docs" / "sign-in.md").read_text()
        first, second = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        settings = dict(re.findall(r"^export (\w+)=(\S+)$", first, re.MULTILINE))
        self.assertEqual(first.splitlines()[-1], "build/release/bin/penstock")
        path = re.search(r"`http://127\.0\.0\.1:8080(/api/auth/login\?\S+)`", page)[1]
        site = Site()
        with Hub() as hub:
            hub.known_as = settings["PENSTOCK_OAUTH_GITHUB_CLIENT_ID"], settings["PENSTOCK_OAUTH_GITHUB_CLIENT_SECRET"]
            here = {"AUTHORIZE_URL": "/authorize", "TOKEN_URL": "/token", "USERINFO_URL": "/user"}
            settings |= {"PENSTOCK_OAUTH_GITHUB_" + name: hub.url + where for name, where in here.items()}
            with Standalone(**site.settings, **settings) as penstock:
                eventually("the settings are known", lambda: penstock.ingress.get("/readyz").status == 200)
                browser = Browser()
                end = browser.follow(browser.get(site.url + path), site.url + "/healthz")
                self.assertEqual(browser.get(end.headers["Location"]).json, {"status": "ok"})
                eventually("the user", lambda: penstock.admin.state("/v1/users/" + user_of(browser, site)))
                pathlib.Path(penstock.folder, "admin_token").write_text(TOKEN)
                script = second.replace("data=/var/lib/penstock", "data=" + penstock.folder).replace(
                    "127.0.0.1:8081", penstock.admin.address)
                done = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), done)
                self.assertIn('"identities":[{"provider":"github","subject":"17"}]', done.stdout.replace(" ", ""))


class SeparateProcesses(unittest.TestCase):
    def test_an_ingress_of_a_cluster_signs_people_in(self):
        site = Site()
        with Hub() as hub, Cluster(**site.settings, **hub.settings("HUB")) as cluster:
            eventually("the settings are known", lambda: cluster.ingress.get("/readyz").status == 200)
            browser = Browser()
            at_hub = browser.follow(site.login(browser, "hub"), site.callback)
            self.assertEqual(browser.get(at_hub.headers["Location"]).status, 302)
            user = eventually("the user", lambda: cluster.admin.state("/v1/users/" + user_of(browser, site)))
            self.assertEqual(user["identities"], [{"provider": "hub", "subject": "17"}])


if __name__ == "__main__":
    unittest.main(verbosity=2)
