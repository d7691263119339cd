"""The published lists, looked up in columns and once more one by one."""

import bisect
import ipaddress
import socket
import time

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from apps.reference import policy
from apps.reference.services import lookup_ips, store
from apps.reference.services.draft import compiled
from apps.reference.services.loaders import read_folder

pytestmark = pytest.mark.slow  # the lists take their publishers' size to load
CLASSES = {
    "tor": ("x4b_torexit_ipv4.txt",),
    "relay": (
        "ipranges_apple-proxy_ipv4_merged.txt",
        "ipranges_cloudflare_ipv4_merged.txt",
        "x4b_vpn_input_apple.txt",
    ),
    "vpn": ("x4b_vpn_ipv[46].txt", "x4b_vpn_input_*", "ipranges_protonvpn*"),
    "hosting": ("x4b_datacenter_ipv[46].txt", "ipranges_*"),
}


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "ip_intel"


@pytest.fixture(scope="module", autouse=True)
def lists(folder):
    columns = compiled(read_folder(folder))
    layers = {kind: (store.Layer(kind, "x", one),) for kind, one in columns.items()}
    before = store._cache.store
    store._cache.store = store.Store(1, {}, layers)
    store._cache.checked = time.monotonic() + 3600
    yield
    store._cache.store, store._cache.checked = before, 0.0


def number_of(end):
    """IPv4 ends are numbers in the files, IPv6 ends are texts."""
    if isinstance(end, int):
        return end
    return int.from_bytes(socket.inet_pton(socket.AF_INET6, end), "big")


class Slow:
    """What the files say of one address, without any code of the store."""

    def __init__(self, folder):
        self.folder = folder
        self.tables = {
            (kind, family): self._table(kind, name, family)
            for kind, name in (("asn", "asn"), ("country", "cc"))
            for family in (4, 6)
        }
        self.networks = {name: self._networks(name) for name in CLASSES}
        names = pa_csv.read_csv(folder / "asn_names.csv.gz")
        rows = zip(*(names.column(n).to_pylist() for n in ("asn", "org")), strict=True)
        self.names = {asn: str(org) for asn, org in rows}
        self.asns = {
            name: {
                int(line.partition("#")[0].strip().upper().removeprefix("AS"))
                for line in (folder / f"x4b_{file}_asn.txt").read_text().splitlines()
                if line.partition("#")[0].strip()
            }
            for name, file in (("vpn", "vpn"), ("hosting", "datacenter"))
        }

    def _table(self, kind, value, family):
        table = pq.read_table(self.folder / f"{kind}_ipv{family}_ranges.parquet")
        ends = [table.column(name).to_pylist() for name in ("start", "end")]
        first, last = ([number_of(one) for one in end] for end in ends)
        rows = zip(first, last, table.column(value).to_pylist(), strict=True)
        return sorted(rows, key=lambda row: row[0])

    def _networks(self, name):
        found = {}
        for pattern in CLASSES[name]:
            for path in self.folder.glob(pattern):
                for line in path.read_text().splitlines():
                    if bare := line.partition("#")[0].strip():
                        one = ipaddress.ip_network(bare, strict=False)
                        key = (one.version, one.prefixlen)
                        found.setdefault(key, set()).add(int(one.network_address))
        return found

    def value(self, kind, address):
        rows = self.tables[kind, address.version]
        at = bisect.bisect_right(rows, int(address), key=lambda row: row[0]) - 1
        return rows[at][2] if at >= 0 and int(address) <= rows[at][1] else None

    def ip_class(self, address, asn):
        size = address.max_prefixlen
        for name, networks in self.networks.items():
            for (version, length), starts in networks.items():
                if version != address.version:
                    continue
                start = int(address) >> (size - length) << (size - length)
                if start in starts:
                    return name
        for name, asns in self.asns.items():
            if asn in asns:
                return name
        if asn is None:
            return "unknown"
        return policy.class_from_name(self.names.get(asn, "")) or "isp"


def drawn(folder, count):
    """Draw addresses everywhere, and inside the lists of classes."""
    draw = np.random.default_rng(1)
    numbers = draw.integers(1 << 24, 224 << 24, count * 6 // 10)
    texts = [socket.inet_ntoa(int(one).to_bytes(4, "big")) for one in numbers]
    for names in CLASSES.values():
        path = next(folder.glob(names[0]))
        lines = [line for line in path.read_text().splitlines() if line[:1].isdigit()]
        for line in draw.choice(lines, count // 20):
            network = ipaddress.ip_network(str(line), strict=False)
            texts.append(
                str(network[int(draw.integers(min(network.num_addresses, 1 << 62)))])
            )
    table = pq.read_table(folder / "asn_ipv6_ranges.parquet").column("start")
    for at in draw.integers(0, len(table), count - len(texts)):
        start = int(ipaddress.ip_address(table[int(at)].as_py()))
        texts.append(str(ipaddress.ip_address(start + int(draw.integers(1 << 62)))))
    return texts


def test_ten_thousand_addresses_equal_a_slow_check(folder):
    texts = drawn(folder, 10_000)
    slow, facts = Slow(folder), lookup_ips(texts)
    seen = set()
    for at, text in enumerate(texts):
        address = ipaddress.ip_address(text)
        asn = slow.value("asn", address)
        expected = (
            -1 if asn is None else asn,
            slow.value("country", address),
            slow.ip_class(address, asn),
        )
        assert (facts.asn[at], facts.country[at], facts.ip_class[at]) == expected, text
        seen.add(expected[2])
    assert len(texts) == 10_000
    assert seen >= {"tor", "relay", "vpn", "hosting", "education", "isp", "unknown"}


def test_many_addresses_equal_few_at_a_time(folder):
    texts = drawn(folder, 2000)
    many = lookup_ips([*texts, None, "no address"])
    for at in range(0, 2000, 20):
        few = lookup_ips(texts[at : at + 20])
        assert few.asn.tolist() == many.asn[at : at + 20].tolist()
        assert few.country.tolist() == many.country[at : at + 20].tolist()
        assert few.ip_class.tolist() == many.ip_class[at : at + 20].tolist()
    assert many.ip_class[-2:].tolist() == ["unknown", "unknown"]
