"""Ed25519 signatures by RFC 8032, section 5.1, which Python's standard library lacks. Slow, and no secret is safe in it."""
import base64
import functools
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE_Y = 4 * pow(5, -1, P) % P


def _x_of(y):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


BASE = (_x_of(BASE_Y), BASE_Y)


def _add(one, other):
    (x1, y1), (x2, y2) = one, other
    both = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + both, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - both, -1, P) % P)


def _times(number):
    point, doubled = (0, 1), BASE
    while number > 0:
        if number % 2:
            point = _add(point, doubled)
        doubled = _add(doubled, doubled)
        number //= 2
    return point


def _encoded(point):
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


def _hashed(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _halves(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return (scalar & ~7 & (2**255 - 1)) | 2**254, digest[32:]


@functools.lru_cache
def public_key(seed):
    return _encoded(_times(_halves(seed)[0]))


@functools.lru_cache
def sign(seed, message):
    scalar, prefix = _halves(seed)
    nonce = _hashed(prefix, message) % ORDER
    point = _encoded(_times(nonce))
    challenge = _hashed(point, public_key(seed), message) % ORDER
    return point + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


def written(key):
    """As Standard Webhooks writes a public key."""
    return "whpk_" + base64.b64encode(key).decode()
