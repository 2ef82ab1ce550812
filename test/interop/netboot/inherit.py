# Opens sockets as systemd's socket units do (ListenDatagram=, or ListenStream= with "stream": true; BindToDevice=, Broadcast=yes, ReusePort= off,
# Backlog= as it is by default), hands them over by LISTEN_FDS and becomes the service,
# without any privilege: python3 inherit.py '[{"name": "dhcp.eth0", "device": "eth0", "port": 67}, …]' command …
import json, os, socket, sys

opened = []
for wanted in json.loads(sys.argv[1]):
    stream = wanted.get("stream", False)
    six = wanted.get("family") == 6
    one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, wanted["device"].encode())
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if not stream:
        if not six:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        # SO_RCVBUFFORCE, as ReceiveBuffer= does: beyond net.core.rmem_max.
        one.setsockopt(socket.SOL_SOCKET, 33, wanted.get("buffer", 1 << 20))
    if six:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("::" if six else "0.0.0.0", wanted["port"]))
    if stream:
        one.listen(4096)
    opened.append((one, wanted["name"]))
# First out of the way, so that no descriptor is overwritten before it was copied.
high = [os.dup2(one.fileno(), 200 + index, False) for index, (one, _) in enumerate(opened)]
for index, fd in enumerate(high):
    os.dup2(fd, 3 + index, True)
    os.close(fd)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
environment = dict(os.environ)
environment["LISTEN_PID"] = str(os.getpid())
environment["LISTEN_FDS"] = str(len(opened))
environment["LISTEN_FDNAMES"] = ":".join(name for _, name in opened)
os.execve(sys.argv[2], sys.argv[2:], environment)
