# SPDX-License-Identifier: Apache-2.0
e2e_test(page_test TIMEOUT 180 SOURCES refusals_scene.cc page_test.cc)
target_link_libraries(page_test PRIVATE nlohmann_json::nlohmann_json)
