#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py: prints rules.yaml, deploy/prometheus/outbox-relay.rules.yml as an object of the Prometheus operator."""
from pathlib import Path

HEAD = """# SPDX-License-Identifier: Apache-2.0
# Made by rules.py from deploy/prometheus/outbox-relay.rules.yml, where each rule is explained.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: outbox-relay
  labels: { app.kubernetes.io/name: outbox-relay }
spec:
"""

rules = (Path(__file__).parent.parent / "prometheus/outbox-relay.rules.yml").read_text()
body = rules[rules.index("groups:"):].splitlines()
print(HEAD + "\n".join("  " + line if line else "" for line in body))
