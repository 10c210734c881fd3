# SPDX-License-Identifier: Apache-2.0
e2e_test(log_mode_test TIMEOUT 400 SOURCES faults_scene.cc faults_pairs.cc log_mode_test.cc)
