"""Canonical addresses, and the ones that are never read."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links.product_links.addresses import LONGEST, AddressRefusedError, is_same_site, read_address
from links.product_links.networks import is_public

pytestmark = pytest.mark.once

# Every way we know to write an address that is not a shop on the public internet.
HOSTS = {
    "host_is_number": [
        *(
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
        ),
        *("0", "0.0.0.0", "00000000000000000000000000000177.0.0.1", "127.0.0.01", "0x0", "1.1", "10.0.0.1", "10.1"),
        *("172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.257", "169.254.169.254", "0xa9fea9fe", "2852039166"),
        *("100.64.0.1", "198.18.0.1", "192.0.0.8", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("8.8.8.8", "1.2.3.4.5", "999.999.999.999", "shop.example.0x7f", "a.1"),
        *("[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]", "[::ffff:7f00:1]"),
        *("[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]"),
        *("[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]"),
        *("[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[::1%lo]", "[2606:4700::1111]", "::1", "0:0:0:0:0:0:0:1"),
    ],
    "host_not_public": [
        *("localhost", "LOCALHOST", "foo.localhost", "localhost.localdomain", "printer.local", "db.internal"),
        *("metadata.google.internal", "intranet", "router.lan", "nas.home", "x.home.arpa", "a.corp", "b.private"),
        *("shop", "a.onion", "kubernetes", "1.0.0.127.in-addr.arpa", "x.test", "y.invalid"),
    ],
    "host_malformed": [
        *("localhost.", "127.0.0.1.", "shop.example.", "shop..example", ".shop.example", "-a.example", "a-.example"),
        *(
            "１２７.0.0.1",
            "127。0。0。1",
            "127．0．0．1",
            "①②⑦.⓪.⓪.①",
            "ｌｏｃａｌｈｏｓｔ",
            "ⓛocalhost",
            "%6cocalhost",
            "127%2e0.0.1",
        ),
        *(
            "a_b!.example",
            "shop.example%00.evil.example",
            "x" * 64 + ".example",
            "ex\u00adample.com",
            "a\u200b.example",
        ),
    ],
    "host_missing": ["", ":80", ":"],
}
FORMS = [(host, code) for code, hosts in HOSTS.items() for host in hosts]


@pytest.mark.parametrize(("host", "code"), FORMS, ids=[f"{code}-{number}" for number, (_h, code) in enumerate(FORMS)])
def test_a_host_that_is_not_on_the_public_internet_is_refused(host, code):
    for scheme in ("http", "https", "HTTP"):
        with pytest.raises(AddressRefusedError) as refusal:
            read_address(f"{scheme}://{host}/p")

        assert refusal.value.reason == code
        assert refusal.value.field_errors[0].code == code


def test_there_are_enough_forms():
    assert len(FORMS) >= 60


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("javascript:alert(1)", "scheme_not_allowed"),
        ("ftp://shop.example/", "scheme_not_allowed"),
        ("gopher://shop.example/", "scheme_not_allowed"),
        ("data:text/html,x", "scheme_not_allowed"),
        ("shop.example/p", "scheme_not_allowed"),
        ("//shop.example/p", "scheme_not_allowed"),
        ("", "scheme_not_allowed"),
        ("http:/shop.example", "host_missing"),
        ("http:shop.example", "host_missing"),
        ("https://user:word@shop.example/", "credentials_in_address"),
        ("https://user@shop.example/", "credentials_in_address"),
        ("https://shop.example@127.0.0.1/", "credentials_in_address"),
        ("https://@shop.example/", "credentials_in_address"),
        ("https://shop.example:22/", "port_not_allowed"),
        ("https://shop.example:80/", "port_not_allowed"),
        ("http://shop.example:8080/", "port_not_allowed"),
        ("http://shop.example:99999/", "port_not_allowed"),
        ("http://shop.example:0/", "port_not_allowed"),
        ("http://shop.example:x/", "port_not_allowed"),
        ("http://shop.example\\@127.0.0.1/", "address_malformed"),
        ("http://shop.example/\r\nHost: x", "address_malformed"),
        ("http://shop.example/a b", "address_malformed"),
        ("http://shop\t.example/", "address_malformed"),
        ("http://shop.example/\x00", "address_malformed"),
        ("http://shop.example/\ud800", "address_malformed"),
        ("http://[shop.example/", "address_malformed"),
        ("https://shop.example/" + "a" * LONGEST, "address_too_long"),
        ("https://shop.example/" + "ñ" * 1_000, "address_too_long"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused(text, code):
    with pytest.raises(AddressRefusedError) as refusal:
        read_address(text)

    assert refusal.value.reason == code


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("HTTPS://Shop.Example", "https://shop.example/"),
        ("  https://shop.example/a\n", "https://shop.example/a"),
        ("https://shop.example:443/a", "https://shop.example/a"),
        ("http://shop.example:80/a", "http://shop.example/a"),
        ("https://shop.example:/a", "https://shop.example/a"),
        ("https://shop.example/A?b=2&a=1&a=0#top", "https://shop.example/A?a=0&a=1&b=2"),
        ("https://shop.example/a?utm_source=x&UTM_Medium=y&gclid=1&fbclid=2&ref=z&id=7", "https://shop.example/a?id=7"),
        ("https://shop.example/a?size=&b", "https://shop.example/a?b=&size="),
        ("https://shop.example/niño?q=ñ", "https://shop.example/ni%C3%B1o?q=%C3%B1"),
        ("https://shop.example/ni%c3%b1o", "https://shop.example/ni%C3%B1o"),
        ("https://Mañana.example/", "https://xn--maana-pta.example/"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://xn--maana-pta.example/", "https://xn--maana-pta.example/"),
    ],
)
def test_every_spelling_of_an_address_is_one_address(text, canonical):
    address = read_address(text)

    assert address.url == canonical
    assert read_address(address.url) == address
    assert len(address.hash) == 64


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_is_an_address_or_refused(host, rest):
    try:
        address = read_address(f"https://{host}/{rest}")
    except AddressRefusedError:
        return
    assert address.host.isascii()
    assert address.url.isascii()
    assert "." in address.host
    assert read_address(address.url).url == address.url


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255"),
        *("169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
        *(
            "64:ff9b::127.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:10::1",
        ),
        *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00::1"),
        *("fe80::1", "fec0::1", "ff02::1", "4000::1", "::ffff:7f00:1"),
    ],
)
def test_network_addresses_that_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4003::1"])
def test_network_addresses_that_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_hosts_of_one_site():
    assert is_same_site("www.shop.example", "shop.example")
    assert is_same_site("shop.example", "m.shop.example")
    assert not is_same_site("shop.example", "othershop.example")
    assert not is_same_site("a.shop.example", "b.shop.example")
