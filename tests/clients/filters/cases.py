"""Filters of ours, events, and whether they hold."""

ALERT = """{"event_type": "alert.created", "source": "edr", "payload": {"severity": 8, "tags": ["crown", "eu"],
 "owner": null, "hits": [{"rule": "r1", "score": 3}, {"rule": "r2", "score": 9}]}}"""

AGREED = [
    ("@.event_type == \"alert.created\" && @.payload.severity >= 7 && @.payload.tags[?@ == \"crown\"]", ALERT, True),
    ("@.payload.owner == null && @.payload.owner", ALERT, True),
    ("@.payload.assignee == null", ALERT, False),
    ("@.payload.assignee != 'x'", ALERT, True),
    ("@.payload.hits[?@.rule == 'r1' && @.score > 5]", ALERT, False),
    ("@.payload.hits[?@.rule == 'r1'] && @.payload.hits[?@.score > 5]", ALERT, True),
    ("count(@.payload.tags[*]) == length(@.payload.tags)", ALERT, True),
    ("value(@.payload.hits[?@.score > 5]) == @.payload.hits[1]", ALERT, True),
    ("!match(@.payload.missing, '.*')", ALERT, True),
    ("search(@.payload.tags[0], 'row')", ALERT, True),
    ("@.a == 5", "{\"a\": 5.0}", True),
    ("@.a < 'b'", "{\"a\": 1}", False),
    ("@.a <= true", "{\"a\": true}", True),
    ("@.a == @.b", "{}", True),
    ("@.a <= @.b", "{}", True),
    ("length(@.a) == 2", "{\"a\": \"\U0001f600\u00e9\"}", True),
    ("@.a < @.b", "{\"a\": \"\\uff61\", \"b\": \"\\ud83d\\ude00\"}", True),
    ("@.a == 2", "{\"a\": 1, \"a\": 2}", True),
    ("@.a == 9007199254740992", "{\"a\": 9007199254740993}", False),
    ("@.a[::-1] && value(@.a[-1:]) == 3", "{\"a\": [1, 2, 3]}", True),
]

# At least one of the two is not what the RFC, or the value of the digits, asks for.
DIFFERENT = [
    ("@.a == 9007199254740993", "{\"a\": 9007199254740993}", True, "they round a literal to a double"),
    ("@.a < true", "{\"a\": false}", False, "python-jsonpath orders false before true"),
]

REFUSED = [
    "", "@.a = 1", "true", "@.a == 1 &&", "@.a[01]", "@.a == 01", "length(@.a)", "count(1) == 1",
    "match(@.a, 'x') == true", "@.* == 1", "length (@.a) == 1", "@.a == 'x", "@.a == '\\x'", "@.a == '\\ud800'",
    "@.1", "@. a", "@.a == abc",
]
