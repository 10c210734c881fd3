// SPDX-License-Identifier: Apache-2.0
#include "support/authority.h"

#include <stdexcept>
#include <vector>

#include "support/process.h"

namespace outbox::test {
namespace {

void OpenSsl(const std::vector<std::string>& words) {
  std::vector<std::string> argv = {"openssl"};
  argv.insert(argv.end(), words.begin(), words.end());
  const Finished done = Run(argv);
  if (done.exit != 0) throw std::runtime_error("openssl " + words.front() + ": " + done.err);
}

}  // namespace

Authority::Authority(const std::string& name) : own_(Files("authority")) {
  // The machine's own configuration would add extensions.
  WriteFile(dir_ / "config",
            "[req]\ndistinguished_name = name\n[name]\n[ca]\ndefault_ca = own\n[own]\ndatabase = " +
                (dir_ / "issued").string() +
                "\npolicy = any\ncopy_extensions = copy\ndefault_md = sha256\nunique_subject = no\n"
                "rand_serial = yes\n[any]\ncommonName = supplied\n");
  WriteFile(dir_ / "issued", "");
  OpenSsl({"req", "-x509", "-config", dir_ / "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-subj", "/CN=" + name, "-addext", "basicConstraints=critical,CA:TRUE", "-days", "2",
           "-keyout", own_.key, "-out", own_.certificate});
}

Certificate Authority::Files(const std::string& stem) const {
  return {dir_ / (stem + ".crt"), dir_ / (stem + ".key"), dir_ / (stem + ".pem")};
}

Certificate Authority::Issue(const Wanted& wanted) {
  const Certificate files = Files("issued-" + std::to_string(++issued_));
  OpenSsl({"req", "-config", dir_ / "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-subj", "/CN=" + wanted.name, "-addext", "subjectAltName=" + wanted.hosts, "-keyout",
           files.key, "-out", dir_ / "request"});
  // Not by x509, whose newer versions issue nothing that has expired.
  const std::vector<std::string> days =
      wanted.expired
          ? std::vector<std::string>{"-startdate", "20200101000000Z", "-enddate", "20200102000000Z"}
          : std::vector<std::string>{"-days", "2"};
  std::vector<std::string> issue = {
      "ca",     "-batch",  "-notext",   "-config", dir_ / "config",  "-cert", own_.certificate, "-keyfile",
      own_.key, "-outdir", dir_.path(), "-in",     dir_ / "request", "-out",  files.certificate};
  issue.insert(issue.end(), days.begin(), days.end());
  OpenSsl(issue);
  WriteFile(files.both, ReadFile(files.key) + ReadFile(files.certificate));
  return files;
}

}  // namespace outbox::test
