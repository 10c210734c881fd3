# SPDX-License-Identifier: Apache-2.0
set(faults faults_scene.cc)
e2e_test(faults_crash_test TIMEOUT 400
  SOURCES ${faults} faults_pairs.cc faults_kill_test.cc faults_late_commit_test.cc)
e2e_test(faults_outage_test TIMEOUT 400 SOURCES ${faults} faults_broker_test.cc faults_postgres_test.cc)
e2e_test(faults_failover_test TIMEOUT 200
  SOURCES ${faults} faults_failover_test.cc ${PROJECT_SOURCE_DIR}/tests/support/fault_proxy.cc)
e2e_test(faults_signals_test TIMEOUT 400 SOURCES ${faults} faults_frozen_test.cc faults_signals_test.cc)
e2e_test(faults_people_test TIMEOUT 400 SOURCES ${faults} faults_people_test.cc)
e2e_test(faults_modes_test TIMEOUT 400
  SOURCES ${faults} faults_modes_test.cc faults_once_test.cc faults_pooler_test.cc)
