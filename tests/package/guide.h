// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace outbox::test {

// The fenced blocks of a page of docs/, to be followed word by word but for places: `instead` says what
// stands here for an address in the page.
class Guide {
 public:
  Guide(const std::string& path, std::map<std::string, std::string> instead);

  // The `number`th block, from 1, in that language under that heading; the test fails if there is none.
  std::string Block(const std::string& heading, const std::string& language, int number = 1) const;

 private:
  std::string text_;
  std::map<std::string, std::string> instead_;
};

}  // namespace outbox::test
