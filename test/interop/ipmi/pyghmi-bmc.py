# A BMC of pyghmi, the second opinion on our handshake: serves on 127.0.0.1, prints what it is told, a line each.
#   pyghmi-bmc.py PORT
import os
import sys
import threading

from pyghmi.ipmi.bmc import Bmc


class Machine(Bmc):
    def __init__(self, port):
        super().__init__({"admin": "secret"}, port=port, address="127.0.0.1")
        self.power = "off"
        self.device = "default"
        self.early = b""
        self.iohandler = self.typed

    def typed(self, data):
        # The machine's serial line upper-cases what is typed; breaks and the like come as dictionaries.
        if isinstance(data, dict):
            return
        if self.sol is None:
            # pyghmi handles what has arrived while it is still making the console.
            self.early += bytes(data)
            return
        self.sol.send_data(bytes(data).upper())

    def activate_payload(self, request, session):
        super().activate_payload(request, session)
        early, self.early = self.early, b""
        if early and self.sol is not None:
            self.sol.send_data(early.upper())

    def tell(self, line):
        print(line, flush=True)

    def is_active(self):
        return True

    def get_power_state(self):
        return self.power

    def power_on(self):
        self.power = "on"
        self.tell("on")

    def power_off(self):
        self.power = "off"
        self.tell("off")

    def power_cycle(self):
        self.tell("cycle")

    def power_reset(self):
        self.tell("reset")

    def pulse_diag(self):
        self.tell("diag")

    def power_shutdown(self):
        self.power = "off"
        self.tell("soft-off")

    def get_boot_device(self):
        return self.device

    def set_boot_device(self, device):
        self.device = device
        self.tell("boot " + str(device))


machine = Machine(int(sys.argv[1]))
# Ends with whoever started it.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
machine.tell("READY")
machine.listen()
