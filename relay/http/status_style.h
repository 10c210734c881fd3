// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/html.h"

namespace outbox {

// Of the status page. Colours are pairs for light and dark, each with a contrast of at least 4.5 to its
// background; nothing is said by colour alone.
inline constexpr Markup kStatusStyle = R"(
:root { --back: #fff; --text: #1c2126; --soft: #5b646d; --line: #dde1e5; --card: #f6f7f8;
  --good: #176b3a; --warning: #855000; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e6e9ec; --soft: #9aa4ae; --line: #2c3238; --card: #1c2126;
    --good: #5fcf8b; --warning: #f0b24a; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 1.6rem; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
h1 span { display: inline-block; padding: 0 .6rem; border: 1px solid; border-radius: 1rem; font-size: 1rem;
  line-height: 1.7rem; vertical-align: .2rem; }
h2 { margin: 2rem 0 .5rem; color: var(--soft); font-size: .85rem; font-weight: 600; letter-spacing: .06em;
  text-transform: uppercase; }
header p { margin: .5rem 0 0; overflow-wrap: anywhere; }
a { color: inherit; }
.good { color: var(--good); }
.warning { color: var(--warning); }
.bad { color: var(--bad); }
.detail, small, footer { color: var(--soft); font-size: .875rem; }
.detail { overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem; margin: 0; }
.figures div { padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--card); }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
small { display: block; font-weight: 400; }
.holds { margin: 0; padding: 0; list-style: none; }
.holds li { margin-bottom: .5rem; padding: .5rem .8rem; border-left: .2rem solid var(--warning);
  background: var(--card); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { font-weight: 400; }
thead th { color: var(--soft); font-size: .875rem; }
.numbers td, .numbers thead th + th { padding-right: 0; padding-left: .8rem; text-align: right;
  white-space: nowrap; }
.numbers tbody th { min-width: 8rem; overflow-wrap: anywhere; }
.numbers td.good { color: inherit; }
.facts th { width: 40%; }
.scroll { overflow-x: auto; }
@media (max-width: 30rem) {
  .numbers { font-size: .8rem; }
  .numbers td, .numbers thead th + th { padding-left: .5rem; }
  .numbers tbody th { min-width: 6rem; }
}
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); }
)";

}  // namespace outbox
