"""The vectors of docs/receivers/vectors.json, made with Python's standard library and nothing of ours.

    python3 vectors.py > ../../docs/receivers/vectors.json

A vector is what a receiver is given at the time `now`, and what it should make of it: `accept`, `refuse`, or `differs`
where libraries disagree and a sender therefore keeps away. The same vectors can be made for another time, which is what
the libraries need: they have no clock that could be set.
"""
import base64
import hashlib
import hmac
import json
import sys

import ed25519

NOW = 1764064800
WINDOW = 300
ID = "msg_6f1d6a1f0cbb4d0c9f3e5f0a4f5ab2e1"
JSON_BODY = b'{"event_type":"alert.created","payload":{"score":7}}'
KEY = bytes(range(1, 33))
OTHER_KEY = bytes(range(101, 133))
# Bytes whose base64 needs both characters that base64url writes differently, and padding.
ODD_KEY = b"\xfb\xef\xbe\xff" * 8
SEED = bytes(range(201, 233))


def secret_of(key):
    return "whsec_" + base64.b64encode(key).decode()


def token(key, sent_at, body=JSON_BODY, message_id=ID):
    content = f"{message_id}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def private_token(seed, sent_at, body=JSON_BODY, message_id=ID):
    return "v1a," + base64.b64encode(ed25519.sign(seed, f"{message_id}.{sent_at}.".encode() + body)).decode()


def vector(name, verdict, reason, sent_at, signature, *, secret=None, body=JSON_BODY, headers=None):
    signatures = signature if isinstance(signature, list) else [signature]
    lines = [["webhook-id", ID], ["webhook-timestamp", str(sent_at)]] + [["webhook-signature", s] for s in signatures]
    made = {"name": name, "verdict": verdict, "reason": reason, "secret": secret_of(KEY) if secret is None else secret,
            "headers": lines if headers is None else headers}
    try:
        made["body"] = body.decode()
    except UnicodeDecodeError:
        made["body_base64"] = base64.b64encode(body).decode()
    return made


def honest(now):
    """What a receiver of ours meets, and what it must refuse."""
    good = token(KEY, now)
    wrong = token(OTHER_KEY, now)
    yield vector("good", "accept", "signed now with the secret", now, good)
    for name, at in (("290 seconds old", now - 290), ("290 seconds ahead", now + 290)):
        yield vector(name, "accept", "within the replay window", at, token(KEY, at))
    for name, at in (("310 seconds old", now - 310), ("310 seconds ahead", now + 310)):
        yield vector(name, "refuse", "outside of the replay window", at, token(KEY, at))
    yield vector("body tampered", "refuse", "one byte of the body differs", now, good, body=JSON_BODY.replace(b"7", b"8"))
    yield vector("id tampered", "refuse", "signed with another webhook-id", now, token(KEY, now, message_id="msg_other"))
    yield vector("time tampered", "refuse", "signed with another webhook-timestamp", now, token(KEY, now - 1))
    yield vector("wrong key", "refuse", "signed with another secret", now, wrong)
    yield vector("two secrets, ours first", "accept", "one token for each live secret", now, f"{good} {wrong}")
    yield vector("two secrets, ours last", "accept", "one token for each live secret", now, f"{wrong} {good}")
    yield vector("two secrets, neither ours", "refuse", "no token is made with the secret", now,
                 f"{wrong} {token(ODD_KEY, now)}")
    yield vector("other version first", "accept", "tokens of other versions are passed over", now,
                 f"v2,{good[3:]} {good}")
    yield vector("asymmetric first", "accept", "tokens of other versions are passed over", now,
                 f"v1a,{base64.b64encode(bytes(64)).decode()} {good}")
    yield vector("other version only", "refuse", "the right MAC under another version's name", now, f"v2,{good[3:]}")
    yield vector("asymmetric only", "refuse", "no library verifies v1a with a v1 secret", now,
                 f"v1a,{base64.b64encode(bytes(64)).decode()}")
    yield vector("signature truncated", "refuse", "the last characters are missing", now, good[:-4])
    yield vector("no signature", "refuse", "webhook-signature is missing", now, good,
                 headers=[["webhook-id", ID], ["webhook-timestamp", str(now)]])
    yield vector("no id", "refuse", "webhook-id is missing", now, good,
                 headers=[["webhook-timestamp", str(now)], ["webhook-signature", good]])
    yield vector("no timestamp", "refuse", "webhook-timestamp is missing", now, good,
                 headers=[["webhook-id", ID], ["webhook-signature", good]])
    yield vector("timestamp is no number", "refuse", "webhook-timestamp is no whole number", "today",
                 token(KEY, "today"))
    body = '{"text":"Größe 測試 🔑"}'.encode()
    yield vector("UTF-8 body", "accept", "the raw bytes are signed", now, token(KEY, now, body), body=body)
    yield vector("base64 with + and / and =", "accept", "the standard alphabet with padding", now, token(ODD_KEY, now),
                 secret=secret_of(ODD_KEY))
    for size in (24, 64):
        key = bytes(range(size))
        yield vector(f"key of {size} bytes", "accept", "Standard Webhooks asks for 24 to 64 bytes", now, token(key, now),
                     secret=secret_of(key))


