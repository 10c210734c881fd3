#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

from markdown import blocks, matches

DOCUMENT = """
1. First this:

   ```sh
   echo one
     echo two
   ```

   ```text
   one
   ```

<!-- not run: it needs root -->
```sh
reboot
```

<!-- exits with 1 -->
Not right before a block.

```sql
SELECT 1;
```
"""


class Blocks(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".md") as document:
            document.write(DOCUMENT)
            document.flush()
            self.blocks = blocks(pathlib.Path(document.name))

    def test_a_block_in_a_list_loses_the_list_s_indentation_only(self):
        self.assertEqual(self.blocks[0].text, "echo one\n  echo two\n")

    def test_text_after_a_block_is_what_the_block_should_print(self):
        self.assertEqual([block.expected for block in self.blocks], ["one\n", "", ""])

    def test_a_comment_concerns_the_block_right_after_it(self):
        asked = [(block.asked, block.detail) for block in self.blocks]
        self.assertEqual(asked, [("", ""), ("not run", "it needs root"), ("", "")])


class Matches(unittest.TestCase):
    def test_what_differs_in_each_run_does_not_count(self):
        self.assertTrue(matches("at  2026-01-31T12:00:00.000Z 0.1 s", "at 2027-12-01T00:10:00.1Z  7.25 s\n"))

    def test_all_else_counts(self):
        for said in ("two 1", "one 2", "one 1\nmore", ""):
            self.assertFalse(matches("one 1", said), said)

    def test_dots_stand_for_lines_or_for_a_part_of_one(self):
        self.assertTrue(matches("first\n...\nlast", "first\na\nb\nlast\n"))
        self.assertTrue(matches("... rows (a|b)", "17 rows (a|b)"))
        self.assertFalse(matches("first\n...\nlast", "first\na\nb\n"))


unittest.main()
