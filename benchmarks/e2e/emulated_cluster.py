#===- emulated_cluster.py - Several machines on one ------------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Nodes and a client on an emulated network, or on loopback.

With root and the rig of `../shared/rig`, every node and the client have a network
namespace of their own, and a switch limits the rate and adds the delay of every
link. Without, everything talks over loopback, and the results say so. Slow
processors are `windrow-node --pace` in both cases.
"""

import itertools
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

START_SECONDS, STOP_SECONDS = 30, 5
# Before commands that other programs of the machine shall not disturb; the switch,
# which stands for hardware, goes before all.
REAL_TIME, REAL_TIME_SWITCH = ("chrt", "-f", "20"), ("chrt", "-f", "40")
FIRST_PORT = 7801


class ClusterError(Exception):
    """The cluster could not be brought up or a tool failed."""


def find_rig(root):
    """The rig's program, or None with the reason why it cannot be used."""
    shared = os.environ.get("WINDROW_SHARED", os.path.join(root, "..", "shared"))
    rig = os.path.join(shared, "rig", "rig")
    if not os.path.exists(rig):
        return None, "the rig is not there"
    if os.geteuid() != 0:
        return None, "network namespaces need root"
    for tool in ("ip", "g++"):
        if not shutil.which(tool):
            return None, f"{tool} is not installed"
    return rig, ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Loopback:
    """The network of a machine without namespaces: no limits."""

    kind = "loopback"
    description = "loopback, unlimited"

    def __init__(self, nodes, real_time=False):
        self.prefix = REAL_TIME if real_time else ()
        self.nodes = nodes

    def new_addresses(self):
        """An address of each node where nothing listens yet."""
        return [f"127.0.0.1:{free_port()}" for _ in range(self.nodes)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def set_links(self, rate_mbit, delay_us):
        del rate_mbit, delay_us

    def command(self, place, arguments):
        del place
        return [*self.prefix, *arguments]


class Rig:
    """Namespaces joined by a switch. Place 0 to n - 1 are nodes, n the client."""

    kind = "rig"
    description = "namespaces behind a switch"

    def __init__(self, rig, nodes, real_time=False):
        self.rig, self.nodes = rig, nodes
        self.prefix, self.switch_prefix = (
            (REAL_TIME, REAL_TIME_SWITCH) if real_time else ((), ()))
        self.folder = tempfile.mkdtemp(prefix="windrow-rig-")
        self.environment = dict(os.environ, RIG_DIR=self.folder)
        self.hosts, self.ports = [], itertools.count(FIRST_PORT)

    def call(self, *arguments):
        done = subprocess.run([*self.switch_prefix, self.rig, *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise ClusterError(f"rig {' '.join(arguments)}: "
                               f"{(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def __enter__(self):
        places = self.nodes + 1
        try:
            # Shares of whole cores: quotas would stall a node at every exchange.
            self.call("up", "--speeds=" + ",".join(["1"] * places))
            self.hosts = [self.call("addr", str(1 + node)) for node in range(self.nodes)]
        except BaseException:
            self.__exit__()
            raise
        return self

    def new_addresses(self):
        """An address of each node where nothing listens yet."""
        port = next(self.ports)
        return [f"{host}:{port}" for host in self.hosts]

    def __exit__(self, *_):
        try:
            self.call("down")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def set_links(self, rate_mbit, delay_us):
        for place in range(self.nodes + 1):
            self.call("link", str(1 + place), str(rate_mbit), str(delay_us))

    def command(self, place, arguments):
        return ["ip", "netns", "exec", f"rig{1 + place}", *self.prefix, *arguments]


def emulated_network(root, nodes, real_time=False):
    """The best network that this machine allows, and why it is no better."""
    rig, reason = find_rig(root)
    return (Rig(rig, nodes, real_time), "") if rig else (Loopback(nodes, real_time), reason)


class Nodes:
    """Processes that serve at their places; leaving the context stops them all."""

    def __init__(self, network):
        self.network, self.processes = network, []
        self.logs = tempfile.TemporaryDirectory()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process, _ in self.processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process, _ in self.processes:
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.logs.cleanup()

    def launch(self, place, command):
        """Start any program that says when it is listening."""
        path = os.path.join(self.logs.name, f"{len(self.processes)}.log")
        with open(path, "w") as log:
            process = subprocess.Popen(self.network.command(place, command),
                                       stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT)
        self.processes.append((process, path))

    def wait_until_listening(self, more_seconds=0):
        deadline = time.monotonic() + START_SECONDS + more_seconds
        for process, path in self.processes:
            while True:
                ended = process.poll() is not None
                with open(path) as log:
                    text = log.read()
                if re.search(r"\blistening\b", text):
                    break
                if ended or time.monotonic() > deadline:
                    raise ClusterError(f"node is not up: {text.strip() or 'no output'}")
                time.sleep(0.02)
