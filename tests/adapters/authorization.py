"""What the host must have put into a request, by the scheme of the destination."""
import base64
import urllib.parse

from exchange import Answer, Request, Violation


class Header:
    """A fixed value, which begins with `prefix` and goes on with the secret."""

    def __init__(self, secret: str, header: str = "authorization", prefix: str = ""):
        self.secret, self.header, self.expected = secret, header, prefix + secret

    def check(self, request: Request) -> None:
        if request.headers.get(self.header) != self.expected:
            raise Violation(f"{self.header}: is not the destination's")


class Bearer(Header):
    def __init__(self, token: str):
        super().__init__(token, prefix="Bearer ")


class Basic(Header):
    def __init__(self, username: str, password: str):
        super().__init__(password)
        self.expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Nothing:
    """The URL or the signature says who sends."""

    def check(self, request: Request) -> None:
        if "authorization" in request.headers:
            raise Violation("authorization: is one, but the destination has none")


class ClientCredentials:
    """OAuth 2.0, RFC 6749 section 4.4: tokens are issued to the client that names itself in the form."""

    def __init__(self, client_id: str, secret: str, scope: str):
        self.secret = secret
        self.form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
                     "scope": scope}
        self.tokens = []

    def issue(self, request: Request) -> Answer:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Violation(f"token request: content-type is {request.headers.get('content-type')}")
        form = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        if form != self.form:
            raise Violation(f"token request: has {sorted(form)}, or values that are not the client's")
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return Answer(200, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 3600,
                            "scope": self.form["scope"]}, {"Cache-Control": "no-store"})

    def check(self, request: Request) -> None:
        if request.headers.get("authorization") not in {f"Bearer {token}" for token in self.tokens}:
            raise Violation("authorization: is no token that was issued")
