# SPDX-License-Identifier: Apache-2.0
e2e_test(completion_test TIMEOUT 120 SOURCES completion_test.cc typed_shell.cc)
target_link_libraries(completion_test PRIVATE util)
e2e_test(operate_test TIMEOUT 180 SOURCES operate_test.cc operate_lane_test.cc)
e2e_test(doctor_test TIMEOUT 180 SOURCES doctor_test.cc)
target_link_libraries(doctor_test PRIVATE nlohmann_json::nlohmann_json)
e2e_test(operate_incidents_test TIMEOUT 240 SOURCES operate_incidents_test.cc faults_scene.cc refusals_scene.cc)
target_compile_definitions(operate_incidents_test PRIVATE OUTBOX_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(operate_incidents_test PRIVATE nlohmann_json::nlohmann_json)
