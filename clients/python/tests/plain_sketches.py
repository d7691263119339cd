"""The sketches once more, straight from docs/reference/sketches.md: slow and plain."""

import hashlib
import hmac
import re

SIZE = 1 << 64
TAG = rb"[A-Za-z][A-Za-z0-9_.-]{0,39}"
PAIRS = [
    (b"```", b"```"),
    (b'"', b'"'),
    ("“".encode(), "”".encode()),
    ("«".encode(), "»".encode()),
    ("「".encode(), "」".encode()),
    ("\ue000".encode(), "\ue001".encode()),
]
BLANK = [(0x80, 0xBF), (0x2000, 0x207F), (0x3000, 0x303F), (0xE000, 0xE07F)]


def derive(secret, name):
    message = b"kycrisk-sketch-1/" + name.encode()
    raw = hmac.new(secret, message, hashlib.sha256).digest()
    return raw, [int.from_bytes(raw[at : at + 8], "little") for at in (0, 8, 16, 24)]


def opener_at(raw, at):
    """The opening mark at this byte, and its closing mark."""
    for opener, closer in PAIRS:
        if raw.startswith(opener, at):
            if opener == b'"' and escaped(raw, at):
                return None
            return opener, closer
    tag = re.compile(rb"<(" + TAG + rb")>").match(raw, at)
    return (tag[0], b"</" + tag[1] + b">") if tag else None


def escaped(raw, at):
    before = raw[:at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1


def close_of(raw, closer, at):
    while (found := raw.find(closer, at)) >= 0:
        if closer != b'"' or not escaped(raw, found):
            return found
        at = found + 1
    return None


def tokens_of(text):
    """List (token bytes, what it is): plain, filler or mark."""
    raw = text.encode("utf-8", "surrogatepass")
    raw = re.sub(rb"\xed[\xa0-\xbf].", b"\xef\xbf\xbd", raw, flags=re.DOTALL)[:65_536]
    found, at, start = [], 0, 0
    while at < len(raw):
        mark = opener_at(raw, at)
        end = close_of(raw, mark[1], at + len(mark[0])) if mark else None
        if end is None:
            at += 1 if not mark or mark[0] == b'"' else len(mark[0])
            continue
        body = at + len(mark[0])
        name = mark[0][:-1] if mark[0].startswith(b"<") else b""
        found += words(raw[start:at] + name, "plain")
        found.append((b"", "mark"))
        found += words(raw[body:end], "filler")
        at = start = end
        # the closing mark is read as text, but opens nothing
        at += len(mark[1])
    return found + words(raw[start:], "plain")


def words(raw, kind):
    found, word = [], b""
    at = 0
    while at < len(raw):
        size = 1 if raw[at] < 0xC0 else 2 + (raw[at] >= 0xE0) + (raw[at] >= 0xF0)
        char = raw[at : at + size]
        code = ord(char.decode("utf-8", "replace")[0]) if size > 1 else raw[at]
        at += size
        if size == 1 and raw[at - 1] < 0x80:
            plain = re.fullmatch(rb"[A-Za-z0-9_]", char)
            word, found = grown(word, found, char.lower() if plain else None)
        elif size > 1 and any(low <= code <= high for low, high in BLANK):
            word, found = grown(word, found, None)
        elif size > 1 and code >= 0x3000:
            word, found = grown(word, found, None)
            found.append(char)
        else:
            word += char
    _, found = grown(word, found, None)
    return [(one, hidden(one, kind)) for one in found]


def grown(word, found, char):
    if char is not None:
        return word + char, found
    return b"", [*found, word] if word else found


def hidden(token, kind):
    digit = re.search(rb"[0-9]", token)
    long = len(token) >= 25 and token.isascii()
    return "filler" if digit or long else kind


class Plain:
    def __init__(self, secret):
        numbers = derive(secret, "tokens")[1]
        self.bytes, self.tokens, self.mask = numbers[0] | 1, numbers[1] | 1, numbers[2]
        self.k0, self.k1 = derive(secret, "shingles")[1][:2]
        self.factors = [derive(secret, f"minima/{i}")[1][0] | 1 for i in range(16)]
        self.scaffold_key = derive(secret, "scaffold")[0]

    def digest(self, token):
        return sum(b * pow(self.bytes, k, SIZE) for k, b in enumerate(token)) % SIZE

    def masked(self, text):
        found, before = [], False
        for token, kind in tokens_of(text):
            if kind == "plain":
                found.append(self.digest(token))
            elif not before:
                found.append(self.mask)
            before = kind != "plain"
        return found

    def shingles(self, digests):
        count = max(len(digests) - 4, 1) if digests else 0
        sums = [
            sum(t * pow(self.tokens, j, SIZE) for j, t in enumerate(digests[i : i + 5]))
            for i in range(count)
        ]
        return [siphash13(self.k0, self.k1, one % SIZE) for one in sums]

    def minima(self, hashes):
        return [min(h * a % SIZE for h in hashes) >> 32 for a in self.factors]

    def sketches(self, user, system=""):
        every = tokens_of(system) + tokens_of(user)
        if sum(kind != "mark" for _, kind in every) < 30:
            return {"scaffold": None, "sketch": None, "minhash": None, "filler": None}
        top, low = self.masked(system), self.masked(user)
        text = b"".join(one.to_bytes(8, "little") for one in [*top, 0, *low[:24]])
        scaffold = hmac.new(self.scaffold_key, text, hashlib.sha256).hexdigest()[:16]
        hashes = self.shingles(top + low)
        bits = [
            sum(h >> bit & 1 for h in hashes) * 2 > len(hashes) for bit in range(64)
        ]
        filler = [self.digest(token) for token, kind in every if kind == "filler"]
        return {
            "scaffold": scaffold,
            "sketch": f"{sum(1 << bit for bit in range(64) if bits[bit]):016x}",
            "minhash": self.minima(hashes),
            "filler": self.minima(self.shingles(filler)) if filler else None,
        }


def siphash13(k0, k1, word):
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    for block, rounds in ((word, 1), (8 << 56, 1), (None, 3)):
        if block is None:
            v2 ^= 0xFF
        else:
            v3 ^= block
        for _ in range(rounds):
            v0 = (v0 + v1) % SIZE
            v1 = rotated(v1, 13) ^ v0
            v0 = rotated(v0, 32)
            v2 = (v2 + v3) % SIZE
            v3 = rotated(v3, 16) ^ v2
            v0 = (v0 + v3) % SIZE
            v3 = rotated(v3, 21) ^ v0
            v2 = (v2 + v1) % SIZE
            v1 = rotated(v1, 17) ^ v2
            v2 = rotated(v2, 32)
        if block is not None:
            v0 ^= block
    return v0 ^ v1 ^ v2 ^ v3


def rotated(word, bits):
    return (word << bits | word >> (64 - bits)) % SIZE
