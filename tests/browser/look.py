#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at a page as people do: look.py URL FOLDER NAME TEXT...

In a headless Chromium, as wide as a phone and as a desktop, light and dark: every TEXT is to be seen, nothing
is wider than the screen, all text has contrast enough, and nothing was refused by the page's own policy or
loaded from elsewhere. FOLDER gets a screenshot of each, NAME-phone-dark.png. Says what is wrong; 1 if
anything is.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCREENS = {"phone": 390, "desktop": 1280}
SCHEMES = ("light", "dark")
PATIENCE_S = 30

# Of every piece of text: its colour against the first opaque background behind it (WCAG 2, 1.4.3).
JUDGE = r"""
(() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page is ${wide} px wider than the screen`);
  const rgba = colour => { const n = colour.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const luminance = ([r, g, b]) => {
    const linear = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!text || !element.getClientRects().length) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(2)}: ${text}`);
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 && !element.closest('.panel')) found.push(`cut at the right: ${text}`);
  }
  for (const { name } of performance.getEntriesByType('resource')) found.push(`loaded ${name}`);
  return { found, text: document.body.innerText, height: document.documentElement.scrollHeight };
})()
"""


class Browser:
    """Chromium and its DevTools protocol, over two pipes: JSON objects, each with a zero byte at its end."""

    def __init__(self, profile):
        command_in, self._commands = os.pipe()
        self._answers, answer_out = os.pipe()
        arguments = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-sandbox",
                     "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--hide-scrollbars"]
        # It reads from descriptor 3 and writes to 4.
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec chromium "$@" 3<&{command_in} 4>&{answer_out}', "sh", *arguments],
            pass_fds=(command_in, answer_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(command_in)
        os.close(answer_out)
        self._last_id = 0
        self._heard = b""
        self.events = []
        self.session = None

    def close(self):
        self._process.terminate()
        self._process.wait()

    def _hear(self):
        while b"\0" not in self._heard:
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                raise RuntimeError("chromium has ended")
            self._heard += piece
        text, self._heard = self._heard.split(b"\0", 1)
        return json.loads(text)

    def do(self, method, **params):
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") != self._last_id:
                self.events.append(heard)
            elif "error" in heard:
                raise RuntimeError(f"{method}: {heard['error']}")
            else:
                return heard["result"]

    def await_event(self, method):
        while True:
            for event in self.events:
                if event.get("method") == method:
                    self.events.remove(event)
                    return
            self.events.append(self._hear())


def look(browser, url, width, scheme):
    """What is wrong with the page, its text, and a picture of it."""
    browser.do("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1,
               mobile=width < 600)
    browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.do("Page.navigate", url=url)
    browser.await_event("Page.loadEventFired")
    seen = browser.do("Runtime.evaluate", expression=JUDGE, returnByValue=True)["result"]["value"]
    for event in browser.events:
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            seen["found"].append(event["params"]["entry"]["text"])
    # Not by enlarging the window, which would lay the page out anew.
    clip = {"x": 0, "y": 0, "width": width, "height": seen["height"], "scale": 1}
    picture = browser.do("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
    return seen["found"], seen["text"], base64.b64decode(picture)


def main(url, folder, name, wanted):
    wrong = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            target = browser.do("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Log"):
                browser.do(f"{domain}.enable")
            for screen, width in SCREENS.items():
                for scheme in SCHEMES:
                    found, text, picture = look(browser, url, width, scheme)
                    Path(folder, f"{name}-{screen}-{scheme}.png").write_bytes(picture)
                    found += [f"missing: {part}" for part in wanted if part not in text]
                    wrong += len(found)
                    for problem in found:
                        print(f"{name}, {screen}, {scheme}: {problem}")
        finally:
            browser.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
