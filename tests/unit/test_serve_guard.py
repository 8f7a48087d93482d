"""What stands before the application: host, origin, key, rate, body, headers, ids. Each refuses with a clear error."""

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.serve.guard.asgi import state_of
from bakeoff.serve.guard.bearer import EVERYONE, Identify, OpenPaths, holder_of, identified
from bakeoff.serve.guard.body import BodyGuard, BodyLimits
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.guard.host import HostGuard, allowed_hosts
from bakeoff.serve.guard.origin import OriginGuard, checked_origins
from bakeoff.serve.guard.proxies import checked_proxies
from bakeoff.serve.guard.rate import MAX_BUCKETS, Buckets, Rate, network_of
from bakeoff.serve.guard.request_id import RequestId, request_id_of
from bakeoff.serve.health import Health
from bakeoff.serve.keys import Holder, KeyFile
from tests.unit.asgi_client import echo, scope_of, send_request

HOST = ("host", "localhost")


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.jsonl")


def seeing(seen: list):
    """An application that notes who asks."""

    async def app(scope, receive, send):
        seen.append(identified(scope))
        await echo(scope, receive, send)

    return app


# Host


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "localhost."])
def test_this_machine_may_be_named_in_its_usual_ways(host):
    """With and without a port."""
    assert send_request(HostGuard(echo, allowed_hosts("127.0.0.1")), headers=[("host", host)]).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("host", "evil.example")], 421),
        ([("host", "localhost.evil.example")], 421),
        ([("host", "127.0.0.1.evil.example:8000")], 421),
        ([("host", "192.0.2.7")], 421),
        ([], 400),
        ([("host", "")], 400),
        ([("host", "localhost"), ("host", "evil.example")], 400),
        ([("host", "localhost@evil.example")], 400),
        ([("host", "localhost evil")], 400),
        ([("host", "localhost:80:80")], 400),
        ([("host", "lo\xe9alhost")], 400),
    ],
)
def test_another_host_is_refused_before_the_application_is_asked(headers, status):
    """DNS rebinding: the name of another site points at this machine. The application never runs."""

    async def never(scope, receive, send):
        pytest.fail("the application was asked")

    response = send_request(HostGuard(never, allowed_hosts("127.0.0.1")), headers=headers)
    assert (response.status, response.code) == (status, {421: "host_not_allowed", 400: "invalid_host"}[status])


def test_a_public_server_answers_for_its_names_and_for_addresses():
    """No web page can make an IP address its own name, so an address is safe."""
    hosts = allowed_hosts("0.0.0.0", ["Desk.Example"])
    assert all(hosts.allows(name) for name in ("desk.example", "192.0.2.7", "[2001:db8::1]", "localhost"))
    assert not hosts.allows("evil.example")
    assert allowed_hosts("::1").allows("[::1]") and allowed_hosts("192.0.2.7").allows("192.0.2.7")


@pytest.mark.parametrize("name", ["*", "*.example", "https://desk.example", "desk.example:443", "desk.example/x", ""])
def test_a_host_name_that_could_never_match_is_refused(name):
    """A wildcard would let every name of a domain in."""
    with pytest.raises(ConfigError, match="is not the name of a host"):
        allowed_hosts("0.0.0.0", [name])


# Origin


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("desk.example", "https://desk.example"),
        ("desk.example:443", "https://desk.example"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("localhost:8000", None),
    ],
)
def test_the_servers_own_page_and_programs_may_post(host, origin):
    """Also behind a proxy that ends TLS. curl and SDKs send no Origin."""
    headers = [("host", host), *([("origin", origin)] if origin else [])]
    response = send_request(OriginGuard(echo), "POST", headers=headers)
    assert response.status == 200 and not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "http://evil.example")],
        [("origin", "null")],
        [("origin", "http://localhost:3000")],
        [("origin", "http://localhost:8000.evil.example")],
        [("origin", "http://localhost:99999999")],
        [("origin", "http://[")],
        [("origin", "http://localhost:8000"), ("origin", "http://evil.example")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
    ],
)
def test_pages_of_other_sites_cannot_post(headers):
    """A form on any page could otherwise add documents to a server on loopback."""
    response = send_request(OriginGuard(echo), "POST", headers=[("host", "localhost:8000"), *headers])
    assert (response.status, response.code) == (403, "origin_not_allowed")


def test_a_link_from_another_site_opens_the_page():
    """Following a link changes nothing."""
    headers = [HOST, ("sec-fetch-site", "cross-site")]
    assert send_request(OriginGuard(echo), headers=headers).status == 200


