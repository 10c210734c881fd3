# SPDX-License-Identifier: Apache-2.0
e2e_test(demo_test TIMEOUT 180 SOURCES demo_test.cc)
target_link_libraries(demo_test PRIVATE util)
