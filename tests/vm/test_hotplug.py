# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPUs and memory that the host plugs in; put online by request and by itself."""

from lib.client import AgentError
from lib.vm.case import GUESTD, PORT_PATH, Case

CPU = "/sys/devices/system/cpu/"
MEMORY = "/sys/devices/system/memory/"
# That of a memory block on a machine of this size; a device has two of them.
BLOCK = 128 << 20
DIMM_BLOCKS = 2
POLICY = "/sys/module/memory_hotplug/parameters/online_policy"
CONFIG = "/run/guestd-hotplug.conf"
LOG = "/run/guestd-hotplug.log"


class Hotplug(Case):
    label = "hotplug"
    machine = {"words": {"respawn": 1}, "memory": "512,slots=8,maxmem=4G",
               "devices": ("-smp", "1,maxcpus=8")}

    # The host's side

    def plug_cpu(self):
        """Plugs in the next CPU; returns its number, known when the guest knows it."""
        free = [cpu for cpu in self.vm.qmp.call("query-hotpluggable-cpus")
                if "qom-path" not in cpu]
        place = min(free, key=lambda cpu: sorted(cpu["props"].items()))
        before = self.cpus()
        self.vm.qmp.call("device_add", driver=place["type"], id=f"cpu{len(free)}",
                         **place["props"])
        self.guest.wait_for(f"[ $(ls -d {CPU}cpu[0-9]* | wc -l) -gt {len(before)} ]")
        (new,) = set(self.cpus()) - set(before)
        # Its directory is there a moment before what is in it.
        self.guest.wait_for(f"[ -e {CPU}cpu{new}/online ]")
        return new

    def plug_memory(self):
        """Plugs in memory; returns the numbers of its blocks."""
        name = f"dimm{len(self.vm.qmp.call('query-memory-devices'))}"
        before = self.blocks()
        self.vm.qmp.call("object-add", **{"qom-type": "memory-backend-ram", "id": name + "-ram",
                                          "size": DIMM_BLOCKS * BLOCK})
        self.vm.qmp.call("device_add", driver="pc-dimm", id=name, memdev=name + "-ram")
        self.guest.wait_for(
            f"[ $(ls -d {MEMORY}memory[0-9]* | wc -l) -eq {len(before) + DIMM_BLOCKS} ]")
        return sorted(set(self.blocks()) - set(before))

    # The guest's own view

    def numbers(self, pattern):
        names = self.guest.sh(f"ls -d {pattern}[0-9]*").split()
        return [int("".join(filter(str.isdigit, name.rsplit("/", 1)[1]))) for name in names]

    def cpus(self):
        return self.numbers(CPU + "cpu")

    def blocks(self):
        return self.numbers(MEMORY + "memory")

    def cpu_word(self, cpu):
        return self.guest.sh(f"cat {CPU}cpu{cpu}/online")

    def block_word(self, block):
        return self.guest.sh(f"cat {MEMORY}memory{block}/state")

    # The agent's

    def agent_cpus(self, agent):
        return {cpu["logical-id"]: cpu["online"] for cpu in agent.call("guest-get-vcpus")}

    def agent_blocks(self, agent):
        return {block["phys-index"]: block["online"]
                for block in agent.call("guest-get-memory-blocks")}

    def start_agent(self, *lines):
        """guestd with a configuration of these lines, and its log in a file."""
        self.guest.stop_agent()
        text = "\\n".join(("[general]", f"logfile={LOG}", *lines))
        self.guest.sh(f"printf '{text}\\n' >{CONFIG}; rm -f {LOG}")
        self.guest.start_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH, "-v", "-c", CONFIG)
        with self.vm.connect():
            pass

    def logged(self, text):
        return self.guest.sh(f"grep -c '{text}' {LOG} || true")

    def kernel_leaves_it(self):
        self.guest.sh(f"echo offline >{MEMORY}auto_online_blocks")

    def test_by_request(self):
        """hotplugged CPUs and memory -> offline until requested, and offline again"""
        self.start_agent()
        self.kernel_leaves_it()
        # Else the kernel puts things of its own there and cannot get rid of them again.
        self.guest.sh(f"echo auto-movable >{POLICY}")
        cpu, (first, second) = self.plug_cpu(), self.plug_memory()
        with self.vm.connect() as agent:
            self.equal(self.agent_cpus(agent), {0: True, **{n: n != cpu for n in self.cpus()
                                                            if n != 0}}, "CPUs")
            blocks = self.agent_blocks(agent)
            self.equal((blocks[first], blocks[second]), (False, False), "new blocks")
            self.equal(agent.call("guest-get-memory-block-info"), {"size": BLOCK}, "block size")
            for online in (True, False, True):
                self.switch_cpu(agent, cpu, online)
                self.switch_block(agent, first, online)
            self.equal(self.agent_blocks(agent)[second], False, "the block nobody asked for")
            self.switch_block(agent, first, False)
            self.switch_cpu(agent, cpu, False)

    def switch_cpu(self, agent, cpu, online):
        wanted = [{"logical-id": cpu, "online": online}]
        self.equal(agent.call("guest-set-vcpus", {"vcpus": wanted}), 1, "guest-set-vcpus")
        self.equal(self.cpu_word(cpu), str(int(online)), "the kernel's word")
        self.equal(self.agent_cpus(agent)[cpu], online, "guest-get-vcpus")
        self.equal(agent.call("guest-set-vcpus", {"vcpus": wanted}), 1, "guest-set-vcpus again")

    def switch_block(self, agent, block, online):
        wanted = [{"phys-index": block, "online": online}]
        for _ in range(2):
            self.equal(agent.call("guest-set-memory-blocks", {"mem-blks": wanted}),
                       [{"phys-index": block, "response": "success"}], "guest-set-memory-blocks")
            self.equal(self.block_word(block), "online" if online else "offline", "the state")
        self.equal(self.agent_blocks(agent)[block], online, "guest-get-memory-blocks")

    def test_partly(self):
        """a list with an invalid entry -> the entries before it are done and counted"""
        cpu = self.plug_cpu()
        with self.vm.connect() as agent:
            wanted = [{"logical-id": cpu, "online": True}, {"logical-id": 0, "online": False},
                      {"logical-id": cpu, "online": False}]
            self.equal(agent.call("guest-set-vcpus", {"vcpus": wanted}), 1, "how many were set")
            self.equal(self.cpu_word(cpu), "1", "the first")
            try:
                agent.call("guest-set-vcpus", {"vcpus": wanted[1:]})
                raise AssertionError("CPU 0 was put offline")
            except AgentError as error:
                self.equal(error.error["desc"], "logical processor #0 can't be offlined", "why")
            self.equal(agent.call("guest-set-vcpus", {"vcpus": wanted[2:]}), 1, "offline again")

    def test_refused(self):
        """memory that the kernel keeps online -> reported with its errno"""
        with self.vm.connect() as agent:
            (answer,) = agent.call("guest-set-memory-blocks",
                                   {"mem-blks": [{"phys-index": 0, "online": False}]}, 60)
            self.note(f"block 0: {answer}")
            self.equal(answer["response"], "operation-failed", "block 0, where the kernel is")
            self.check(answer["error-code"] > 0, "it has an errno")
            self.equal(self.block_word(0), "online", "the state")

    def test_by_itself(self):
        """hotplug-online -> new CPUs and memory are put online and logged"""
        self.kernel_leaves_it()
        offline = self.plug_cpu()
        left = self.plug_memory()
        self.start_agent("hotplug-online=true")
        with self.vm.connect() as agent:
            cpu, blocks = self.plug_cpu(), self.plug_memory()
            self.guest.wait_for(f"[ $(cat {CPU}cpu{cpu}/online) = 1 ]")
            for block in blocks:
                self.guest.wait_for(f"[ $(cat {MEMORY}memory{block}/state) = online ]")
            online = self.agent_cpus(agent)
            self.equal((online[cpu], online[offline]), (True, False), "CPUs")
            online = self.agent_blocks(agent)
            self.equal([online[block] for block in (*blocks, *left)],
                       [True] * DIMM_BLOCKS + [False] * DIMM_BLOCKS, "memory blocks")
            self.pings(agent)
        for name in (f"cpu{cpu}", *(f"memory{block}" for block in blocks)):
            self.guest.wait_for(f"grep -q 'audit: hotplug-online {name} from kernel: done in' {LOG}")
        self.equal(self.logged("hotplug-online"), str(1 + DIMM_BLOCKS), "lines in the log")

    def test_rests(self):
        """hotplug-online and events of other devices -> the agent does not wake"""
        self.start_agent("hotplug-online=true")
        pid = self.guest.agent_pid()
        self.guest.wait_host(False)
        self.rests(pid, self.guest.FOR_GOOD)
        self.equal(self.switches_at(pid, "/sys/class/mem/null"), 0, "at another device's events")
        self.check(self.switches_at(pid, CPU + "cpu0") > 0, "at a CPU's events")

    def switches_at(self, pid, device):
        """Context switches of the agent while the kernel tells of a device five times."""
        count = f"cat /proc/{pid}/task/*/status | awk '/^voluntary_ctxt_switches/ {{ n += $2 }} END {{ print n }}'"
        before, after = map(int, self.guest.sh(
            f"{count}; for i in 1 2 3 4 5; do echo add >{device}/uevent; done; "
            f"sleep 1; {count}").split())
        return after - before
