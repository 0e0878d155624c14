"""One of the receivers of docs/receivers, built, started and sent to:  receiver_test.py LANGUAGE FOLDER

FOLDER keeps what is downloaded and built. Ends with 77 where the language's tools are not there.
"""
import base64
import concurrent.futures
import http.client
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import tools
import vectors

SOURCES = pathlib.Path(__file__).parents[2] / "docs" / "receivers"
MAX_BODY = 1 << 20
VERIFY_PUBLIC_KEYS = {"node"}  # the others have secrets of v1 alone


def build(language, folder):
    """What starts the receiver."""
    source = SOURCES / language
    if language == "python":
        return [sys.executable, "-B", str(source / "receiver.py")]
    if language == "cpp":
        tools.run(["c++", "-std=c++20", "-O1", "-Wall", "-Wextra", str(source / "receiver.cpp"), "-o", str(folder / "receiver"),
                   "-lcrypto", "-lsqlite3", "-pthread"], folder)
        return [str(folder / "receiver")]
    if language == "go":
        tools.copy(source, folder)
        tools.run([tools.need_version("go", "version", (1, 21)), "build", "-o", "receiver", "."], folder)
        return [str(folder / "receiver")]
    if language == "node":
        return [tools.node(folder), str(source / "receiver.mjs")]
    raise ValueError(language)


class Receiver:
    def __init__(self, command, database, secrets):
        self.process = subprocess.Popen([*command, str(database), "0"], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "WEBHOOK_SECRETS": " ".join(secrets)})
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.kill()
            raise RuntimeError(f"the receiver does not listen: {line!r}")
        self.port = int(line.split()[-1])

    def post(self, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest("POST", "/hooks")
            for name, value in [*headers, ("content-type", "application/json"), ("content-length", str(len(body)))]:
                connection.putheader(name, value.encode())
            connection.endheaders()
            # Of what is too large by its length alone nothing need be sent.
            if len(body) <= MAX_BODY:
                connection.send(body)
            return connection.getresponse().status
        finally:
            connection.close()

    def kill(self):
        self.process.kill()
        self.process.wait(60)
        self.process.stdout.close()


def bytes_of(vector):
    return vector["body"].encode() if "body" in vector else base64.b64decode(vector["body_base64"])


class Receiving(unittest.TestCase):
    language = ""
    command = []

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="opi-receiver-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.database = self.folder / "inbox.db"

    def start(self, *secrets):
        receiver = Receiver(self.command, self.database, secrets or [vectors.secret_of(vectors.KEY)])
        self.addCleanup(receiver.kill)
        return receiver

    def effects(self):
        with sqlite3.connect(self.database) as database:
            return database.execute("SELECT webhook_id, body FROM alerts ORDER BY webhook_id").fetchall()

    def signed(self, message_id="msg_1", body=vectors.JSON_BODY, key=vectors.KEY):
        now = int(time.time())
        return [("webhook-id", message_id), ("webhook-timestamp", str(now)),
                ("webhook-signature", vectors.token(key, now, body, message_id))]

    def test_each_vector_gets_its_verdict(self):
        by_secret = {}
        for vector in vectors.vectors(int(time.time())):
            secret = vector["secret"]
            public = secret.startswith("whpk_")
            if public and self.language not in VERIFY_PUBLIC_KEYS or vector["verdict"] == "differs" and not public:
                continue
            receiver = by_secret.get(secret) or by_secret.setdefault(secret, self.start(secret))
            with self.subTest(vector["name"]):
                self.assertEqual(self.verdict(receiver, vector["name"]), 401 if vector["verdict"] == "refuse" else 204)

    @staticmethod
    def verdict(receiver, name):
        """The answer to this vector, made for now and answered while it is no other than it was made to be."""
        while True:
            now = int(time.time())
            fresh = next(one for one in vectors.vectors(now) if one["name"] == name)
            status = receiver.post(fresh["headers"], bytes_of(fresh))
            if time.time() < now + 8:
                return status

    def test_the_same_message_has_one_effect_also_after_a_crash(self):
        receiver = self.start()
        self.assertEqual(receiver.post(self.signed(), vectors.JSON_BODY), 204)
        self.assertEqual(receiver.post(self.signed(), vectors.JSON_BODY), 204)
        receiver.kill()
        self.assertEqual(self.start().post(self.signed(), vectors.JSON_BODY), 204)
        self.assertEqual(self.effects(), [("msg_1", vectors.JSON_BODY)])

    def test_at_the_same_time_too(self):
        receiver = self.start()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(receiver.post, self.signed(f"msg_{n % 3}"), vectors.JSON_BODY) for n in range(24)]
        self.assertEqual({one.result() for one in sent}, {204})
        self.assertEqual(self.effects(), [(f"msg_{n}", vectors.JSON_BODY) for n in range(3)])

    def test_what_cannot_be_stored_is_to_be_sent_again(self):
        receiver = self.start()
        with sqlite3.connect(self.database) as database:
            database.execute("ALTER TABLE alerts RENAME TO away")
        self.assertEqual(receiver.post(self.signed(), vectors.JSON_BODY), 503)
        with sqlite3.connect(self.database) as database:
            database.execute("ALTER TABLE away RENAME TO alerts")
        self.assertEqual(receiver.post(self.signed(), vectors.JSON_BODY), 204)
        self.assertEqual(self.effects(), [("msg_1", vectors.JSON_BODY)], "it was not remembered without its effect")

    def test_during_a_rotation_both_secrets_count(self):
        receiver = self.start(vectors.secret_of(vectors.KEY), vectors.secret_of(vectors.OTHER_KEY))
        for number, key in enumerate((vectors.KEY, vectors.OTHER_KEY)):
            self.assertEqual(receiver.post(self.signed(f"msg_{number}", key=key), vectors.JSON_BODY), 204)
        self.assertEqual(receiver.post(self.signed("msg_2", key=vectors.ODD_KEY), vectors.JSON_BODY), 401)

    def test_the_body_has_a_limit(self):
        receiver = self.start()
        body = b" " * MAX_BODY
        self.assertEqual(receiver.post(self.signed(body=body), body), 204)
        self.assertEqual(receiver.post(self.signed("msg_2", body=body + b" "), body + b" "), 413)

    def test_a_secret_that_is_no_key_stops_it_at_once(self):
        good = vectors.secret_of(vectors.KEY)
        for secret in ("whsec_", good[:-1], good.replace("whsec_", ""), good[:-2] + "_="):
            with self.subTest(secret), self.assertRaises(RuntimeError):
                self.start(secret)


if __name__ == "__main__":
    language, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        Receiving.language, Receiving.command = language, build(language, folder)
    except tools.Missing as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
