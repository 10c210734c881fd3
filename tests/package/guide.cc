// SPDX-License-Identifier: Apache-2.0
#include "package/guide.h"

#include "support/catch.h"
#include "support/temp_dir.h"

namespace outbox::test {

Guide::Guide(const std::string& path, std::map<std::string, std::string> instead)
    : text_(ReadFile(path)), instead_(std::move(instead)) {}

std::string Guide::Block(const std::string& heading, const std::string& language, int number) const {
  INFO(heading << ", " << language << " " << number);
  const std::size_t section = text_.find("\n## " + heading + "\n");
  REQUIRE(section != std::string::npos);
  const std::size_t section_end = text_.find("\n## ", section + 1);
  const std::string fence = "\n```" + language + "\n";
  std::size_t begin = section;
  for (int i = 0; i < number; ++i) begin = text_.find(fence, begin + 1);
  REQUIRE(begin < section_end);
  begin += fence.size();
  std::string block = text_.substr(begin, text_.find("```", begin) - begin);
  for (const auto& [place, here] : instead_) {
    for (std::size_t at = 0; (at = block.find(place, at)) != std::string::npos; at += here.size()) {
      block.replace(at, place.size(), here);
    }
  }
  return block;
}

}  // namespace outbox::test
