# SPDX-License-Identifier: Apache-2.0
e2e_test(security_kafka_test TIMEOUT 180 SOURCES security_kafka_test.cc security_kafka_scene.cc security_secrets.cc
  ${PROJECT_SOURCE_DIR}/tests/support/fault_proxy.cc)
e2e_test(security_postgres_test TIMEOUT 180 SOURCES security_postgres_test.cc security_secrets.cc
  ${PROJECT_SOURCE_DIR}/tests/support/fault_proxy.cc)
