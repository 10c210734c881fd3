# SPDX-License-Identifier: Apache-2.0
e2e_test(completion_test TIMEOUT 120 SOURCES completion_test.cc typed_shell.cc)
target_link_libraries(completion_test PRIVATE util)
e2e_test(operate_test TIMEOUT 120 SOURCES operate_test.cc)
e2e_test(doctor_test TIMEOUT 180 SOURCES doctor_test.cc)
target_link_libraries(doctor_test PRIVATE nlohmann_json::nlohmann_json)
