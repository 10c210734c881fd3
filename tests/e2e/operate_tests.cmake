# SPDX-License-Identifier: Apache-2.0
e2e_test(operate_test TIMEOUT 120 SOURCES operate_test.cc)
