// SPDX-License-Identifier: Apache-2.0
// Any text in a configuration file gives a Config or a ConfigError, and neither shows a secret.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>

#include "config/config.h"
#include "config/value.h"
#include "fuzz/target.h"

namespace outbox::test {
namespace {

struct Opening {
  std::string_view text;
  std::string_view secret;
};

// Whatever follows one of these in a file, the secret is one: also if the file is no TOML.
constexpr std::array<Opening, 9> kOpenings = {{
    {"postgres.password = \"hunter2", "hunter2"},
    {"postgres.password = hunter2", "hunter2"},
    {"postgres.password = thunter2", "hunter2"},  // TOML takes it for a boolean
    {"postgres.password = 31415926535897932384", "1415926535897932384"},
    {"postgres.conninfo = \"host=h password=hunter2", "hunter2"},
    {"postgres.conninfo = \"postgresql://u:hunter2@h", "hunter2"},
    {"postgres.listen_conninfo = \"postgresql:///d?password=hunter2", "hunter2"},
    {"kafka.properties.sasl.password = \"hunter2", "hunter2"},
    {"kafka.properties.\"ssl.key.pem\" = '''hunter2", "hunter2"},
}};

// Empty: there is none, or the same text stands elsewhere as well.
std::string_view SecretOf(std::string_view text) {
  for (const Opening& opening : kOpenings) {
    if (!text.starts_with(opening.text)) continue;
    return text.find(opening.secret) == text.rfind(opening.secret) ? opening.secret : std::string_view();
  }
  return {};
}

void RequireHidden(std::string_view secret, std::string_view shown) {
  Require(secret.empty() || shown.find(secret) == std::string_view::npos, "no secret is shown");
}

// A configuration file without a file system, of which there is one for the whole run.
class MemoryFile {
 public:
  MemoryFile()
      : file_(::memfd_create("config", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(file_)) {}
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void Write(std::string_view text) const {
    Require(::ftruncate(file_, 0) == 0, "a file can be emptied");
    const auto written = ::pwrite(file_, text.data(), text.size(), 0);
    Require(written == static_cast<ssize_t>(text.size()), "a file can be written");
  }
  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

Config Load(std::string_view text) {
  static const MemoryFile file;
  file.Write(text);
  return LoadConfig({.file = file.path(), .name = {}, .set = {}, .environment = {}});
}

// What `config show` prints of the values that were set, as a file.
std::string Shown(const Config& config) {
  constexpr std::string_view kProperties = "kafka.properties.";
  std::string text;
  for (const EffectiveValue& value : config.values) {
    if (value.origin == "default") continue;
    const bool property = value.key.starts_with(kProperties);
    text += property ? std::string(kProperties) + Quoted(value.key.substr(kProperties.size())) : value.key;
    text += " = " + value.value + "\n";
  }
  return text;
}

void TakeConfig(const Config& config, std::string_view secret) {
  const std::string shown = Shown(config);
  RequireHidden(secret, shown);
  try {
    Require(Shown(Load(shown)) == shown, "what is shown means the same in a file");
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n%s\n", shown.c_str(), error.what());
    Require(false, "what is shown can stand in a file");
  }
}

}  // namespace
}  // namespace outbox::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outbox;
  const std::string_view text = test::AsText(data, size);
  const std::string_view secret = test::SecretOf(text);
  try {
    test::TakeConfig(test::Load(text), secret);
  } catch (const ConfigError& error) {
    test::Require(*error.what() != '\0', "an error says something");
    test::RequireHidden(secret, error.what());
  }
  return 0;
}
