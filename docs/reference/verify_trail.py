#!/usr/bin/env python3
"""Verifies an export of TEAM's audit trail (JSON lines), from audit-format.md alone.

    python3 verify_trail.py team-events.jsonl

Needs Python 3 and nothing else. Prints "Intact: N events, head HASH" and ends with 0, or
"Broken: event N" and ends with 1. It shares no line with TEAM's own verifier, on purpose.
"""

import hashlib
import json
import math
import re
import sys

GENESIS = bytes(32)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
NUMBER = re.compile(r"[1-9]\d*", re.ASCII)
HEX = re.compile(r"[0-9a-f]*", re.ASCII)
ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class Broken(Exception):
    pass


# Canonical JSON (RFC 8785).


def canonical(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return canonical_number(value)
    if isinstance(value, str):
        return canonical_string(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    members = (canonical_string(name) + ":" + canonical(value[name]) for name in names)
    return "{" + ",".join(members) + "}"


def canonical_string(text):
    out = ['"']
    for character in text:
        if character in ESCAPES:
            out.append(ESCAPES[character])
        elif character < " ":
            out.append("\\u%04x" % ord(character))
        elif "\ud800" <= character <= "\udfff":
            raise Broken("not Unicode")
        else:
            out.append(character)
    out.append('"')
    return "".join(out)


def canonical_number(number):
    """As ECMAScript writes it: section 6.1.6.1.20 of ECMA-262."""
    if math.isnan(number) or math.isinf(number):
        raise Broken("not a JSON number")
    if number == 0:
        return "0"
    if number < 0:
        return "-" + canonical_number(-number)
    # repr gives the shortest digits that are this number, as ECMAScript asks for.
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or "0")
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    sign = "+" if point > 0 else "-"
    power = sign + str(abs(point - 1))
    if count == 1:
        return digits + "e" + power
    return digits[0] + "." + digits[1:] + "e" + power


# One line.

MEMBERS = [
    "seq", "at", "actor", "action", "object", "result",
    "payload", "salt", "payloadHash", "previousHash", "hash",
]  # fmt: skip


def read_line(line):
    """The event of a line, if the line is exactly as an export writes it (step 1)."""
    try:
        event = json.loads(line.decode("utf-8"), parse_int=float)
    except (ValueError, RecursionError):
        raise Broken("no JSON") from None
    if not isinstance(event, dict) or set(event) != set(MEMBERS):
        raise Broken("not the members of an event")
    actor, thing = event["actor"], event["object"]
    if not isinstance(actor, dict) or set(actor) != {"type", "id", "name"}:
        raise Broken("not an actor")
    if not isinstance(thing, dict) or set(thing) != {"type", "id"}:
        raise Broken("not an object")
    if written_again(event).encode("utf-8", "surrogatepass") != line:
        raise Broken("not as an export writes it")
    if not isinstance(event["seq"], float) or not event["seq"].is_integer():
        raise Broken("not a number")
    if not isinstance(event["at"], str) or not TIME.fullmatch(event["at"]):
        raise Broken("not a time")
    if actor["type"] not in ("user", "token", "system"):
        raise Broken("not a kind of actor")
    return event


def written_again(event):
    def members(of, names):
        return "{" + ",".join('"%s":%s' % (name, canonical(of[name])) for name in names) + "}"

    parts = []
    for name in MEMBERS:
        if name == "actor":
            text = members(event["actor"], ["type", "id", "name"])
        elif name == "object":
            text = members(event["object"], ["type", "id"])
        else:
            text = canonical(event[name])
        parts.append('"%s":%s' % (name, text))
    return "{" + ",".join(parts) + "}"


def unhex(text):
    if not isinstance(text, str) or len(text) % 2 or not HEX.fullmatch(text):
        raise Broken("not hexadecimal")
    return bytes.fromhex(text)


def check_payload(event):
    payload, salt = event["payload"], event["salt"]
    if payload is None or salt is None:
        if payload is not salt:
            raise Broken("half erased")
        return
    digest = hashlib.sha256(unhex(salt) + canonical(payload).encode("utf-8")).hexdigest()
    if digest != event["payloadHash"]:
        raise Broken("another payload")


def check_header(event, previous):
    if event["previousHash"] != previous.hex():
        raise Broken("does not follow")
    header = {name: event[name] for name in MEMBERS[:6] + ["payloadHash"]}
    digest = hashlib.sha256(previous + canonical(header).encode("utf-8")).hexdigest()
    if digest != event["hash"]:
        raise Broken("another header")


# The chain.


def lines_of(file):
    """Each line without its line feed; a last one without a line feed is none, so None."""
    for line in file:
        yield line[:-1] if line.endswith(b"\n") else None


def cut_named(event, start, start_hash):
    payload = event["payload"]
    return (
        event["action"] == "audit.cut"
        and event["object"] == {"type": "audit_event", "id": str(start)}
        and isinstance(payload, dict)
        and payload.get("hash") == start_hash.hex()
    )


def names_cut(line, start, start_hash):
    """Behind a break nothing is judged; only whether retention has cut the beginning off."""
    try:
        return line is not None and cut_named(read_line(line), start, start_hash)
    except (Broken, RecursionError):
        return False


def verify(file):
    start, start_hash, is_cut_named = 0, GENESIS, False
    last, previous = 0, GENESIS
    events, erased, broken = 0, {}, None
    for line in lines_of(file):
        if broken is not None:
            if start == 0 or is_cut_named:
                break
            is_cut_named = names_cut(line, start, start_hash)
            continue
        try:
            if line is None:
                raise Broken("no end of line")
            event = read_line(line)
            seq = int(event["seq"])
            if events == 0 and seq > 1:
                start = last = seq - 1
                start_hash = previous = unhex(event["previousHash"])
            if seq != last + 1:
                raise Broken("not the next")
            check_payload(event)
            check_header(event, previous)
        except (Broken, RecursionError):
            broken = last + 1
            is_cut_named = start > 0 and names_cut(line, start, start_hash)
            continue
        events, last, previous = events + 1, seq, unhex(event["hash"])
        if event["payload"] is None:
            erased[seq] = True
        if event["action"] == "audit.erase" and event["object"]["type"] == "audit_event":
            named = event["object"]["id"]
            if NUMBER.fullmatch(named):
                erased.pop(int(named), None)
        is_cut_named = is_cut_named or cut_named(event, start, start_hash)
    if start > 0 and not is_cut_named:
        return events, previous, 1
    if broken is None and erased:
        broken = min(erased)
    return events, previous, broken


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("--"):
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "-":
        events, head, broken = verify(sys.stdin.buffer)
    else:
        with open(sys.argv[1], "rb") as file:
            events, head, broken = verify(file)
    if broken is not None:
        print(f"Broken: event {broken}")
        return 1
    print(f"Intact: {events} events, head {head.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