def test_an_allowed_origin_gets_cors_and_its_preflight_an_answer():
    """Only that one; the preflight does not reach the application, and allows no credentials."""
    app = OriginGuard(echo, checked_origins(["https://chat.example"]))
    shared = [HOST, ("origin", "https://chat.example")]
    response = send_request(app, "POST", headers=shared)
    assert response.headers["access-control-allow-origin"] == "https://chat.example"
    preflight = send_request(app, "OPTIONS", headers=shared)
    assert preflight.status == 204 and "authorization" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in {**response.headers, **preflight.headers}
    assert send_request(app, "OPTIONS", headers=[HOST, ("origin", "https://evil.example")]).status == 403


@pytest.mark.parametrize(
    "origin", ["*", "chat.example", "https://chat.example/", "ftp://chat.example", "https://", "null"]
)
def test_what_is_no_origin_is_refused(origin):
    """'*' too: every page could read the answers."""
    with pytest.raises(ConfigError, match="is not an origin"):
        checked_origins([origin])


# Keys


def test_a_request_gets_the_holder_and_labels_of_its_key(keys):
    """The application filters documents by them. The scheme is written in any case."""
    key, seen = keys.add("desk", ["hr"]), []
    app = guarded(seeing(seen), access_of("127.0.0.1", keys))
    for scheme in ("Bearer", "bearer"):
        assert send_request(app, headers=[HOST, ("authorization", f"{scheme} {key}")]).status == 200
    assert seen == [Holder(name="desk", id=keys.keys[0].holder.id, labels=("hr",))] * 2


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer wrong")],
        [("authorization", "Bearer ")],
        [("authorization", "KEY")],
        [("authorization", "Basic KEY")],
        [("authorization", "Bearer KEY"), ("authorization", "Bearer KEY")],
        [("cookie", "key=KEY; authorization=Bearer KEY")],
        [("authorization", "Bearer \xff\xfe")],
    ],
)
def test_without_a_valid_key_there_is_no_answer(keys, headers):
    """401 and how to send a key; no cookie counts."""
    key, seen = keys.add("desk"), []
    app = guarded(seeing(seen), access_of("127.0.0.1", keys))
    response = send_request(app, headers=[HOST, *[(name, value.replace("KEY", key)) for name, value in headers]])
    assert response.status == 401 and response.headers["www-authenticate"].startswith("Bearer")
    assert response.code in ("missing_api_key", "invalid_api_key") and seen == []


def test_a_revoked_key_is_refused_at_once(keys):
    """Without a restart; also when it was the last one."""
    key = keys.add("desk")
    app = guarded(echo, access_of("127.0.0.1", keys))
    headers = [HOST, ("authorization", f"Bearer {key}")]
    assert send_request(app, headers=headers).status == 200
    KeyFile(keys.path).remove("desk")
    assert (send_request(app, headers=headers).status, send_request(app).status) == (401, 401)


def test_keys_that_cannot_be_read_let_nobody_in(keys):
    """503, and the response names no file. The server's log gets the reason."""
    key, states = keys.add("desk"), []
    access = access_of("127.0.0.1", keys)
    keys.path.write_text("broken")

    async def noting(scope, receive, send):
        states.append(state_of(scope))
        await Identify(echo, access.keys)(scope, receive, send)

    response = send_request(noting, headers=[HOST, ("authorization", f"Bearer {key}")])
    assert (response.status, response.code) == (503, "access_unavailable")
    assert "keys.jsonl" not in response.body.decode() and "keys.jsonl" in states[0]["access_problem"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/health", 200),
        ("GET", "/web/app.js", 200),
        ("POST", "/", 401),
        ("DELETE", "/web/app.js", 401),
        ("GET", "/web", 401),
        ("GET", "/web/../documents", 401),
        ("GET", "/web/..\\documents", 401),
        ("GET", "//", 401),
        ("GET", "/health/", 401),
        ("GET", "/metrics", 401),
        ("GET", "/documents/1", 401),
    ],
)
def test_only_the_page_and_health_need_no_key(keys, method, path, status):
    """And only for reading."""
    keys.add("desk")
    assert send_request(guarded(echo, access_of("127.0.0.1", keys)), method, path).status == status


def test_asking_for_the_holder_without_authentication_is_an_error():
    """A route outside the guard shows nothing instead of everything."""
    with pytest.raises(KeyError):
        holder_of(scope_of("GET", "/", []))


def test_on_loopback_without_keys_the_person_at_the_machine_may_do_everything(keys):
    """But nobody who comes through a proxy."""
    seen = []
    app = guarded(seeing(seen), access_of("127.0.0.1", keys))
    assert send_request(app).status == 200 and seen == [EVERYONE]
    response = send_request(app, headers=[HOST, ("x-forwarded-for", "192.0.2.7")])
    assert (response.status, response.code) == (403, "proxy_without_keys")


