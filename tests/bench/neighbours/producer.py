"""The healthy tenant's producer in a process of its own: hands in events at a steady rate, each in a request of its own, to the
daemons in turn, and prints as JSON when each was handed in and accepted.  producer.py TOKEN RATE SECONDS PREFIX PORT..."""
import asyncio
import json
import sys
import time

CONNECTIONS = 4  # to each daemon


def request(token: str, event_id: str) -> bytes:
    body = json.dumps({"event_id": event_id, "event_type": "steady.tick", "schema_version": "1.0", "tenant_id": "healthy",
                       "source": "bench", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": "c-" + event_id,
                       "payload": {"text": "x" * 512}}).encode()
    return (b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer "
            + token.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def hand_in(port: int, token: str, due: asyncio.Queue, accepted: dict) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (event_id := await due.get()) is not None:
        handed_in = time.monotonic()
        writer.write(request(token, event_id))
        head = await reader.readuntil(b"\r\n\r\n")
        accepted[event_id] = (handed_in, time.monotonic())
        if b" 202 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"an event was refused: {head!r}")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)


async def main() -> None:
    token, rate, seconds, prefix = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    accepted: dict = {}
    queues = [asyncio.Queue() for _ in sys.argv[5:]]
    tasks = [asyncio.create_task(hand_in(int(port), token, queue, accepted))
             for port, queue in zip(sys.argv[5:], queues) for _ in range(CONNECTIONS)]
    start = time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        queues[number % len(queues)].put_nowait(f"{prefix}-{number}")
    for queue in queues:
        for _ in range(CONNECTIONS):
            queue.put_nowait(None)
    await asyncio.gather(*tasks)
    print(json.dumps(accepted))


if __name__ == "__main__":
    asyncio.run(main())
