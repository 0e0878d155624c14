#!/usr/bin/env bash
# standardwebhooks 1.1.0 and svix 2.9.1 (PyPI) answer a signature header that holds one token without exactly one comma, beside
# a good one, with a bare ValueError from unpacking instead of passing the token over or raising their WebhookVerificationError:
# a receiver that catches the documented exception ends in a 500. The form with two blanks between two good tokens (a header
# that some proxies and frameworks join so) does the same, as it has an empty token. The specification has receivers skip
# what they do not know.
#
# Guess before trying: a token of an unknown form is passed over, and the good one beside it verifies. Seen, for both packages:
#   good                  -> verified
#   unknown version first -> verified
#   two blanks            -> ValueError
#   token without a comma -> ValueError
#   token with two commas -> ValueError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet standardwebhooks==1.1.0 svix==2.9.1

cat > tokens.py <<'PY'
import base64, hashlib, hmac, importlib.metadata, time

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
BODY, ID, NOW = '{"a": 1}', "msg_1", str(int(time.time()))
MAC = base64.b64encode(hmac.new(KEY, f"{ID}.{NOW}.{BODY}".encode(), hashlib.sha256).digest()).decode()
GOOD = "v1," + MAC
CASES = {
    "good": GOOD,
    "unknown version first": f"v2,{MAC} {GOOD}",
    "two blanks": f"v2,{MAC}  {GOOD}",
    "token without a comma": f"v2 {GOOD}",
    "token with two commas": f"v2,{MAC},x {GOOD}",
}

for package in ("standardwebhooks", "svix"):
    webhooks = __import__(package + (".webhooks" if package == "svix" else ""), fromlist=["Webhook"])
    print(package, importlib.metadata.version(package))
    for name, header in CASES.items():
        try:
            webhooks.Webhook(SECRET).verify(BODY, {"webhook-id": ID, "webhook-timestamp": NOW, "webhook-signature": header})
            print(f"  {name}: verified")
        except Exception as error:
            print(f"  {name}: {type(error).__name__}")
PY
venv/bin/python tokens.py | tee seen
diff seen - <<'TXT' || { echo "changed" >&2; exit 1; }
standardwebhooks 1.1.0
  good: verified
  unknown version first: verified
  two blanks: ValueError
  token without a comma: ValueError
  token with two commas: ValueError
svix 2.9.1
  good: verified
  unknown version first: verified
  two blanks: ValueError
  token without a comma: ValueError
  token with two commas: ValueError
TXT
