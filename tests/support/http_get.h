// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace outbox::test {

struct HttpAnswer {
  int status = 0;                              // 0: nobody answered
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

HttpAnswer HttpGet(int port, const std::string& path);

}  // namespace outbox::test
