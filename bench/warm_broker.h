// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox::bench {

class Site;

// Publishes and reads messages until the broker does it no cheaper: one that has just started compiles
// its own code, and whoever is measured first would pay for that.
void WarmBroker(Site& site);

}  // namespace outbox::bench
