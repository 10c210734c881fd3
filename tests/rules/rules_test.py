#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules_test.py SOURCE: when each alert fires, and when it does not (cases.py), by promtool."""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from cases import CASES

RULES = Path(sys.argv[1]) / "deploy/prometheus/outbox-relay.rules.yml"
SEVERITIES = dict(re.findall(r"- alert: OutboxRelay(\w+).*?severity: (\w+)", RULES.read_text(), re.S))


def series(name, values):
    """`name` may have labels of its own; values of both relays, or {"a": ..., "b": ...}."""
    name, _, labels = name.rstrip("}").partition("{")
    known = 'job="outbox-relay-orders"' if name == "up" else 'outbox="orders", job="outbox-relay-orders"'
    metric = name if name == "up" else f"outbox_relay_{name}"
    for relay, text in (values if isinstance(values, dict) else {"a": values, "b": values}).items():
        own = f", {labels}" if labels else ""
        yield {"series": f'{metric}{{{known}, instance="{relay}"{own}}}', "values": text}


def expected(alert, fires):
    """Of one alert, with its labels: "NotReady instance=a" has one besides those that all have."""
    for name, *labels in (each.split() for each in fires):
        if name == alert:
            outbox = {} if name == "Down" else {"outbox": "orders"}
            yield {"exp_labels": {"job": "outbox-relay-orders", "severity": SEVERITIES[name], **outbox,
                                  **dict(label.split("=") for label in labels)}}


def promtool_case(case):
    return {"name": case.name, "interval": "1m",
            "input_series": [each for name, values in case.says.items() for each in series(name, values)],
            "alert_rule_test": [{"alertname": f"OutboxRelay{alert}", "eval_time": f"{case.minute}m",
                                 "exp_alerts": list(expected(alert, case.fires))} for alert in SEVERITIES]}


class Rules(unittest.TestCase):
    def promtool(self, cases):
        with tempfile.TemporaryDirectory() as folder:
            # promtool compares annotations word by word, and theirs is checked elsewhere.
            rules = re.sub(r"\n        annotations:(\n          .*)+", "", RULES.read_text())
            (Path(folder) / "rules.yml").write_text(rules)
            tests = {"rule_files": ["rules.yml"], "evaluation_interval": "1m",
                     "tests": [promtool_case(case) for case in cases]}
            (Path(folder) / "tests.yml").write_text(json.dumps(tests))  # JSON is YAML
            return subprocess.run(["promtool", "test", "rules", "tests.yml"], cwd=folder, capture_output=True,
                                  text=True)

    def test_promtool_accepts_the_rules(self):
        checked = subprocess.run(["promtool", "check", "rules", "--lint-fatal", RULES], capture_output=True,
                                 text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_alerts_fire_when_they_should_and_not_otherwise(self):
        told = self.promtool(CASES)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    def test_a_wrong_expectation_is_noticed(self):
        for case in CASES:
            wrong = case._replace(fires=() if case.fires else ("Down",))
            self.assertNotEqual(self.promtool([wrong]).returncode, 0, case.name)

    def test_every_alert_has_a_case_in_which_it_fires(self):
        self.assertEqual(set(SEVERITIES), {fires.split()[0] for case in CASES for fires in case.fires})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
