#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_test.py SOURCE BUILD: the software bill of materials is whole, well formed, and always the same."""
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])


def asked(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.program = Path(cls.folder.name) / "usr/bin/outbox-relay"
        cls.program.parent.mkdir(parents=True)
        shutil.copy(BUILD / "outbox-relay", cls.program)
        cls.text = cls.made()
        cls.bill = json.loads(cls.text)
        cls.components = {one["name"]: one for one in cls.bill["components"]}

    @classmethod
    def made(cls):
        return asked(SOURCE / "deploy/sbom.py", "0.1.0-1", cls.folder.name, BUILD)

    def libraries(self):
        """Those that the program asks for itself."""
        return re.findall(r"^ +NEEDED +(\S+)", asked("objdump", "-p", self.program), re.M)

    def test_every_library_is_listed_with_its_package_version_and_hash(self):
        files = {Path(file["name"]).name: (package, file) for package in self.bill["components"]
                 for file in package.get("components", [])}
        self.assertGreater(len(self.libraries()), 10)
        direct = self.dependencies()[self.bill["metadata"]["component"]["bom-ref"]]
        for library in [*self.libraries(), "libcrypto.so.3"]:  # the last one comes with others
            package, file = files[library]
            self.assertEqual(package["version"], asked("dpkg-query", "-W", "-f${Version}", package["name"]))
            self.assertEqual(file["hashes"], [self.hash(Path(file["name"]))])
            self.assertEqual(package["bom-ref"] in direct, library in self.libraries())

    def test_what_is_compiled_in_is_listed_and_what_only_tests_use_is_not(self):
        control = (SOURCE / "deploy/debian/control").read_text()
        development = set(re.findall(r"(\S+-dev)\b", control))
        used = {name for name, one in self.components.items() if {"headers"} == self.linkage(one)}
        self.assertEqual(development - used, {"zlib1g-dev"})  # which others link
        self.assertFalse({"catch2", "libcpp-httplib-dev"} & set(self.components))

    def test_what_is_shipped_is_listed_with_its_hash(self):
        main = self.bill["metadata"]["component"]
        self.assertEqual(main["components"], [
            {"type": "file", "bom-ref": "file:/usr/bin/outbox-relay", "name": "/usr/bin/outbox-relay",
             "hashes": [self.hash(self.program)]}])

    def test_licences_are_named_where_the_package_names_them(self):
        self.assertIn({"license": {"name": "BSD-3-clause"}}, self.components["libcli11-dev"]["licenses"])

    def test_it_has_the_form_of_cyclonedx(self):
        self.assertEqual((self.bill["bomFormat"], self.bill["specVersion"]), ("CycloneDX", "1.5"))
        self.assertRegex(self.bill["serialNumber"], r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertRegex(self.bill["metadata"]["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        everything = [self.bill["metadata"]["component"], *self.bill["components"]]
        nested = [file for one in everything for file in one.get("components", [])]
        references = [one["bom-ref"] for one in everything + nested]
        self.assertEqual(len(references), len(set(references)))
        for one in self.bill["components"]:
            self.assertLessEqual({"type", "name", "version", "purl"}, set(one))
            self.assertRegex(one["purl"], r"^pkg:deb/[a-z]+/[a-z0-9.%B-]+@[^?/:+]+\?arch=\w+&distro=[\w.-]+&")
        for file in nested:
            self.assertRegex(file["hashes"][0]["content"], r"^[0-9a-f]{64}$")
        depends = self.dependencies()
        self.assertEqual(len(depends), len(self.bill["dependencies"]))
        self.assertLessEqual({*depends, *(ref for refs in depends.values() for ref in refs)}, set(references))

    def test_of_the_same_things_it_is_always_the_same(self):
        self.assertEqual(self.made(), self.text)

    def dependencies(self):
        return {one["ref"]: one["dependsOn"] for one in self.bill["dependencies"]}

    @staticmethod
    def linkage(component):
        return {one["value"] for one in component["properties"] if one["name"] == "outbox-relay:linkage"}

    @staticmethod
    def hash(file):
        return {"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
