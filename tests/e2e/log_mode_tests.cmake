# SPDX-License-Identifier: Apache-2.0
e2e_test(log_mode_test TIMEOUT 400 SOURCES faults_scene.cc faults_pairs.cc log_mode_test.cc log_scene.cc)
e2e_test(log_patience_test TIMEOUT 400 SOURCES faults_scene.cc log_patience_test.cc log_scene.cc)
e2e_test(log_life_test TIMEOUT 300 SOURCES faults_scene.cc log_life_test.cc log_scene.cc)
