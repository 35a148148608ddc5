"""What the bridge from ASGI to WSGI lets through."""

from marketplace.embedded.asgi import as_wsgi_expects


def test_raw_bytes_in_a_query_are_percent_encoded() -> None:
    scope = as_wsgi_expects({"headers": [], "query_string": b"a=\xff&b=1%20+2&c[]=x"})

    assert scope["query_string"] == b"a=%FF&b=1%20+2&c[]=x"


def test_headers_that_wsgi_would_confuse_are_dropped() -> None:
    headers = [(b"x-forwarded-for", b"192.0.2.1"), (b"x_forwarded_for", b"127.0.0.1")]

    scope = as_wsgi_expects({"headers": headers, "query_string": b""})

    assert scope["headers"] == [(b"x-forwarded-for", b"192.0.2.1")]
