"""Which texts are accepted as addresses, before anything connects to them."""

import psycopg
import pytest
import redis

from shared import url_syntax

HOSTS = ["localhost", "a.example.", "my_rembg", "10.0.0.1", "::", "::1", "xn--mnchen-3ya.example"]
NO_HOSTS = ["", "a b", "a..b", "-a", "a-", "300.1.1.1", "1.2.3", ":::", "münchen.example", "a/b", "a\n", "a" * 64]


@pytest.mark.parametrize("text", HOSTS)
def test_a_name_or_an_ip_address_is_a_host(text: str) -> None:
    assert url_syntax.is_host(text)


@pytest.mark.parametrize("text", NO_HOSTS)
def test_anything_else_is_no_host(text: str) -> None:
    assert not url_syntax.is_host(text)


@pytest.mark.parametrize(
    "text", ["http://rembg:7000", "https://a.example/v1.0", "http://[::1]:9/", "HTTPS://a.example"]
)
def test_http_with_a_host_and_perhaps_a_path_is_a_server(text: str) -> None:
    assert url_syntax.is_http(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "rembg:7000",
            "//rembg",
            "ftp://a.example",
            "file:///etc/passwd",
            "javascript://a.example",
            "inf",
            "https://",
        ),
        *("http://a:0", "http://a:65536", "http://a:x", "http://me@a", "http://a?x", "http://a#x", "http://a/\n"),
        *("http://a\\b", "http://ä.example", " http://a", "http://[::1", "http://a b"),
    ],
)
def test_anything_else_is_no_http_server(text: str) -> None:
    assert not url_syntax.is_http(text)


@pytest.mark.parametrize(
    ("text", "is_one"), [("https://a.example", True), ("http://a:1/", True), ("http://a/b", False)]
)
def test_an_origin_has_no_path(text: str, *, is_one: bool) -> None:
    assert url_syntax.is_origin(text) == is_one


@pytest.mark.parametrize(
    "text",
    [
        *("postgresql://", "postgresql:///name?host=/run/postgresql", "postgres://h", "postgresql://u:p@h:5432/name"),
        *("postgresql://u:p%40%2F@h/name?sslmode=require", "postgresql://u@h1:1,h2:2/n", "postgresql://[::1]:5432/n"),
        *("postgresql://%2Frun%2Fpostgresql/name", "postgresql://u:p?w#d@h/n"),
    ],
)
def test_what_libpq_accepts_is_an_address_of_postgres(text: str) -> None:
    psycopg.conninfo.conninfo_to_dict(text)
    assert url_syntax.is_postgres(text)


@pytest.mark.parametrize(
    "text",
    [
        *("inf", "h:5432/name", "mysql://h/name", "http://h", "postgresql+psycopg://h/name", "host=h dbname=name"),
        *("postgresql://h:0/n", "postgresql://h:65536/n", "postgresql://h:x/n", "postgresql://u:p/w@h/n"),
        *("postgresql://a b/n", "postgresql://h/n\n", "postgresql://u:p@h@i/n", "postgresql://-h/n"),
    ],
)
def test_anything_else_is_no_address_of_postgres(text: str) -> None:
    assert not url_syntax.is_postgres(text)


@pytest.mark.parametrize(
    "text",
    ["redis://h", "redis://h:6379/0", "rediss://u:p%40@h:6379/15", "redis://:p@[::1]:1/", "redis://h/1?timeout=3"],
)
def test_redis_with_a_host_is_an_address_of_redis(text: str) -> None:
    redis.Redis.from_url(text).close()
    assert url_syntax.is_redis(text)


@pytest.mark.parametrize(
    "text",
    [
        *("inf", "h:6379", "http://h", "redis+socket:///run/redis", "unix:///run/redis", "redis://", "redis://:6379"),
        *(
            "redis://h:0",
            "redis://h:65536",
            "redis://h:x",
            "redis://h/name",
            "redis://h/0/1",
            "redis://h#0",
            "redis://a b",
        ),
        *("redis://:p[w@h", "redis://:p#w@h"),
    ],
)
def test_anything_else_is_no_address_of_redis(text: str) -> None:
    assert not url_syntax.is_redis(text)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("postgresql://h/n", None),
        ("postgresql://u@h/n", None),
        ("postgresql://u:@h/n", ""),
        ("postgresql://u:a%40b@h/n", "a@b"),
        ("redis://h", None),
        ("redis://:a%20b@h", "a b"),
    ],
)
def test_a_password_is_found_in_its_address(text: str, password: str | None) -> None:
    assert url_syntax.password(text) == password
