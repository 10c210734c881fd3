#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""unit_file_test.py SOURCE BUILD: what systemd itself thinks of the units."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])
MOST_EXPOSED = 1.2  # of 10, by systemd's reckoning


class UnitFile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        unit = (SOURCE / "deploy/outbox-relay@.service").read_text()
        self.unit = Path(self.folder.name) / "outbox-relay@.service"
        # The program need not be installed here.
        self.unit.write_text(unit.replace("/usr/bin/outbox-relay", str(BUILD / "outbox-relay")))
        self.target = Path(self.folder.name) / "outbox-relay.target"
        self.target.write_text((SOURCE / "deploy/outbox-relay.target").read_text())

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True)

    def test_systemd_has_nothing_to_say_against_the_units(self):
        instance = self.unit.with_name("outbox-relay@orders.service")
        told = self.analyze("verify", "--man=no", instance, self.target)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))

    def test_a_mistake_in_the_unit_would_be_noticed(self):
        self.unit.write_text(self.unit.read_text() + "\n[Service]\nProtectSytem=strict\n")
        told = self.analyze("verify", "--man=no", self.unit.with_name("outbox-relay@orders.service"))
        self.assertIn("ProtectSytem", told.stderr)

    def test_little_is_exposed(self):
        told = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", self.unit)
        self.assertEqual(told.returncode, 0, told.stdout)
        print(re.search(r"Overall exposure.*", told.stdout)[0])

    def test_a_hole_in_the_sandbox_would_be_noticed(self):
        self.unit.write_text(self.unit.read_text().replace("\nSystemCallFilter=", "\n#SystemCallFilter="))
        told = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", self.unit)
        self.assertNotEqual(told.returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
