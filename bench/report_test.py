#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the report says of results whose meaning is known."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

sys.dont_write_bytecode = True
import report  # noqa: E402


def line(variant, round_number, rate, **more):
    entry = {"workload": "drain", "case": "c", "variant": variant, "round": round_number}
    return json.dumps(entry | ({"figures": {"messages/s": rate, "repeats": 0}} | more))


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = pathlib.Path(self.dir.name)

    def file(self, *lines, name="results.jsonl"):
        (self.path / name).write_text("\n".join(lines) + "\n")
        return str(self.path / name)

    def run_report(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", ["report.py", *arguments]):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = report.main()
        return status, out.getvalue(), err.getvalue()

    def test_ratios_are_taken_within_a_round(self):
        # The machine was twice as fast in round 2; B was always a tenth faster than A.
        file = self.file(line("m A", 1, 100), line("m B", 1, 110), line("m B", 2, 220), line("m A", 2, 200))
        status, out, _ = self.run_report(file)
        self.assertEqual(status, 0)
        self.assertIn("165 [110 220]  x 1.10 [1.10 1.10]\n", out)

    def test_rounds_that_disagree_are_marked(self):
        file = self.file(line("m A", 1, 100), line("m B", 1, 90), line("m A", 2, 100), line("m B", 2, 120))
        self.assertIn("x 1.05 [0.90 1.20] ?", self.run_report(file)[1])

    def test_a_build_is_compared_with_its_own_variant(self):
        file = self.file(line("m A", 1, 100), line("m B", 1, 100), line("d A", 1, 200), line("d B", 1, 300))
        self.assertIn("300  x 1.50", self.run_report(file)[1])

    def test_rounds_of_several_runs_stay_apart(self):
        first = self.file(line("a", 1, 1), line("b", 1, 2), name="1")
        second = self.file(line("a", 1, 10), line("b", 1, 40), name="2")
        self.assertIn("x 3.00 [2.00 4.00]", self.run_report(first, second)[1])

    def test_repeats_are_shown_when_there_are_any(self):
        self.assertNotIn("repeats", self.run_report(self.file(line("a", 1, 1)))[1])
        repeated = self.file(line("a", 1, 1, figures={"messages/s": 1, "repeats": 3}))
        self.assertIn("repeats", self.run_report(repeated)[1])

    def test_a_fault_is_told_and_never_published(self):
        fault = json.dumps({"workload": "drain", "case": "c", "variant": "a", "round": 1, "fault": "lost one"})
        status, _, err = self.run_report(self.file(fault))
        self.assertEqual(status, 1)
        self.assertIn("lost one", err)
        with self.assertRaises(SystemExit):
            self.run_report(self.file(fault), "--docs", self.dir.name)
        self.assertFalse((self.path / "benchmarks.md").exists())

    def test_the_document_and_its_plots_are_written(self):
        self.run_report(self.file(line("a", 1, 1), line("b <c>", 1, 2)), "--docs", self.dir.name)
        text = (self.path / "benchmarks.md").read_text()
        self.assertIn("![drain: messages/s](images/drain-messages-s.svg)", text)
        ElementTree.parse(self.path / "images/drain-messages-s.svg")


if __name__ == "__main__":
    unittest.main()
