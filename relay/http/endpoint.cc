// SPDX-License-Identifier: Apache-2.0
#include "http/endpoint.h"

#include <charconv>
#include <stdexcept>

namespace outbox {

Endpoint ParseEndpoint(std::string_view text) {
  const auto fail = [&](const char* why) {
    return std::invalid_argument("\"" + std::string(text) + "\" is no address: " + why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw fail("the port is missing, as in 127.0.0.1:7432");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);

  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    throw fail("an IPv6 address stands in brackets, as in [::1]:7432");
  }
  Endpoint endpoint{.host = std::string(host), .port = 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port < 0 ||
      endpoint.port > 65535) {
    throw fail("the port must be a number from 0 to 65535");
  }
  return endpoint;
}

}  // namespace outbox
