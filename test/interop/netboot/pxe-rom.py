# Makes an iPXE ROM look like a boot ROM of any other vendor: stands between a machine's card (QEMU's -netdev dgram, a frame a
# datagram) and its tap device, and takes the marks of iPXE (options 77 and 175) from its DHCP messages until it has asked
# for undionly.kpxe. What asks after that is iPXE, and may say so.
# python3 pxe-rom.py TAP OWN-PORT MACHINE-PORT
import fcntl, os, select, socket, struct, sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
COOKIE = bytes([99, 130, 83, 99])
MARKS = (77, 175)


def udp_at(frame):
    """Where the UDP header of a frame is, or None."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    return 14 + 4 * (frame[14] & 15)


def unmark(frame, udp):
    at = udp + 8 + 236
    if frame[at : at + 4] != COOKIE:
        return
    at += 4
    while at < len(frame) and frame[at] != 255:
        if frame[at] == 0:
            at += 1
            continue
        end = at + 2 + frame[at + 1]
        if frame[at] in MARKS:
            frame[at:end] = bytes(end - at)
        at = end
    # No checksum, which IPv4 allows.
    frame[udp + 6 : udp + 8] = b"\0\0"


def main(name, own, machine):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", own))
    is_rom = True
    while True:
        for ready in select.select([tap, wire], [], [])[0]:
            if ready == tap:
                try:
                    wire.sendto(os.read(tap, 2048), ("127.0.0.1", machine))
                except ConnectionRefusedError:
                    pass
                continue
            try:
                frame = bytearray(wire.recv(2048))
            except ConnectionRefusedError:
                # The machine is not there yet.
                continue
            udp = udp_at(frame)
            port = int.from_bytes(frame[udp + 2 : udp + 4], "big") if udp else 0
            if is_rom and port in (67, 4011):
                unmark(frame, udp)
            if port == 69 and frame[udp + 8 :].startswith(b"\0\1undionly.kpxe\0"):
                is_rom = False
            os.write(tap, frame)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
