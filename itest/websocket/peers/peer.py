"""Python `websockets`, both roles, steered by lines on standard input; see README.md. Ends with its standard input."""

import asyncio
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

LIMIT = 1 << 20
# Without a write limit of its own, a send returns when the operating system has taken it.
OPTIONS = {"max_size": LIMIT, "write_limit": 1}  # with 0, asyncio stalls over TLS


def tell(*words):
    print(*words, flush=True)


def pattern(size):
    return bytes((i * 31 + (i >> 8) * 17 + 7) & 255 for i in range(size))


class Peer:
    def __init__(self):
        self.sockets = {}
        self.reading = {}
        self.tasks = set()

    def start(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.done)

    def done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() and not isinstance(task.exception(), ConnectionClosed):
            raise task.exception()

    async def echo(self, name, socket):
        self.sockets[name] = socket
        self.reading[name] = asyncio.Event()
        self.reading[name].set()
        tell(name, "open", socket.subprotocol or "-")
        try:
            while True:
                message = await socket.recv()
                await self.reading[name].wait()
                await socket.send(message)
        except ConnectionClosed:
            await socket.wait_closed()
            tell(name, "closed", socket.close_code, socket.close_reason)

    async def listen(self, certificate, key):
        context = None
        if certificate != "-":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)

        def select(connection, offered):
            return "rfc5" if "rfc5" in offered and not connection.request.path.endswith("/none") else None

        server = await serve(lambda socket: self.echo(socket.request.path.split("/")[1], socket), "127.0.0.1", 0,
                             ssl=context, select_subprotocol=select, **OPTIONS)
        tell("listening", server.sockets[0].getsockname()[1])

    async def connect(self, name, url, protocols, authority):
        context = None
        if url.startswith("wss:"):
            context = ssl.create_default_context(cafile=None if authority == "-" else authority)
        try:
            socket = await connect(url, subprotocols=None if protocols == "-" else protocols.split(","), ssl=context, proxy=None, **OPTIONS)
        except Exception as failure:
            tell(name, "failed", failure)
            return
        await self.echo(name, socket)

    async def fragments(self, name, size, count):
        whole = pattern(int(size))
        part = -(-int(size) // int(count))
        await self.sockets[name].send([whole[i * part:(i + 1) * part] for i in range(int(count))])

    async def burst(self, name, count, size):
        for i in range(int(count)):
            await self.sockets[name].send(i.to_bytes(4, "big") + bytes(int(size) - 4))
        tell(name, "sent")

    async def ping(self, name, text):
        await (await self.sockets[name].ping(text))
        tell(name, "pong", text)

    async def pause(self, name):
        self.reading[name].clear()

    async def resume(self, name):
        self.reading[name].set()

    async def close(self, name, code=None, *reason):
        if code is None:  # websockets has no call for a close frame without a code
            async with self.sockets[name].send_context():
                self.sockets[name].protocol.send_close()
        else:
            await self.sockets[name].close(int(code), " ".join(reason))


async def main():
    peer = Peer()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        first, *rest = line.decode().rstrip("\n").split(" ")
        if first == "listen":
            await peer.listen(*rest)
        else:
            peer.start(getattr(peer, rest[0])(first, *rest[1:]))


asyncio.run(main())
