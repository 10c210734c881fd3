# SPDX-License-Identifier: Apache-2.0
e2e_test(pace_test TIMEOUT 400 SOURCES faults_scene.cc pace_test.cc cadence_test.cc)
e2e_test(dead_letters_test TIMEOUT 200 SOURCES faults_scene.cc dead_letters_test.cc)