@pytest.mark.parametrize(
    ("bound", "names"), [("0.0.0.0", []), ("::", []), ("192.0.2.7", []), ("", []), ("127.0.0.1", ["desk.example"])]
)
def test_a_server_that_others_can_reach_does_not_start_without_a_key(keys, bound, names):
    """With one, it does."""
    with pytest.raises(ConfigError, match="has no keys"):
        access_of(bound, keys, names)
    keys.add("desk")
    assert access_of(bound, keys, names).needs_key


def test_the_first_key_closes_a_running_server(keys):
    """From the next request on; removing it again opens nothing until a restart."""
    app = guarded(echo, access_of("127.0.0.1", keys))
    assert send_request(app, path="/documents").status == 200
    key = KeyFile(keys.path).add("desk")
    assert send_request(app, path="/documents").status == 401
    assert send_request(app, headers=[HOST, ("authorization", f"Bearer {key}")]).status == 200
    KeyFile(keys.path).remove("desk")
    assert send_request(app, path="/documents").status == 401
    assert send_request(guarded(echo, access_of("127.0.0.1", keys)), path="/documents").status == 200


def test_health_says_what_the_run_found_only_to_callers_with_a_key(keys, monkeypatch):
    """Accuracies and money are nothing for everybody who reaches the port; whether the server is up is."""
    state = {"status": "ok", "contender": "rag", "verdict": "Ship rag: 46,000 USD", "tested": {}, "reason": "it won"}
    health = Health(None, None)
    monkeypatch.setattr(health, "state", lambda: state)
    key, app = keys.add("desk"), Starlette(routes=[health.route()])
    closed = guarded(app, access_of("127.0.0.1", keys))

    def said(*headers):
        return json.loads(send_request(closed, path="/health", headers=[HOST, *headers]).body)

    assert said(("authorization", f"Bearer {key}")) == state
    assert said() == said(("authorization", "Bearer sk-wrong")) == {"status": "ok", "contender": "rag"}
    keys.remove("desk")
    without_keys = guarded(app, access_of("127.0.0.1", keys))
    assert json.loads(send_request(without_keys, path="/health").body) == state


@pytest.mark.parametrize("gone", [lambda path: KeyFile(path).remove("desk"), Path.unlink])
def test_a_server_that_others_can_reach_stays_closed_without_its_last_key(keys, gone):
    """Also if the whole file is gone."""
    keys.add("desk")
    app = guarded(echo, access_of("0.0.0.0", keys, ["localhost"]))
    gone(keys.path)
    assert send_request(app, path="/documents").status == 401


def test_unreadable_keys_stop_the_start(keys):
    """A broken file is not the same as no keys."""
    keys.path.write_text("broken")
    with pytest.raises(RunFolderError):
        access_of("127.0.0.1", keys)


