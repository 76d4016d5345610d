// Stands between two ends of a TCP connection and keeps every byte that passes.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

namespace skein::bus::testing {

/// Carries one connection.
class recording_proxy {
 public:
  explicit recording_proxy(std::string target);
  ~recording_proxy();
  recording_proxy(recording_proxy const&) = delete;
  recording_proxy& operator=(recording_proxy const&) = delete;

  [[nodiscard]] std::string endpoint() const { return endpoint_; }
  /// What has passed so far, in both directions.
  [[nodiscard]] std::string recorded() const;

 private:
  void carry();
  [[nodiscard]] bool pass(int from, int to);

  std::string target_, endpoint_;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::mutex mutable mutex_;
  std::string recorded_;
  std::thread thread_;
};

}  // namespace skein::bus::testing
