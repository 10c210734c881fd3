# SPDX-License-Identifier: Apache-2.0
# Makes OUTBOX_EMBEDDED_SCHEMA, a source file that holds schema/*.sql and what `schema check` compares
# a database with.
file(GLOB schema_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/*.sql ${PROJECT_SOURCE_DIR}/schema/log/*.sql)
list(SORT schema_files)
set(SCHEMA_FILES "")
foreach(file IN LISTS schema_files)
  file(READ ${file} text)
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/schema ${file})
  string(APPEND SCHEMA_FILES "    {\"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
file(READ ${CMAKE_CURRENT_LIST_DIR}/describe_schema.sql DESCRIBE_SCHEMA)
file(READ ${CMAKE_CURRENT_LIST_DIR}/expected_schema.tsv EXPECTED_SCHEMA)
file(READ ${CMAKE_CURRENT_LIST_DIR}/expected_log_schema.tsv EXPECTED_LOG_SCHEMA)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema_files}
  ${CMAKE_CURRENT_LIST_DIR}/describe_schema.sql ${CMAKE_CURRENT_LIST_DIR}/expected_schema.tsv
  ${CMAKE_CURRENT_LIST_DIR}/expected_log_schema.tsv)
set(OUTBOX_EMBEDDED_SCHEMA ${CMAKE_CURRENT_BINARY_DIR}/embedded_schema.cc)
configure_file(${CMAKE_CURRENT_LIST_DIR}/embedded_schema.cc.in ${OUTBOX_EMBEDDED_SCHEMA} @ONLY)
