#!/usr/bin/python3
"""Runs cmake/setup.sh on made-up machines: its commands are stand-ins.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

A machine is a folder of small scripts in front of PATH, which answer for dpkg,
apt and sudo and record how they are called. Nothing is installed.
"""

import os
import subprocess
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../cmake/setup.sh")


class SetupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.calls = os.path.join(self.root, "calls")
        # A machine with every package but one, and with XNNPACK's package.
        self.missing("libfmt-dev")
        self.command("apt-cache", "exit 0")
        self.command("apt-get", f'echo "apt-get $*" >>{self.calls}')
        self.command("id", "echo 1000")
        self.command("sudo", 'while [[ $1 == -* ]]; do shift; done; "$@"')

    def command(self, name, script):
        path = os.path.join(self.root, name)
        with open(path, "w") as file:
            file.write(f"#!/bin/bash\n{script}\n")
        os.chmod(path, 0o755)

    def missing(self, *packages):
        """Lets dpkg-query report all packages but these as installed."""
        pattern = "|".join(packages) or "none"
        self.command(
            "dpkg-query",
            'form=${3//\\\\n/}; for package in "${@:4}"; do\n'
            f"  [[ $package =~ ^({pattern})$ ]] && continue\n"
            "  case $form in\n"
            '  *Version*) echo "installed 0.0~git20241108" ;;\n'
            '  *) echo "installed $package" ;;\n'
            "  esac\n"
            "done",
        )

    def run_setup(self, *options):
        """Returns exit status, output and the recorded calls of apt-get."""
        environment = dict(os.environ, PATH=f"{self.root}:{os.environ['PATH']}")
        run = subprocess.run(
            ["bash", SETUP, *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        calls = ""
        if os.path.exists(self.calls):
            with open(self.calls) as file:
                calls = file.read()
        return run.returncode, run.stdout, calls

    def test_quiet_when_nothing_is_missing(self):
        self.missing()
        self.assertEqual(self.run_setup(), (0, "", ""))
        self.assertEqual(self.run_setup("--check"), (0, "", ""))

    def test_check_names_what_is_missing_and_installs_nothing(self):
        status, output, calls = self.run_setup("--check")
        self.assertEqual(
            output,
            "setup: missing packages; as root, run:\n"
            "  apt-get update && apt-get install --no-install-recommends libfmt-dev\n",
        )
        self.assertEqual((status, calls), (1, ""))

    def test_may_not_install(self):
        self.command("sudo", "exit 1")
        status, output, calls = self.run_setup()
        self.assertIn("apt-get install --no-install-recommends libfmt-dev\n", output)
        self.assertEqual((status, calls), (1, ""))

    def test_installs_through_sudo(self):
        status, output, calls = self.run_setup()
        self.assertEqual((status, output), (0, "setup: installing libfmt-dev\n"))
        update, install = calls.splitlines()
        self.assertTrue(update.endswith(" update"), update)
        self.assertTrue(install.endswith(" install --no-install-recommends libfmt-dev"), install)

    def test_installs_as_root_without_sudo(self):
        self.command("id", "echo 0")
        self.command("sudo", "exit 1")
        self.assertEqual(self.run_setup()[0], 0)

    def test_runtime_needs_no_compiler_package(self):
        self.missing("libmlir-22-dev", "libonnx-dev", "libprotobuf-dev", "llvm-22-dev")
        self.assertEqual(self.run_setup("--runtime-only"), (0, "", ""))
        self.assertEqual(self.run_setup("--check")[0], 1)

    def test_failed_installation_shows_why(self):
        self.command("apt-get", 'echo "E: disk full"; exit 100')
        status, output, _ = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("E: disk full\nsetup: apt-get update failed\n", output)

    def test_package_that_no_archive_has(self):
        self.command("apt-cache", "exit 1")
        status, output, calls = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("setup: no configured archive has: libfmt-dev", output)
        self.assertNotIn("install", calls)

    def test_unknown_option(self):
        status, output, _ = self.run_setup("--fast")
        self.assertEqual(status, 2)
        self.assertTrue(output.startswith("setup: unknown option '--fast'\nusage: "), output)


if __name__ == "__main__":
    unittest.main()
