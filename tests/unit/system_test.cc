// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <string>
#include <thread>

#include "support/catch.h"
#include "system/notifier.h"
#include "system/signals.h"

namespace outbox {
namespace {

// The end of the notification socket that systemd would hold.
class FakeSystemd {
 public:
  FakeSystemd() : folder_((std::filesystem::temp_directory_path() / "outbox-notify-XXXXXX").string()) {
    REQUIRE(mkdtemp(folder_.data()) != nullptr);
    const std::string path = folder_ + "/notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~FakeSystemd() {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  // A local datagram is there when the call that sent it has returned.
  std::string Received() const {
    char text[1024];
    const ssize_t size = recv(socket_, text, sizeof(text), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  std::string folder_;
  int socket_ = -1;
};

TEST_CASE("systemd is told each state in its own words") {
  const FakeSystemd systemd;
  const Notifier notifier;
  notifier.Ready();
  CHECK(systemd.Received() == "READY=1");
  notifier.Status("running: 3 msg/s\nREADY=0");
  CHECK(systemd.Received() == "STATUS=running: 3 msg/s READY=0");
  notifier.Stopping();
  CHECK(systemd.Received() == "STOPPING=1");
  notifier.ExtendTimeout(seconds(5));
  CHECK(systemd.Received() == "EXTEND_TIMEOUT_USEC=5000000");
  notifier.Ping();
  CHECK(systemd.Received() == "WATCHDOG=1");
  CHECK(systemd.Received() == "nothing");
}

TEST_CASE("a reload carries the monotonic time at which it began") {
  const FakeSystemd systemd;
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
  };
  const auto before = now();
  Notifier().Reloading();
  const auto after = now();
  const std::string received = systemd.Received();
  std::smatch match;
  REQUIRE(std::regex_match(received, match, std::regex("RELOADING=1\nMONOTONIC_USEC=(\\d+)")));
  CHECK(std::stoll(match[1]) >= before);
  CHECK(std::stoll(match[1]) <= after);
}

TEST_CASE("outside systemd telling does nothing") {
  unsetenv("NOTIFY_SOCKET");
  Notifier().Ready();
  setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  Notifier().Status("lost");
  unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(Notifier().watchdog());
}

TEST_CASE("the watchdog's interval is known if it watches this process") {
  setenv("WATCHDOG_USEC", "90000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(Notifier().watchdog() == seconds(90));
  setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(Notifier().watchdog());
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

TEST_CASE("signals are waited for, also when they came before the wait") {
  Signals signals;
  kill(getpid(), SIGHUP);
  CHECK(signals.Wait(seconds(10)) == Signal::kHangUp);
  kill(getpid(), SIGTERM);
  CHECK(signals.Wait(seconds(10)) == Signal::kTerminate);
  kill(getpid(), SIGINT);
  CHECK(signals.Wait(seconds(10)) == Signal::kTerminate);
  CHECK_FALSE(signals.Wait(milliseconds(0)));
}

TEST_CASE("a wait without a signal ends in time, and another signal does not end it early") {
  Signals signals;
  const auto ignore = std::signal(SIGUSR1, [](int) {});
  const pthread_t waiter = pthread_self();
  const TimePoint start = TimePoint::clock::now();
  std::jthread other([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pthread_kill(waiter, SIGUSR1);
      std::this_thread::yield();
    }
  });
  CHECK_FALSE(signals.Wait(milliseconds(30)));
  CHECK(TimePoint::clock::now() - start >= milliseconds(30));
  other.request_stop();
  other.join();
  std::signal(SIGUSR1, ignore);
}

TEST_CASE("a thread started later does not take the signals away") {
  Signals signals;
  std::jthread sleeper([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  kill(getpid(), SIGTERM);  // would end the process if any thread could take it
  CHECK(signals.Wait(seconds(10)) == Signal::kTerminate);
}

TEST_CASE("writing to a closed pipe is an error, not the end") {
  const Signals signals;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(write(ends[1], "x", 1) == -1);
  CHECK(errno == EPIPE);
  close(ends[1]);
}

}  // namespace
}  // namespace outbox
