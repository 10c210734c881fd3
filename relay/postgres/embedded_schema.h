// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

// Text that the build puts into the program; see schema.cmake.
namespace outbox {

struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

// schema/*.sql and schema/log/*.sql, each by its path below schema/, sorted.
std::span<const EmbeddedFile> SchemaFiles();

// A query for the facts of an installed outbox, and those of a right one: kind, name and definition
// separated by tabs, lines that begin with # are comments.
std::string_view DescribeSchema();
std::string_view ExpectedSchema();
std::string_view ExpectedLogSchema();

}  // namespace outbox
