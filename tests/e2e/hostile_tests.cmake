# SPDX-License-Identifier: Apache-2.0
e2e_test(hostile_test TIMEOUT 300
  SOURCES refusals_scene.cc hostile_clients_test.cc hostile_rows_test.cc ${PROJECT_SOURCE_DIR}/tests/fuzz/raw_socket.cc)
