#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules_names_test.py SOURCE: the alerts, their runbooks and docs/metrics.md speak of the same things."""
import re
import sys
import unittest
from pathlib import Path

SOURCE = Path(sys.argv[1])
RULES = (SOURCE / "deploy/prometheus/outbox-relay.rules.yml").read_text()
RUNBOOKS = (SOURCE / "docs/runbooks.md").read_text()
METRICS = (SOURCE / "docs/metrics.md").read_text()


def words(markdown):
    """One line, without links and code marks."""
    return " ".join(re.sub(r"\[(\w+)\]\([^)]*\)", r"\1", markdown).replace("`", "").split())


def annotation(alert, name):
    return words(re.search(rf"^ +{name}: (?:>-)?(.*?)(?=\n +\w+:|\Z)", alert, re.M | re.S)[1])


class Names(unittest.TestCase):
    def setUp(self):
        self.alerts = {each.split("\n", 1)[0]: each for each in RULES.split("- alert: OutboxRelay")[1:]}

    def test_every_alert_has_a_runbook_and_every_runbook_an_alert(self):
        self.assertEqual(list(self.alerts), re.findall(r"^## (\w+)$", RUNBOOKS, re.M))

    def test_an_alert_says_what_its_runbook_says_that_it_means(self):
        for name, alert in self.alerts.items():
            meaning = re.search(rf"^## {name}\n+\*\*Meaning\.\*\* (.*?)\n\n", RUNBOOKS, re.M | re.S)[1]
            self.assertEqual(annotation(alert, "description"), words(meaning))
            self.assertTrue(annotation(alert, "runbook_url").endswith(f"docs/runbooks.md#{name.lower()}"))

    def test_every_metric_is_documented(self):
        documented = set(re.findall(r"^\| `(outbox_relay_\w+)`", METRICS, re.M))
        used = set(re.findall(r"\boutbox_relay_\w+", re.sub(r"outbox:\w+", "", RULES)))
        used = {re.sub("_bucket$", "", name) for name in used} - {"outbox_relay_messages_sent:rate5m"}
        self.assertEqual(used - documented, set())

    def test_every_label_value_is_documented(self):
        for metric, label, value in re.findall(r'(outbox_relay_\w+)\{(\w+)!?="(\w+)"', RULES):
            row = re.search(rf"^\| `{metric}` .*", METRICS, re.M)[0]
            self.assertIn(f"`{label}`", row)
            self.assertIn(f"`{value}`", row)

    def test_what_is_true_of_the_whole_table_is_never_summed(self):
        table_wide = re.findall(r"^\| `(\w+)`", METRICS.split("\n## The table\n")[1].split("\n## ")[0], re.M)
        for name in table_wide:
            for use in re.finditer(rf"\b{name}\b", RULES):
                before = RULES[:use.start()]
                self.assertRegex(before, r"max without \((instance|instance, status)\) \(\s*(\w+\()?$", name)

    def test_severities_are_three(self):
        severities = re.findall(r"severity: (\w+)", RULES)
        self.assertEqual(len(severities), len(self.alerts))
        self.assertEqual(set(severities), {"critical", "warning", "info"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
