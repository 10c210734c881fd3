# SPDX-License-Identifier: Apache-2.0
set(refusals refusals_scene.cc)
e2e_test(refusals_order_test TIMEOUT 300
  SOURCES ${refusals} refusals_prefix_test.cc refusals_block_test.cc refusals_restart_test.cc)
e2e_test(refusals_sick_test TIMEOUT 450
  SOURCES ${refusals} log_scene.cc refusals_deadline_test.cc refusals_deleted_topic_test.cc
          refusals_sick_topic_test.cc refusals_rights_test.cc)
e2e_test(refusals_rows_test TIMEOUT 300
  SOURCES ${refusals} refusals_many_test.cc refusals_rows_test.cc refusals_retry_test.cc)
