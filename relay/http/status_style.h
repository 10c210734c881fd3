// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/html.h"

namespace outbox {

// Of the status page. Colours are pairs for light and dark, each with a contrast of at least 4.5 to its
// background; nothing is said by colour alone.
inline constexpr Markup kStatusStyle = R"(
:root { color-scheme: light dark; --back: #f6f7f8; --card: #fff; --text: #1b2025; --soft: #59626b;
  --line: #e1e5e9; --ink: #2b6ca3; --good: #17693a; --warning: #804d00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #121518; --card: #1a1e22; --text: #e4e8eb; --soft: #9aa5af; --line: #2b3137;
    --ink: #6fb1e6; --good: #62cd8d; --warning: #efb34f; --bad: #ff8d83; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.75rem 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .8rem; margin: 0; font-size: 1.7rem;
  font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
h1 span { padding: 0 .75rem; border: 1px solid; border-radius: 1rem; background: var(--card);
  font-size: .95rem; line-height: 1.75rem; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.05rem; font-weight: 600; }
header p { margin: .5rem 0 0; overflow-wrap: anywhere; }
p { margin: 0; }
a { color: inherit; }
.good { color: var(--good); }
.warning { color: var(--warning); }
.bad { color: var(--bad); }
.detail, small, footer { color: var(--soft); font-size: .875rem; }
.detail, .error { overflow-wrap: anywhere; }
section > .detail { margin-top: .5rem; }
code { font: .8125rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .6rem;
  margin: 0; }
.figures div, figure, .cards li, .panel { padding: .65rem .9rem; border: 1px solid var(--line);
  border-radius: .5rem; background: var(--card); }
dt, figcaption span { color: var(--soft); font-size: .875rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
small { display: block; font-weight: 400; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: .6rem; }
figure { margin: 0; }
figcaption { display: flex; align-items: baseline; gap: .5rem; white-space: nowrap; }
figcaption small { margin-left: auto; }
svg { display: block; width: 100%; height: 3.75rem; margin-top: .3rem; border-bottom: 1px solid var(--line); }
.line { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round;
  vector-effect: non-scaling-stroke; }
.area { fill: var(--ink); fill-opacity: .13; }
.cards { display: grid; gap: .6rem; margin: 0; padding: 0; list-style: none; }
.cards li { overflow-wrap: anywhere; }
.holds li { border-left: .25rem solid var(--warning); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 400; }
thead th { color: var(--soft); font-size: .875rem; }
.numbers td, .numbers thead th + th { padding-right: 0; padding-left: .8rem; text-align: right;
  white-space: nowrap; }
.numbers tbody th { min-width: 7rem; overflow-wrap: anywhere; }
.numbers td.good { color: inherit; }
.facts th { width: 40%; color: var(--soft); }
.panel { overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 0 1rem; }
footer { margin-top: 2.5rem; }
@media (max-width: 40rem) {
  .figures { grid-template-columns: 1fr 1fr; }
  .numbers thead { display: none; }
  .numbers, .numbers tbody { display: block; }
  .numbers tr { display: grid; grid-template-columns: repeat(3, 1fr); gap: .1rem .6rem; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  .numbers tr:last-child { border-bottom: 0; }
  .numbers tbody th { grid-column: 1 / -1; padding: 0; border: 0; font-weight: 600; }
  .numbers td { padding: 0; border: 0; text-align: left; }
  .numbers td::before { content: attr(data-name) " "; display: block; color: var(--soft); font-size: .75rem; }
}
)";

}  // namespace outbox
