# SPDX-License-Identifier: Apache-2.0
e2e_test(prometheus_test TIMEOUT 240 SOURCES prometheus_test.cc)
target_compile_definitions(prometheus_test PRIVATE OUTBOX_DEPLOY_FOLDER="${PROJECT_SOURCE_DIR}/deploy")
target_link_libraries(prometheus_test PRIVATE nlohmann_json::nlohmann_json)
