# SPDX-License-Identifier: Apache-2.0
e2e_test(security_kafka_test TIMEOUT 180 SOURCES security_kafka_test.cc security_kafka_scene.cc
  ${PROJECT_SOURCE_DIR}/tests/support/fault_proxy.cc)
