#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install_test.py SOURCE BUILD: what `cmake --install` puts where, and that it says what the program says."""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])

EXPECTED = """
bin/outbox-relay
etc/outbox-relay/outbox.toml.sample
lib/systemd/system/outbox-relay.target
lib/systemd/system/outbox-relay@.service
lib/sysusers.d/outbox-relay.conf
lib/tmpfiles.d/outbox-relay.conf
share/bash-completion/completions/outbox-relay
share/fish/vendor_completions.d/outbox-relay.fish
share/man/man5/outbox-relay.toml.5
share/man/man7/outbox-relay-metrics.7
share/man/man8/outbox-relay.8
share/outbox-relay/outbox-relay.json
share/outbox-relay/outbox-relay.rules.yml
share/outbox-relay/outbox.sql
share/zsh/vendor-completions/_outbox-relay
""".split()


def relay(*arguments):
    """What the program prints on a machine without a configuration."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "OUTBOX_RELAY_CONFIG_DIR": empty}
        return subprocess.run([BUILD / "outbox-relay", *arguments], check=True, capture_output=True,
                              text=True, env=environment).stdout


def shown(page):
    """The words of a manual page, without the requests and fonts of roff."""
    return re.sub(r"\\f.", "", page.read_text()).replace("\\-", "-").replace("\\e", "\\")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        subprocess.run(["cmake", "--install", BUILD], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": cls.folder.name})
        cls.root = Path(cls.folder.name) / "usr/local"

    def test_every_file_is_where_it_belongs_and_no_other(self):
        found = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())
        self.assertEqual(found, sorted(EXPECTED))

    def sample(self):
        return (self.root / "etc/outbox-relay/outbox.toml.sample").read_text()

    def test_the_sample_is_what_the_program_prints(self):
        self.assertEqual(self.sample(), relay("config", "init"))

    def test_the_sample_explains_every_key(self):
        lines = self.sample().split("\n")
        section, explained = "", set()
        for before, line in zip(lines, lines[1:]):
            if line.startswith("["):
                section = line.strip("[]")
            if (key := re.match(r"#?([a-z_.]+) = ", line)) and before.startswith("# "):
                explained.add(f"{section}.{key[1]}")
        document = (SOURCE / "docs/configuration.md").read_text()
        sections = {line.strip("[]") for line in lines if line.startswith("[")}  # librdkafka's have none
        documented = re.findall(r"^\| `([a-z_]+\.[a-z_.]+)` \|", document, re.M)
        self.assertEqual({key for key in documented if key.split(".")[0] in sections}, explained)

    def test_the_schema_is_what_the_program_prints(self):
        self.assertEqual((self.root / "share/outbox-relay/outbox.sql").read_text(), relay("schema", "print"))

    def test_the_completions_are_what_the_program_prints(self):
        for shell, file in (("bash", "bash-completion/completions/outbox-relay"),
                            ("zsh", "zsh/vendor-completions/_outbox-relay"),
                            ("fish", "fish/vendor_completions.d/outbox-relay.fish")):
            self.assertEqual((self.root / "share" / file).read_text(), relay("completion", shell))

    def test_the_unit_runs_the_program_that_was_installed(self):
        unit = (self.root / "lib/systemd/system/outbox-relay@.service").read_text()
        self.assertEqual(set(re.findall(r"=(/\S*outbox-relay) ", unit)), {"/usr/local/bin/outbox-relay"})

    def test_the_manual_has_every_command_and_option(self):
        page = shown(self.root / "share/man/man8/outbox-relay.8")
        commands = re.findall(r"^  (\w+) {3,}", relay("--help").split("Subcommands:")[1], re.M)
        self.assertGreater(len(commands), 15)
        for command in commands:
            self.assertIn(f'.SS "outbox-relay {command}', page)
            for option in re.findall(r"^  (--[a-z-]+)", relay(command, "--help"), re.M):
                self.assertRegex(page, rf"\n{option}\b")
        for code in re.findall(r"^\| (\d+) \|", (SOURCE / "docs/operations.md").read_text(), re.M):
            self.assertIn(f".TP\n{code}\n", page)

    def test_the_reference_of_commands_is_what_the_program_says(self):
        told = subprocess.run([SOURCE / "deploy/man/commands.py", BUILD / "outbox-relay"], check=True,
                              capture_output=True, text=True).stdout
        self.assertEqual((SOURCE / "docs/commands.md").read_text(), told, "run scripts/reference")

    def test_documents_use_only_options_that_there_are(self):
        reference = (SOURCE / "docs/commands.md").read_text()
        everywhere, *sections = re.split(r"^## ", reference, flags=re.M)
        known = {part.split("\n")[0]: set(re.findall(r"`(-[a-z-]+)`", part + everywhere)) for part in sections}
        used = 0
        for document in [SOURCE / "README.md", *(SOURCE / "docs").glob("*.md")]:
            # Before `--` it is the name of a user.
            for call in re.findall(r"(?:outbox-relay|^ +orders) (?!-- )([^\n`|>#]*)", document.read_text(), re.M):
                words = re.sub(r"'[^']*'|\"[^\"]*\"", "'", call).split()
                command = next((" ".join(words[i:i + n]) for i in range(len(words)) for n in (2, 1)
                                if " ".join(words[i:i + n]) in known), None)
                if command in (None, "schema", "config"):
                    continue  # a log's own commands are not in this version, and hidden
                for option in re.findall(r"(?<!\S)-[a-z-]+", " ".join(words)):
                    self.assertIn(option, known[command] | {"--help"}, f"{document.name}: {call}")
                    used += 1
        self.assertGreater(used, 100)

    def test_the_manual_has_every_key_and_every_metric(self):
        for page, document, name in (("man5/outbox-relay.toml.5", "configuration.md", r"[a-z_]+\.[a-z_.]+"),
                                     ("man7/outbox-relay-metrics.7", "metrics.md", r"outbox_relay_\w+")):
            text = shown(self.root / "share/man" / page)
            names = re.findall(rf"^\| `({name})` \|", (SOURCE / "docs" / document).read_text(), re.M)
            self.assertGreater(len(names), 30)
            for each in names:
                self.assertIn(f".TP\n{each}\n", text)

    def test_no_markdown_is_left_in_the_manual(self):
        for page in self.root.glob("share/man/man[57]/*"):
            self.assertIsNone(re.search(r"^\||`[^`\n]+`|\]\(", shown(page), re.M), page)


class Package(unittest.TestCase):
    def test_what_building_needs_is_what_setup_installs(self):
        control = (SOURCE / "deploy/debian/control").read_text()
        needed = set(re.search(r"Build-Depends: (.*?)\n\n", control, re.S)[1].replace(",", " ").split())
        setup = re.sub(r"#.*", "", (SOURCE / "scripts/setup").read_text())
        installed = set(re.search(r"^build=\((.*?)^  postgresql\)", setup, re.S | re.M)[1].split())
        development = {"g++", "ccache", "git", "ca-certificates", "catch2", "libcpp-httplib-dev"}
        packaging = {"debhelper-compat", "(=", "13)", "dh-sequence-installsysusers"}
        self.assertEqual(needed - packaging, installed - development)

    def test_the_package_has_the_version_of_the_program(self):
        changelog = (SOURCE / "deploy/debian/changelog").read_text()
        version = re.search(r"^outbox-relay (\S+)", relay("version"))[1]
        self.assertTrue(changelog.startswith(f"outbox-relay ({version}-"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
