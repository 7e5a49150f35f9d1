"""What rooms that nothing is said in cost: `scripts/yardstick --only rooms`.

Fills a store with many rooms and memberships, then compares with an empty one: the time until the
server listens, its memory, the login of somebody in ten rooms, and how long a message and a coming
in take, one at a time."""
import hashlib
import json
import socket
import statistics
import subprocess
import time

N_ROOMS, PER_ACCOUNT, N_ACCOUNTS = 10_000, 10, 10_000
TIMES = 300
SECRET = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"
FOR_EVER = 1 << 50


def token_of(account):
    return f"{account:064x}"


def lines(n_rooms, n_accounts):
    """An export: rooms !1 on, and accounts 1 on, each in ten rooms, the first of them as owner."""
    records = [dict(kind="counters", nextUser=n_accounts + 1, nextGuest=-1, nextRoom=n_rooms + 1),
               dict(kind="room", room="lobby", last=0)]
    # In the order of a store: rooms by number.
    for no in range(1, n_rooms + 1):
        records.append(dict(kind="room", room=f"!{no}", last=0))
        records.append(dict(kind="named", room=no, name=f"#room-{no}", topic="", access="open", guests=True))
    for account in range(1, n_accounts + 1):
        records.append(dict(kind="account", id=account, name=str(account), secret=SECRET,
                            showDelivered=True, showRead=True))
        mine = {1 + (account - 1 + n * 997) % n_rooms for n in range(PER_ACCOUNT)} if n_rooms else ()
        for no in sorted(mine):
            role = "owner" if no == account else "member"
            records.append(dict(kind="member", account=account, room=f"!{no}", since=0, role=role))
        digest = hashlib.blake2b(token_of(account).encode(), digest_size=32).hexdigest()
        records.append(dict(kind="token", account=account, device="d", digest=digest, expires=FOR_EVER))
    yield json.dumps(dict(kind="hubbub", version=2))
    yield from map(json.dumps, records)
    yield json.dumps(dict(kind="end", records=len(records)))


class Client:
    """A client that says hello."""

    def __init__(self, port, account):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.say("HelloMes", version=1, client="rooms/1", device="d", features=["received"])
        self.until("HelloResMes")
        self.say("ResumeMes", token=token_of(account), epoch="", positions=[])
        reply = self.until("LoginResMes")
        if reply["code"] != 200:
            raise SystemExit(f"no login: {reply}")
        self.say("PingMes")
        self.until("PongMes")

    def say(self, kind, **data):
        body = json.dumps({"type": kind, "data": json.dumps(data)}).encode()
        self.socket.sendall(len(body).to_bytes(4, "big") + body)

    def until(self, kind, **wanted):
        while True:
            while len(self.buffer) < 4 or len(self.buffer) < 4 + int.from_bytes(self.buffer[:4], "big"):
                if not (more := self.socket.recv(65536)):
                    raise SystemExit(f"the connection ended before {kind}")
                self.buffer += more
            length = int.from_bytes(self.buffer[:4], "big")
            frame, self.buffer = json.loads(self.buffer[4:4 + length]), self.buffer[4 + length:]
            data = json.loads(frame["data"])
            if frame["type"] == "ErrorMes":
                raise SystemExit(f"refused: {data}")
            if frame["type"] == kind and all(data.get(key) == value for key, value in wanted.items()):
                return data

    def close(self):
        self.socket.close()


def timed(act):
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def quantiles(name, seconds):
    """In microseconds: the middle, and what all but one in a hundred stay below."""
    ordered = sorted(seconds)
    return {f"{name}_p50_us": round(statistics.median(ordered) * 1e6),
            f"{name}_p99_us": round(ordered[max(int(len(ordered) * 0.99) - 1, 0)] * 1e6)}


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def measure(server, filled):
    """The server is started: what it costs."""
    result = dict(start_ms=round(timed(server.start) * 1000), memory_kib=memory(server.process.pid))
    port = server.ports[0]
    result["login_ms"] = round(statistics.median(
        timed(lambda account=account: Client(port, account).close()) for account in range(1, 31)) * 1000, 1)
    client = Client(port, 1)
    client.say("RoomMes", act="create", room="#measured", guests=True)
    room = client.until("RoomMes", act="entered")["room"]

    def send(n):
        client.say("SmsMes", content="hello", room=room, clientRef=f"r{n}")
        client.until("AckMes")

    def enter():
        other.say("RoomMes", act="join", room=room)
        other.until("RoomMes", act="entered")

    def leave():
        other.say("RoomMes", act="part", room=room)
        other.until("RoomMes", act="part")

    other = Client(port, 2)
    result |= quantiles("message", [timed(lambda n=n: send(n)) for n in range(TIMES)])
    joins = []
    for _ in range(TIMES // 3):
        joins.append(timed(enter))
        leave()
    result |= quantiles("join", joins)
    result["memory_after_kib"] = memory(server.process.pid)
    client.close()
    other.close()
    return dict(result, rooms=N_ROOMS if filled else 0, memberships=N_ACCOUNTS * PER_ACCOUNT if filled else 0)


def run(binary, servers, emit):
    """`servers`: (label, filled, url, a server not yet started)."""
    for label, filled, url, server in servers:
        # Accounts are there in both: what is compared is the rooms.
        text = "\n".join(lines(N_ROOMS if filled else 0, N_ACCOUNTS)) + "\n"
        subprocess.run([f"{binary}/server", "import", "--store", url, "-"], input=text, text=True,
                       check=True, stdout=subprocess.DEVNULL)
        try:
            emit(dict(measure(server, filled), workload="rooms", label=label))
        finally:
            server.stop()
