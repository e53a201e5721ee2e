"""A browser, as far as a log-in needs one: cookies, redirects, and a form."""

import http.cookiejar
import re
import ssl
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    ProxyHandler,
    Request,
    build_opener,
)


class _Remembering(HTTPRedirectHandler):
    """Follows redirects and keeps where they led."""

    def __init__(self, visited: list[str]) -> None:
        self.visited = visited

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        self.visited.append(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


class Browser:
    """Trusts one certificate; keeps its cookies and every place that it was redirected to."""

    def __init__(self, trusted: Path) -> None:
        self.redirects: list[str] = []
        self.cookies = http.cookiejar.CookieJar()
        self._opener = build_opener(
            ProxyHandler({}),
            HTTPSHandler(context=ssl.create_default_context(cafile=str(trusted))),
            HTTPCookieProcessor(self.cookies),
            _Remembering(self.redirects),
        )

    def get(self, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> str:
        """The page at the end of all redirects; RuntimeError when it is an error."""
        data = urlencode(form).encode() if form else None
        try:
            with self._opener.open(Request(url, data, headers or {}), timeout=90) as answer:  # noqa: S310 - https
                self.place: str = answer.url
                return str(answer.read().decode())
        except HTTPError as error:
            raise RuntimeError(f"{url}: {error.code} {error.read().decode()[:300]}") from error

    def log_in(self, url: str, user: str, password: str) -> None:
        """Go where the web interface sends who is not logged in, and fill in the form there."""
        page = self.get(f"{url}/api/v2/auth/login?next={url}/")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page[:2000]
        form = {"csrf_token": found[1], "username": user, "password": password}
        self.get(self.place, form, {"Referer": self.place})
