"""Connections to strangers' hosts: the address that was looked at is the address that is connected to.

requests-hardened resolves a name once for each request, refuses private addresses, and pins the connection to what it
found, with the name kept for TLS and `Host`. It looks at the first address only and lets some IPv6 forms through that
hold an IPv4 address (`::127.0.0.1`, `::ffff:0:127.0.0.1`); so what it pinned is looked at a second time here. It knows
no limit for the size or the whole time: those are `fetching`'s.
"""

import ipaddress
import socket
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .deadline import Deadline
from .networks import is_public

current_deadline: ContextVar[Deadline] = ContextVar("links_deadline")


class WatchedHTTPConnection(HTTPConnection):
    """Tells the deadline about itself before a byte is exchanged."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        current_deadline.get().watch(connection)
        return connection


class WatchedHTTPSConnection(HTTPSConnection):
    """The same for TLS, whose handshake is watched too."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        current_deadline.get().watch(connection)
        return connection


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = WatchedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = WatchedHTTPSConnection


class PublicHostAdapter(IPFilterAdapter):
    """requests-hardened's adapter, stricter about addresses and with a deadline for names."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def build_connection_pool_key_attributes(self, request: requests.PreparedRequest, *arguments: Any) -> Any:
        """Where to connect to. Raises `InvalidIPAddress`, `requests.ConnectionError` for an unknown name."""
        named = str(urlsplit(str(request.url)).hostname)
        if named in settings.LINK_TEST_HOSTS:
            return self._test_host(request, named, *arguments)
        pin = super().build_connection_pool_key_attributes
        host, options = current_deadline.get().ask(lambda: pin(request, *arguments))
        pinned = ipaddress.ip_address(host["host"].strip("[]").partition("%")[0])
        if not is_public(pinned):
            raise InvalidIPAddress(pinned)
        return host, options

    def _test_host(self, request: requests.PreparedRequest, named: str, *arguments: Any) -> Any:
        """A shop that a test serves on loopback. A system check refuses to start with any of them."""
        host, options = HTTPAdapter.build_connection_pool_key_attributes(self, request, *arguments)
        request.headers["Host"] = named
        return {**host, "host": "127.0.0.1", "port": settings.LINK_TEST_HOSTS[named]}, options


class OneRequestSession(HTTPSession):
    """Asks once. Where a redirect leads is not even looked at: requests reads the whole body of one, unpacked."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def new_session() -> OneRequestSession:
    """For one page: no proxies, `.netrc` or certificates of the environment, no cookies, no redirects by itself."""
    session = OneRequestSession(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(5.0, 5.0),
            user_agent_override=settings.LINK_USER_AGENT,
        )
    )
    session.trust_env = False
    session.mount("http://", PublicHostAdapter(is_https_proto=False))
    session.mount("https://", PublicHostAdapter(is_https_proto=True))
    return session