# Rate


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_then_a_steady_rate():
    """And says how long to wait."""
    clock = Clock()
    buckets = Buckets(Rate(per_minute=30, burst=3), clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    clock.now += 1.5
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert (buckets.take("a"), buckets.take("a"), buckets.take("b")) == (0, 2.0, 0)
    clock.now += 1000
    assert [buckets.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_a_flood_from_many_addresses_does_not_fill_the_memory():
    """The buckets used last are kept."""
    buckets = Buckets(Rate(per_minute=60, burst=1))
    buckets.take("first")
    for i in range(MAX_BUCKETS + 50):
        buckets.take(f"address {i}")
        if i % 100 == 0:
            buckets.take("first")
    assert len(buckets) == MAX_BUCKETS and buckets.take("first") > 0


def test_each_key_and_each_address_has_its_own_limit(keys):
    """429 with Retry-After; other keys and addresses are not affected, and health checks are not counted."""
    first, second = keys.add("first"), keys.add("second")
    app = guarded(echo, access_of("127.0.0.1", keys, rate=Rate(per_minute=0.5, burst=2)))

    def status(key: str, client: str = "127.0.0.1", path: str = "/v1/models") -> int:
        authorization = [("authorization", f"Bearer {key}")] if key else []
        return send_request(app, path=path, headers=[HOST, *authorization], client=client).status

    assert [status(first), status(first, "192.0.2.1"), status(first)] == [200, 200, 429]
    assert status(second) == 200
    assert [status("wrong", "192.0.2.9") for _ in range(3)] == [401, 401, 429]
    assert status(second, "192.0.2.9") == 200
    assert [status("", "192.0.2.10", "/health") for _ in range(5)] == [200] * 5
    refused = send_request(app, headers=[HOST, ("authorization", f"Bearer {first}")])
    assert refused.code == "rate_limit_exceeded" and 1 <= int(refused.headers["retry-after"]) <= 120


def test_an_invented_address_does_not_evade_the_limit(keys):
    """Attempts with bad keys from one client are one client's, whatever X-Forwarded-For it writes."""
    keys.add("desk")
    app = guarded(echo, access_of("127.0.0.1", keys, rate=Rate(per_minute=1, burst=3)))
    assert addresses_limited(app, ()) == [401, 401, 401, 429, 429]


def test_a_proxy_that_the_operator_names_is_believed(keys):
    """By its address or its network. Of what a client wrote itself in front nothing counts."""
    keys.add("desk")
    for proxies in (["127.0.0.1"], ["127.0.0.0/24", "::1"]):
        app = guarded(echo, access_of("127.0.0.1", keys, rate=Rate(per_minute=1, burst=3)))
        assert addresses_limited(app, proxies) == [401] * 5
        app = guarded(echo, access_of("127.0.0.1", keys, rate=Rate(per_minute=1, burst=3)))
        assert addresses_limited(app, proxies, after=", 192.0.2.1") == [401, 401, 401, 429, 429]
    app = guarded(echo, access_of("127.0.0.1", keys, rate=Rate(per_minute=1, burst=3)))
    assert addresses_limited(app, ["192.0.2.9"]) == [401, 401, 401, 429, 429]


def addresses_limited(app, proxies, after: str = "") -> list[int]:
    """The status of requests from 127.0.0.1, each with an X-Forwarded-For of its own, behind uvicorn's settings."""
    running = pytest.importorskip("bakeoff.serve.running")
    config = running.server_config(app, checked_proxies(proxies))
    config.load()
    return [
        send_request(
            config.loaded_app,
            headers=[HOST, ("authorization", "Bearer bad"), ("x-forwarded-for", f"203.0.113.{n}{after}")],
        ).status
        for n in range(5)
    ]


@pytest.mark.parametrize("proxy", ["*", "", "proxy.example", "127.0.0.1:80", "0.0.0.0/0", "::/0", "10.0.0.1/8"])
def test_what_is_no_address_of_a_proxy_is_refused(proxy):
    """Believing everybody, too."""
    with pytest.raises(ConfigError, match="is not the address of a proxy"):
        checked_proxies([proxy])


def test_a_network_of_ipv6_counts_as_one_client():
    """One machine has 2^64 addresses."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == "fe80::/64" and network_of("") == ""


# Body

LIMITS = BodyLimits(max_bytes=10, larger=(("/documents", 100),), idle_s=0.3, total_s=0.8)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/x", [b"0123456789"], [], 200, ""),
        ("/v1/x", [b"01234", b"56789", b"x"], [], 413, "request_too_large"),
        ("/v1/x", [b"x" * 11], [("content-length", "11")], 413, "request_too_large"),
        ("/v1/x", [b"x"], [("content-length", "9" * 5000)], 413, "request_too_large"),
        ("/v1/x", [b"x" * 11], [("content-length", "1")], 413, "request_too_large"),
        ("/documents/1", [b"x" * 99], [("content-length", "99")], 200, ""),
        ("/documents/1", [b"x" * 50] * 3, [], 413, "request_too_large"),
        ("/v1/x", [b"x"], [("content-length", "-1")], 400, "invalid_content_length"),
        ("/v1/x", [b"x"], [("content-length", "1_0")], 400, "invalid_content_length"),
        ("/v1/x", [b"x"], [("content-length", "1"), ("content-length", "5")], 400, "invalid_content_length"),
        ("/v1/x", [b"x"], [("content-length", "1"), ("transfer-encoding", "chunked")], 400, "invalid_content_length"),
        ("/v1/x", [b"x", 0.7, b"y"], [], 408, "request_timeout"),
        ("/v1/x", [b"x", 0.2, b"y", 0.2, b"y", 0.2, b"y", 0.2, b"y", 0.2, b"y"], [], 408, "request_timeout"),
        ("/v1/x", [b"x", 0.05, b"y"], [], 200, ""),
    ],
)
def test_a_body_is_limited_in_size_and_time(path, body, headers, status, code):
    """Also a streamed one, one that lies about its length, and one that comes byte by byte. Uploads may be larger."""
    response = send_request(BodyGuard(echo, LIMITS), "POST", path, [HOST, *headers], body)
    assert response.status == status
    if code:
        assert response.code == code and response.headers["connection"] == "close"


def test_an_application_that_answers_in_spite_of_a_refusal_is_not_heard():
    """A framework turns errors into a response of its own: the client gets the 413 only."""

    async def stubborn(scope, receive, send):
        try:
            await echo(scope, receive, send)
        finally:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"error"})

    response = send_request(BodyGuard(stubborn, LIMITS), "POST", body=[b"x" * 11])
    assert response.status == 413 and b"error" in response.body and not response.body.endswith(b"error")


def test_an_upload_to_starlette_that_is_too_large_gets_its_413():
    """Its form parser reads the body; what it makes of the refusal reaches nobody."""
    applications = pytest.importorskip("starlette.applications")
    pytest.importorskip("python_multipart")
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def upload(request):
        async with request.form() as form:
            return PlainTextResponse(form["file"].filename)

    app = BodyGuard(applications.Starlette(routes=[Route("/", upload, methods=["POST"])]), BodyLimits(max_bytes=500))
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n%s\r\n--b--\r\n'
    headers = [HOST, ("content-type", "multipart/form-data; boundary=b")]
    small, large = form % b"x", [form[:80], *[b"x" * 100] * 9]
    assert send_request(app, "POST", "/", headers, [small]).body == b"a.txt"
    assert send_request(app, "POST", "/", headers, large).code == "request_too_large"


def test_waiting_for_the_client_to_leave_is_not_limited():
    """A stream lasts longer than a body may take; the application learns that the client went away."""

    async def streaming(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b"end"})

    assert send_request(BodyGuard(streaming, LIMITS), "POST", body=[b"x", 0.5]).body == b"end"


def test_errors_of_the_application_are_not_hidden():
    """Only refusals end here."""

    async def broken(scope, receive, send):
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        send_request(BodyGuard(broken, LIMITS), "POST")


# Headers and ids


def test_every_response_has_security_headers_and_an_id(keys):
    """Refused ones too. No script but the server's own files, no remote image, no frame, no CORS, no cookie."""
    keys.add("desk")
    app = guarded(echo, access_of("127.0.0.1", keys))
    responses = [
        send_request(app, path="/health"),
        send_request(app),
        send_request(app, headers=[("host", "evil.example")]),
        send_request(app, headers=[HOST, ("origin", "http://evil.example")]),
    ]
    assert [response.status for response in responses] == [200, 401, 421, 403]
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "img-src 'self' data:;" in policy and "unsafe" not in policy
        assert (response.headers["x-content-type-options"], response.headers["referrer-policy"]) == (
            "nosniff",
            "no-referrer",
        )
        assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])
        assert not any(name.startswith(("access-control", "set-cookie")) for name in response.headers)