def of_public_keys(now):
    """For receivers that have a public key alone: what the ones of ours that verify v1a make of it. No library does."""
    public = ed25519.written(ed25519.public_key(SEED))
    good = private_token(SEED, now)
    yield vector("public key", "differs", "Ed25519 (v1a), verified with the public key", now, good, secret=public)
    yield vector("public key, after a shared one", "differs", "a token for each live secret, the current one first", now,
                 f"{token(KEY, now)} {good}", secret=public)
    yield vector("public key, body tampered", "refuse", "one byte of the body differs", now, good, secret=public,
                 body=JSON_BODY.replace(b"7", b"8"))
    yield vector("public key, signature of v1", "refuse", "nobody who has a public key can make what it verifies", now,
                 token(ed25519.public_key(SEED), now), secret=public)
    yield vector("public key, wrong one", "refuse", "signed with another private key", now, good,
                 secret=ed25519.written(ed25519.public_key(KEY)))


def disputed(now):
    """What libraries read differently."""
    good = token(KEY, now)
    wrong = token(OTHER_KEY, now)
    padded = base64.b64encode(ODD_KEY).decode()
    yield vector("secret without whsec_", "differs", "base64 alone: ours signs with its characters, libraries decode it",
                 now, token(ODD_KEY, now), secret=padded)
    yield vector("secret's characters as key", "differs", "raw text, signed with its bytes", now,
                 token(b"correct horse battery staple", now), secret="correct horse battery staple")
    yield vector("secret unpadded", "differs", "whsec_ and base64 without its =", now, token(ODD_KEY, now),
                 secret="whsec_" + padded.rstrip("="))
    yield vector("secret in base64url", "differs", "whsec_ and base64url", now, token(ODD_KEY, now),
                 secret="whsec_" + base64.urlsafe_b64encode(ODD_KEY).decode())
    loose = base64.b64encode(KEY).decode()
    loose = loose[:-2] + chr(ord(loose[-2]) + 1) + "="
    yield vector("secret with unused bits", "differs", "whsec_ and base64 whose last digit has bits that are left over",
                 now, token(KEY, now), secret="whsec_" + loose)
    yield vector("secret with a line's end", "differs", "whsec_, base64 and a line feed", now, token(KEY, now),
                 secret=secret_of(KEY) + "\n")
    yield vector("secret empty", "differs", "whsec_ and nothing, signed with no key at all", now, token(b"", now),
                 secret="whsec_")
    yield vector("token without comma first", "differs", "an odd token before the good one", now, f"odd {good}")
    yield vector("token that is no base64 first", "differs", "an odd token before the good one", now, f"v1,%%% {good}")
    yield vector("token with two commas first", "differs", "an odd token before the good one", now,
                 f"v1,{wrong[3:]},x {good}")
    yield vector("empty v1 token first", "differs", "an odd token before the good one", now, f"v1, {good}")
    yield vector("two blanks", "differs", "two blanks between the tokens", now, f"{wrong}  {good}")
    yield vector("two header lines, good first", "differs", "two webhook-signature lines", now, [good, wrong])
    yield vector("two header lines, good last", "differs", "two webhook-signature lines", now, [wrong, good])
    yield vector("empty body", "differs", "no body", now, token(KEY, now, b""), body=b"")
    yield vector("body is no JSON", "differs", "text that is no JSON", now, token(KEY, now, b"not json"), body=b"not json")
    body = b"\xff\xfe\x00"
    yield vector("body is no UTF-8", "differs", "bytes that are no UTF-8", now, token(KEY, now, body), body=body)
    yield vector("time with blanks", "differs", "blanks around webhook-timestamp", f" {now} ", good)
    yield vector("time with a fraction", "differs", "a fraction in webhook-timestamp, the whole seconds signed",
                 f"{now}.5", good)
    # A clock is hardly ever at a whole second: what was sent 300 whole seconds ago is a fraction older.
    for name, at in (("300 seconds and a fraction old", now - 300), ("300 seconds less a fraction ahead", now + 300),
                     ("301 seconds less a fraction ahead", now + 301)):
        yield vector(name, "differs", "whole or broken seconds at the edge of the window", at, token(KEY, at))


def vectors(now):
    return [*honest(now), *of_public_keys(now), *disputed(now)]


def document(now=NOW):
    return {"now": now, "window": WINDOW, "vectors": vectors(now)}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
