// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox::test {

// A TCP port on loopback that nobody listens on and that no other test gets while this process
// lives, so a server may be stopped and started on it. Thread-safe.
int FreePort();

}  // namespace outbox::test
