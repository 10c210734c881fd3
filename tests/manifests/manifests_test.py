#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manifests_test.py SOURCE RELAY: what is written for containers fits the program and the rest of deploy/."""
import html
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

DEPLOY, RELAY = Path(sys.argv[1]) / "deploy", sys.argv[2]


def objects(name):
    return {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text())}


def check(environment, *arguments):
    """`config check` on a machine without a configuration."""
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run([RELAY, "config", "check", *arguments], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "OUTBOX_RELAY_CONFIG_DIR": empty, **environment})


def promtool(alert, series, values, fires):
    """Evaluates one alert in the tenth minute of a series; promtool's notation is told in tests/rules/cases.py."""
    alert = {key: value for key, value in alert.items() if key != "annotations"}  # else it wants them, too
    test = {"interval": "1m", "input_series": [{"series": series, "values": values}],
            "alert_rule_test": [{"alertname": alert["alert"], "eval_time": "10m", "exp_alerts": fires}]}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("rules.yml", {"groups": [{"name": "one", "rules": [alert]}]}),
                              ("test.yml", {"rule_files": ["rules.yml"], "tests": [test]})):
            (Path(folder) / name).write_text(json.dumps(content))  # JSON is YAML
        return subprocess.run(["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True)


class Grafana(unittest.TestCase):
    def test_the_picture_in_the_documentation_shows_every_panel(self):
        picture = (DEPLOY.parent / "docs/dashboard.svg").read_text()
        for panel in json.loads((DEPLOY / "grafana/outbox-relay.json").read_text())["panels"]:
            self.assertIn(f">{html.escape(panel['title'])}<", picture, "run scripts/dashboard-picture")


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.relay = objects("outbox-relay.yaml")
        self.pod = self.relay["Deployment"]["spec"]["template"]
        self.container = self.pod["spec"]["containers"][0]

    def test_the_rules_are_those_of_prometheus(self):
        made = subprocess.run([DEPLOY / "kubernetes/rules.py"], check=True, capture_output=True, text=True).stdout
        self.assertEqual((DEPLOY / "kubernetes/rules.yaml").read_text(), made)
        plain = yaml.safe_load((DEPLOY / "prometheus/outbox-relay.rules.yml").read_text())
        self.assertEqual(objects("rules.yaml")["PrometheusRule"]["spec"], plain)

    def test_the_configuration_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            secret, file = Path(folder) / "pg-password", Path(folder) / "orders.toml"
            secret.write_text("secret")
            mounted = next(mount["mountPath"] for mount in self.container["volumeMounts"] if mount["name"] == "secrets")
            text = self.relay["ConfigMap"]["data"]["orders.toml"]
            self.assertIn(f"{mounted}/pg-password", text)
            file.write_text(text.replace(f"{mounted}/pg-password", str(secret)))
            environment = {one["name"]: one["value"] for one in self.container["env"]}
            done = check(environment, "-c", str(file))
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_everything_selects_the_same_pods(self):
        labels = self.pod["metadata"]["labels"]
        for selector in (self.relay["Deployment"]["spec"]["selector"], self.relay["NetworkPolicy"]["spec"]["podSelector"],
                         self.relay["PodDisruptionBudget"]["spec"]["selector"],
                         objects("monitoring.yaml")["PodMonitor"]["spec"]["selector"]):
            self.assertEqual(selector["matchLabels"], labels)

    def test_it_ends_in_peace_and_can_write_nothing(self):
        self.assertGreater(self.pod["spec"]["terminationGracePeriodSeconds"], 30)  # delivery.shutdown_grace
        self.assertTrue(self.container["securityContext"]["readOnlyRootFilesystem"])
        self.assertTrue(self.pod["spec"]["securityContext"]["runAsNonRoot"])

    def test_the_monitor_tells_relays_apart_as_the_alerts_expect(self):
        endpoint = objects("monitoring.yaml")["PodMonitor"]["spec"]["podMetricsEndpoints"][0]
        self.assertEqual(endpoint["port"], self.container["ports"][0]["name"])
        self.assertIn({"action": "labeldrop", "regex": "pod|container|endpoint"}, endpoint["relabelings"])

    def test_an_outbox_without_any_pod_is_down_as_one_whose_relays_do_not_answer(self):
        monitoring = objects("monitoring.yaml")
        [alert] = monitoring["PrometheusRule"]["spec"]["groups"][0]["rules"]
        down = next(rule for rule in objects("rules.yaml")["PrometheusRule"]["spec"]["groups"][1]["rules"]
                    if rule["alert"] == alert["alert"])
        for annotation in ("description", "runbook_url"):
            self.assertEqual(alert["annotations"][annotation], down["annotations"][annotation])
        job = monitoring["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["relabelings"][0]["replacement"]
        labels = {"job": job, **down["labels"]}
        for up, fires in (("1x30", []), ("0x30", []), ("1x5 stale", [{"exp_labels": labels}])):
            with self.subTest(up=up):
                told = promtool(alert, f'up{{job="{job}", instance="a"}}', up, fires)
                self.assertEqual(told.returncode, 0, told.stdout + told.stderr)


class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]

    def test_the_configuration_is_one(self):
        done = check(self.services["relay"]["environment"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_is_mounted_is_there(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                with self.subTest(service=name, volume=volume):
                    self.assertTrue((DEPLOY / "container" / volume.split(":")[0]).exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
