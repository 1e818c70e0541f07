# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random requests: grown from a grammar, cut and spliced from transcripts."""

import re

SAFE = (b"guest-ping", b"guest-sync", b"guest-sync-delimited",
        b"guest-get-host-name")
# Everything else the reference knows; none of it may ever be sent.
KNOWN = set(b"""
guest-get-time guest-set-time guest-info guest-shutdown guest-file-open
guest-file-close guest-file-read guest-file-write guest-file-seek
guest-file-flush guest-fsfreeze-status guest-fsfreeze-freeze
guest-fsfreeze-freeze-list guest-fsfreeze-thaw guest-fstrim
guest-suspend-disk guest-suspend-ram guest-suspend-hybrid
guest-network-get-interfaces guest-network-get-route guest-get-vcpus
guest-set-vcpus guest-get-disks guest-get-fsinfo guest-set-user-password
guest-get-memory-blocks guest-set-memory-blocks guest-get-memory-block-info
guest-exec-status guest-exec guest-get-users guest-get-timezone
guest-get-osinfo guest-get-devices guest-ssh-get-authorized-keys
guest-ssh-add-authorized-keys guest-ssh-remove-authorized-keys
guest-get-diskstats guest-get-cpustats guest-get-load""".split())

WORDS = [b"true", b"false", b"null", b"nul", b"x", b"e", b"inf", b"nan"]
NUMBERS = [b"0", b"-0", b"1", b"-1", b"12", b"01", b"-", b"1.", b"1.5", b"-.5",
           b"0.0", b"0e5", b"1e5", b"1E+2", b"1e-3", b"1e", b"1e+", b"1e400",
           b"9223372036854775807", b"9223372036854775808", b"1-1", b"1.5.5",
           b"-9223372036854775808", b"18446744073709551616", b"0.1", b"+1"]
PIECES = [b"a", b"id", b"execute", b"arguments", b" ", b"\\n", b"\\\"", b"\\'",
          b"\\/", b"\\u0041", b"\\u0000", b"\\u00e9", b"\\ud83d\\ude00",
          b"\\ud83d", b"\\ude00", b"\\ufffe", b"\\u12", b"\\x", b"'", b"{}",
          b"\x7f", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xc3",
          b"\xe2\x82", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5", b"\xfe",
          b"\xff", b"\x00", b"\x01", b"\t", b"\n", b"\xef\xbf\xbe"]
BYTES = (b"{}[]:,\"'\\ \t\r\n-+.0123456789eEtrufalsn"
         b"AZ/#%;_\x00\x01\x1f\x7f\x80\xbf\xc0\xc3\xe2\xed\xf0\xf4\xf5\xfe\xff")


def harmless(data):
    """No command but the safe ones, not even spelled with escapes."""
    plain = re.sub(rb"\\u00([0-9A-Fa-f]{2})",
                   lambda m: bytes([int(m[1], 16)]), data)
    words = re.findall(rb"guestd?-[a-z-]*", plain)
    return not any(word in KNOWN or word.startswith(b"guestd-")
                   for word in words)


class Maker:
    def __init__(self, random, corpus):
        self.random = random
        self.corpus = corpus

    def make(self):
        while True:
            data = self.random.choice((self.request, self.request, self.mutant,
                                       self.mutant, self.message, self.soup))()
            if self.random.random() < 0.2:
                data += self.request()
            if harmless(data):
                return data

    # From the grammar ---------------------------------------------------------

    def request(self):
        """A request object, now and then with a member odd or too many."""
        pick = self.random.random
        members = [(b'"execute"', self.command())]
        if pick() < 0.5:
            members.append((b'"arguments"', self.arguments()))
        if pick() < 0.5:
            members.append((b'"id"', self.value(3)))
        if pick() < 0.1:
            members.append((self.string(), self.value(2)))
        self.random.shuffle(members)
        text = b"{" + b",".join(k + b":" + v for k, v in members) + b"}"
        return self.mutate(text) if pick() < 0.3 else text

    def command(self):
        if self.random.random() < 0.85:
            return b'"' + self.random.choice(SAFE) + b'"'
        return self.value(1)

    def arguments(self):
        if self.random.random() < 0.6:
            return b'{"id":' + self.number() + b"}"
        return self.value(2)

    def message(self):
        return self.value(6) + self.random.choice((b"", b"\n", b" "))

    def value(self, depth):
        makers = [self.number, self.string, self.word]
        if depth > 0:
            makers += [lambda: self.list(depth - 1),
                       lambda: self.object(depth - 1)]
        return self.random.choice(makers)()

    def number(self):
        if self.random.random() < 0.5:
            return str(self.random.randrange(-1000, 1000)).encode()
        return self.random.choice(NUMBERS)

    def word(self):
        return self.random.choice(WORDS)

    def string(self):
        quote = b'"' if self.random.random() < 0.8 else b"'"
        # Mostly what is allowed, or nothing would ever be accepted.
        few = PIECES[:9] if self.random.random() < 0.6 else PIECES
        inside = self.random.choices(few, k=self.random.randrange(4))
        return quote + b"".join(inside) + quote

    def list(self, depth):
        count = self.random.randrange(4)
        return b"[" + b",".join(self.value(depth) for _ in range(count)) + b"]"

    def object(self, depth):
        count = self.random.randrange(3)
        return b"{" + b",".join(self.string() + b":" + self.value(depth)
                                for _ in range(count)) + b"}"

    # From bytes ---------------------------------------------------------------

    def soup(self):
        size = self.random.randrange(1, 40)
        return bytes(self.random.choices(BYTES, k=size))

    def mutant(self):
        text = self.random.choice(self.corpus)
        for _ in range(self.random.randrange(1, 5)):
            text = self.mutate(text)
        return text

    def mutate(self, text):
        at = self.random.randrange(len(text) + 1)
        end = min(len(text), at + self.random.randrange(1, 6))
        kind = self.random.randrange(7)
        if kind == 0:
            return text[:at] + text[end:]
        if kind == 1:
            return text[:at] + text[at:end] * 2 + text[end:]
        if kind == 2:
            return text[:at] + bytes([self.random.choice(BYTES)]) + text[at:]
        if kind == 3:
            return text[:at] + self.random.choice(PIECES) + text[end:]
        if kind == 4:
            return text[:at] + self.random.choice(NUMBERS) + text[end:]
        if kind == 5:
            return text[:at]
        other = self.random.choice(self.corpus)
        cut = self.random.randrange(len(other) + 1)
        return text[:at] + other[cut:]
