"""One fetch for everybody who pastes an address, and no host asked more than once a second.

python -m bench links [--submissions 1000] [--hosts 200] [--pages 10000] [--readers 2]

Part one: that many customers paste one address from eight threads; then everything that is due is read.
Part two: pages of that many hosts fall due at once and are read by processes of their own, as workers do: each takes
due pages, asks the host, extracts and keeps. The hosts are one loopback server that notes who was asked when, so the
rate is what the shops saw, in real time: LINK_SECONDS_PER_HOST is 1 as in production. Memory is the readers' own.
"""

import argparse
import json
import multiprocessing
import os
import resource
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from links.product_links import reading, services
from links.product_links.addresses import read_address
from links.product_links.models import HostPace, Page, PageSnapshot, PricePoint, ProductLink
from users.models import User

ONE = "shop-one.example"
BATCH = 1_000
PRODUCT = """<!doctype html><html><head><title>{name}</title><script type="application/ld+json">{data}</script></head>
<body><h1>{name}</h1>{filling}</body></html>"""


class Shops:
    """What was asked, by host, when."""

    asked: dict[str, list[float]] = defaultdict(list)
    paths: dict[tuple[str, str], int] = defaultdict(int)


class Handler(BaseHTTPRequestHandler):
    """A product page for every path."""

    def do_GET(self) -> None:
        """Note it, answer it."""
        host = self.headers["Host"]
        Shops.asked[host].append(time.monotonic())
        Shops.paths[host, self.path] += 1
        body = b"User-agent: *\nAllow: /\n" if self.path == "/robots.txt" else page_for(host, self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


def page_for(host: str, path: str) -> bytes:
    """About 30 KB, as a small shop's page."""
    offer = {"@type": "Offer", "price": "499.00", "priceCurrency": "MXN", "availability": "https://schema.org/InStock"}
    data = {"@context": "https://schema.org", "@type": "Product", "name": f"{host} {path}", "offers": offer}
    filling = "<p>Lorem ipsum dolor sit amet.</p>" * 900
    return PRODUCT.format(name=f"{host} {path}", data=json.dumps(data), filling=filling).encode()


def main() -> None:
    """Both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1_000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=2)
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hosts = [f"shop-{number}.example" for number in range(options.hosts)]
    settings.LINK_TEST_HOSTS = dict.fromkeys([ONE, *hosts], server.server_port)
    one_address(options.submissions)
    refresh(hosts, options.pages, options.readers)
    server.shutdown()


def one_address(count: int) -> None:
    """Everybody pastes the same."""
    people = customers(count)
    url = f"http://{ONE}/p/olla"
    work = iter(list(enumerate(people)))
    lock = threading.Lock()

    def submit() -> None:
        while True:
            with lock:
                number, person = next(work, (0, None))
            if person is None:
                break
            services.submit_link(customer_id=person, url=f"{url}?utm_source={number}", at=timezone.now())
        connections.close_all()

    started = time.perf_counter()
    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    while Page.objects.filter(state=Page.State.WAITING).exists():
        for page_id in reading.take_due_pages():
            reading.read_page(page_id)
        time.sleep(0.1)
    links, fetches = ProductLink.objects.count(), Shops.paths[ONE, "/p/olla"]
    print(f"one address: {links:,} links to {Page.objects.count()} page in {seconds:.1f} s, {fetches} fetch")


def customers(count: int) -> list[Any]:
    """So many people."""
    rows = [User(email=f"reader-{number}@example.com", name=f"Reader {number}") for number in range(count)]
    return [user.pk for user in User.objects.bulk_create(rows)]


def refresh(hosts: list[str], pages: int, readers: int) -> None:
    """Everything falls due at once."""
    [person] = User.objects.values_list("pk", flat=True)[:1]
    seed_pages(hosts, pages, person)
    Shops.asked.clear()
    connections.close_all()
    forking = multiprocessing.get_context("fork")
    results = forking.Queue()
    running = [forking.Process(target=read_all, args=(results,)) for _ in range(readers)]
    started = time.perf_counter()
    for process in running:
        process.start()
    samples = [results.get() for _ in running]
    for process in running:
        process.join()
    seconds = time.perf_counter() - started
    report(hosts, pages, seconds, samples)


def seed_pages(hosts: list[str], pages: int, person: Any) -> None:
    """Pages that one person wants, due now."""
    rows = []
    for number in range(pages):
        address = read_address(f"http://{hosts[number % len(hosts)]}/p/{number}")
        due = {"due_at": timezone.now()}
        rows.append(Page(canonical_url=address.url, address_hash=address.hash, host=address.host, **due))
    for start in range(0, pages, BATCH):
        made = Page.objects.bulk_create(rows[start : start + BATCH])
        ProductLink.objects.bulk_create(ProductLink(customer_id=person, page=page, url="") for page in made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE links_page")


def read_all(results: Any) -> None:
    """What a worker does, until nothing is left; the memory it took on the way."""
    memory: list[int] = []
    done = 0
    while Page.objects.filter(due_at__isnull=False, read_at__isnull=True, host__startswith="shop-").exists():
        for page_id in reading.take_due_pages():
            reading.read_page(page_id)
            done += 1
            if done % 100 == 0:
                memory.append(resident())
        time.sleep(0.02)
    connections.close_all()
    results.put((os.getpid(), done, memory))


def resident() -> int:
    """Kilobytes in memory now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024


def report(hosts: list[str], pages: int, seconds: float, samples: list[Any]) -> None:
    """Rate as the shops saw it, and memory as the readers had it."""
    gaps = [
        later - earlier
        for host in hosts
        for earlier, later in zip(sorted(Shops.asked[host]), sorted(Shops.asked[host])[1:], strict=False)
    ]
    requests = sum(len(Shops.asked[host]) for host in hosts)
    read = Page.objects.filter(state=Page.State.READ, host__in=hosts).count()
    paces = HostPace.objects.filter(host__in=hosts).count()
    print(f"refresh: {read:,} of {pages:,} pages of {paces} hosts in {seconds:.0f} s ({read / seconds:.0f} a second)")
    print(f"  requests {requests:,}, rules included; least time between two at one host {min(gaps):.3f} s")
    most = max((most_within(sorted(Shops.asked[host]), 1.0) for host in hosts), default=0)
    print(f"  most requests to one host within any second: {most}")
    print(f"  documents: {PageSnapshot.objects.count():,} pages, {PricePoint.objects.count():,} prices")
    for number, (_pid, done, memory) in enumerate(samples):
        fifth = max(len(memory) // 5, 1)
        early, late = memory[fifth : 2 * fifth] or [0], memory[-fifth:] or [0]
        before, after = sum(early) / len(early) / 1024, sum(late) / len(late) / 1024
        print(f"  reader {number}: {done:,} attempts, {before:.0f} MB in its second fifth, {after:.0f} MB in its last")


def most_within(moments: list[float], seconds: float) -> int:
    """The most of them in any window of that length (open at its end)."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
