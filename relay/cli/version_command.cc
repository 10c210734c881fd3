// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/version.h"
#include "kafka/library_version.h"
#include "postgres/library_version.h"
#include "postgres/schema_admin.h"

namespace outbox {

const BuildInfo& ThisBuild() {
  static const BuildInfo build{OUTBOX_VERSION, OUTBOX_REVISION, LibrdkafkaVersion(), LibpqVersion()};
  return build;
}

void AddVersion(CLI::App& app, const CommandLine& line, int& exit_code) {
  app.set_version_flag(
      "--version", [] { return "outbox-relay " + ThisBuild().version + " (" + ThisBuild().revision + ")"; },
      "Print the version and end");
  auto* command =
      app.add_subcommand("version", "Print versions of the program, its libraries and its schema");
  command->callback([&line, &exit_code] {
    const BuildInfo& build = ThisBuild();
    if (line.output == "table") {
      std::printf("outbox-relay %s (%s)\nlibrdkafka %s\nlibpq %s\nschema %d\n", build.version.c_str(),
                  build.revision.c_str(), build.librdkafka.c_str(), build.libpq.c_str(), kSchemaVersion);
    } else {
      std::printf(
          "{\"version\":\"%s\",\"revision\":\"%s\",\"librdkafka\":\"%s\",\"libpq\":\"%s\",\"schema\":%d}\n",
          build.version.c_str(), build.revision.c_str(), build.librdkafka.c_str(), build.libpq.c_str(),
          kSchemaVersion);
    }
    exit_code = kExitDone;
  });
}

}  // namespace outbox
