"""As much of a browser as signing in needs: cookies by host, and redirects that are followed one at a time."""

import http.client
import re
from urllib.parse import urlencode, urljoin, urlsplit

from .http_client import Answer


class Browser:
    def __init__(self):
        self.cookies: dict[str, dict[str, str]] = {}  # by host and port
        self.url = ""

    def get(self, url: str, **headers: str) -> Answer:
        return self._request("GET", url, None, headers)

    def post(self, url: str, form: dict | None = None, **headers: str) -> Answer:
        body = urlencode(form or {})
        return self._request("POST", url, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def follow(self, answer: Answer, until: str) -> Answer:
        """Through redirects, up to one that leads to `until`; the last answer, whose Location that is."""
        for _ in range(20):
            location = urljoin(self.url, answer.headers["Location"] or "")
            if answer.status not in (302, 303) or location.startswith(until):
                return answer
            answer = self.get(location)
        raise AssertionError("redirected for ever")

    def submit(self, answer: Answer, **fields: str) -> Answer:
        """The form of the page, with its hidden fields and these."""
        page = answer.body.decode()
        action = re.search(r'<form[^>]*action="([^"]+)"', page)[1]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        return self.post(urljoin(self.url, action), {**hidden, **fields})

    def _request(self, method: str, url: str, body: str | None, headers: dict) -> Answer:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        if jar:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()), **headers}
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, (parts.path or "/") + ("?" + parts.query if parts.query else ""), body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        self.url = url
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            if "max-age=0" in line.lower() or "1970" in line:
                jar.pop(name, None)
            else:
                jar[name] = value
        return answer
