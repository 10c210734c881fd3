# SPDX-License-Identifier: Apache-2.0
e2e_test(speed_test TIMEOUT 240 SOURCES speed_drain_test.cc speed_idle_test.cc speed_latency_test.cc)
