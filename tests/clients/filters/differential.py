"""Our filters against two public implementations of RFC 9535:  differential.py ORACLE

Runs in the environment that filters_test.py makes. With OPI_JSONPATH_SUITE, the compliance suite's cts.json, over its
filters too.
"""
import json
import os
import random
import re
import subprocess
import sys
import unittest

import jsonpath
import jsonpath_rfc9535

import cases

# What our filters leave out of the RFC, by their own words.
PROFILE = ("$ is not supported", ".. is not supported", "several selectors", "a pattern in quotes", "C and Cn",
           "expected at most", "expected smaller")


class Ours:
    def __init__(self, oracle):
        self.process = subprocess.Popen([oracle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self, expression, text):
        print(json.dumps({"filter": expression, "event": text}), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def one_filter(expression):
    """The expression as a query that keeps or drops the only element of an array; None if it is none."""
    try:
        query = jsonpath_rfc9535.compile(f"$[?{expression}]")
    except (jsonpath_rfc9535.JSONPathError, ValueError, RecursionError):
        return None
    single = len(query.segments) == 1 and len(query.segments[0].selectors) == 1
    return query if single else None


STRICT = jsonpath.JSONPathEnvironment(strict=True)


def others(expression, event):
    """What each of the public ones makes of it; None: it is no expression."""
    query = one_filter(expression)
    first = None if query is None else bool(list(query.find([event])))
    try:
        second = bool(list(STRICT.finditer(f"$[?{expression}]", [event])))
    except jsonpath.exceptions.JSONPathError:
        second = None
    return first, second


def orders_booleans(expression, event):
    """Whether it may compare true or false by < or >, which python-jsonpath takes for numbers then."""
    return bool(re.search("[<>]", expression) and re.search("true|false", expression + json.dumps(event)))


class Random:
    """Expressions and events of few names and values, so that they meet."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        pick = self.random.randrange(10 if depth < 3 else 6)
        if pick < 6:
            return self.random.choice([None, True, False, 0, 1, -1, 2.5, 1.0, "", "a", "ab", "b", "é", "10"])
        if pick < 8:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {name: self.value(depth + 1) for name in self.random.sample("abcd", self.random.randrange(4))}

    def query(self, singular, depth=0):
        text = "@"
        for _ in range(self.random.randrange(3)):
            pick = self.random.randrange(4 if singular else 7 if depth > 3 else 8)
            if pick == 7:
                text += f"[?{self.expression(depth + 1)}]"
            else:
                text += [f".{self.random.choice('abcd')}", f"['{self.random.choice('abcd')}']",
                         f"[{self.random.randrange(-2, 3)}]", f".{self.random.choice('abcd')}", ".*", "[*]",
                         self.slice()][pick]
        return text

    def slice(self):
        part = lambda: self.random.choice(["", "0", "1", "-1", "2", "-3"])
        return f"[{part()}:{part()}{self.random.choice(['', ':', ':1', ':-1', ':2', ':0'])}]"

    def comparable(self, depth=0):
        pick = self.random.randrange(8)
        if pick < 3:
            return self.query(True)
        if pick < 6:
            return json.dumps(self.random.choice([None, True, False, 0, 1, -1, 2.5, "", "a", "ab", "é", "10", 1e2]),
                              ensure_ascii=self.random.random() < 0.5)
        function = self.random.choice(["length", "count", "value"])
        # Not of @ itself, at which both fall over if it is no array and no object.
        return f"{function}({self.query(function == 'length', depth).replace('@', '@.a', 1)})"

    def expression(self, depth=0):
        pick = self.random.randrange(9 if depth < 3 else 6)
        blank = self.random.choice(["", " "])
        if pick < 4:
            sign = self.random.choice(["==", "!=", "<", "<=", ">", ">="])
            return f"{self.comparable(depth)}{blank}{sign}{blank}{self.comparable(depth)}"
        if pick == 4:
            # Not of @ itself, of which both say that it is not there if it is false or empty.
            return self.random.choice(["", "!"]) + self.query(False, depth).replace("@", "@.b", 1)
        if pick == 5:
            pattern = self.random.choice(["a", "a.*", "[a-b]+", "(a|é)?b*", "1.", ".{1,2}", "[^a]", r"\\p{L}"])
            function = self.random.choice(["match", "search", "!match", "!search"])
            return f"{function}({self.query(True)}, '{pattern}')"
        if pick == 6:
            return f"{self.random.choice(['', '!'])}({self.expression(depth + 1)})"
        return f"{self.expression(depth + 1)}{blank}{self.random.choice(['&&', '||'])}{blank}{self.expression(depth + 1)}"


class Differential(unittest.TestCase):
    ours = None

    def test_our_own_cases(self):
        for expression, event, holds in cases.AGREED:
            with self.subTest(expression=expression, event=event):
                self.assertEqual(self.ours.answer(expression, event), {"holds": holds})
                self.assertEqual(others(expression, json.loads(event)), (holds, holds))

    def test_where_the_others_are_known_to_differ(self):
        for expression, event, holds, reason in cases.DIFFERENT:
            with self.subTest(expression=expression, event=event, reason=reason):
                self.assertEqual(self.ours.answer(expression, event), {"holds": holds})
                self.assertNotEqual(others(expression, json.loads(event)), (holds, holds), "they agree now")

    def test_what_is_no_expression(self):
        for expression in cases.REFUSED:
            with self.subTest(expression=expression):
                self.assertIn("fault", self.ours.answer(expression, "null"))
                self.assertEqual(others(expression, None), (None, None))

    def test_random_expressions(self):
        made = Random(9535)
        compared = held = 0
        while compared < 4000:
            expression, event = made.expression(), made.value()
            answer = self.ours.answer(expression, json.dumps(event))
            if any(words in answer.get("fault", "") for words in PROFILE):
                continue
            with self.subTest(expression=expression, event=event):
                first, second = others(expression, event)
                self.assertEqual(answer.get("holds"), first, answer)
                if not orders_booleans(expression, event):
                    self.assertEqual(answer.get("holds"), second, answer)
            compared += 1
            held += answer.get("holds") is True
        self.assertGreater(held, 800, "the cases say little")

    @unittest.skipUnless("OPI_JSONPATH_SUITE" in os.environ,
                         "no registry package carries the compliance suite; OPI_JSONPATH_SUITE names its cts.json")
    def test_the_compliance_suite(self):
        with open(os.environ["OPI_JSONPATH_SUITE"], encoding="utf-8") as suite:
            tests = json.load(suite)["tests"]
        compared, left_out = 0, 0
        for test in tests:
            selector = test["selector"]
            if not (selector.startswith("$[?") and selector.endswith("]")):
                continue
            expression = selector[3:-1]
            if test.get("invalid_selector"):
                # Invalid for what stands around the filter, it may be a fine one by itself.
                with self.subTest(test["name"]):
                    self.assertIn("fault", self.ours.answer(expression, "null"))
                compared += 1
                continue
            if one_filter(expression) is None:
                continue  # several selectors or segments
            document = test["document"]
            children = list(document.values()) if isinstance(document, dict) else document
            answers = [self.ours.answer(expression, json.dumps(child)) for child in children]
            faults = [answer["fault"] for answer in answers if "fault" in answer]
            with self.subTest(test["name"], selector=selector):
                if faults:
                    self.assertTrue(any(words in faults[0] for words in PROFILE), faults[0])
                    left_out += 1
                else:
                    kept = [child for child, answer in zip(children, answers) if answer["holds"]]
                    self.assertIn(json.dumps(kept), [json.dumps(one) for one in test.get("results", [test.get("result")])])
                    compared += 1
        print(f"{compared} of the suite's filters compared, {left_out} are outside of what our filters take")
        self.assertGreater(compared, 250)


if __name__ == "__main__":
    Differential.ours = Ours(sys.argv[1])
    unittest.main(argv=[sys.argv[0]])