def test_the_application_may_set_a_header_itself():
    """The guard's value is not added a second time."""

    async def cached(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Cache-Control", b"max-age=60")]})
        await send({"type": "http.response.body", "body": b""})

    from bakeoff.serve.guard.security_headers import SecurityHeaders

    headers = send_request(SecurityHeaders(cached)).headers
    assert headers["Cache-Control"] == "max-age=60" and "cache-control" not in headers


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [(["abc-1_2"], True), (["x" * 65], False), (["a b"], False), (['"}{'], False), ([""], False), (["a", "b"], False)],
)
def test_a_plain_request_id_of_the_client_is_kept(given, is_kept):
    """Anything that could break a log line is replaced. The application sees the same id as the client."""
    seen = []

    async def noting(scope, receive, send):
        seen.append(request_id_of(scope))
        await echo(scope, receive, send)

    response = send_request(RequestId(noting), headers=[HOST, *[("X-Request-ID", value) for value in given]])
    assert response.headers["x-request-id"] == seen[0]
    assert (seen[0] == given[0]) is is_kept and seen[0]


def test_websockets_are_refused_and_the_lifespan_is_passed_on(keys):
    """Nothing here speaks over a WebSocket, so none gets past the guards."""
    import asyncio

    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    async def receive():
        return {"type": "websocket.connect"}

    async def send(event):
        sent.append(event)

    entrance = guarded(app, access_of("127.0.0.1", keys))
    asyncio.run(entrance({"type": "websocket", "headers": []}, receive, send))
    asyncio.run(entrance({"type": "lifespan"}, receive, send))
    assert seen == ["lifespan"] and sent == [{"type": "websocket.close", "code": 1008}]


def test_open_paths_are_literal():
    """A prefix ends with a slash; '/' alone opens only the page itself."""
    paths = OpenPaths("/", "/web/", "/health")
    assert [paths.include(scope_of("GET", path, [])) for path in ("/", "/x", "/healthy", "/web/a/b.css")] == [
        *(True, False, False, True)
    ]
