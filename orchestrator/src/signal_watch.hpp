// For stop_on_signals: a thread that waits for SIGINT or SIGTERM.
#pragma once

#include <skein/bus/quiet_thread.hpp>

#include <skein/agents/stop_signals.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace skein {

/// Calls `stop` once, on its own thread, when the first signal comes. Destruction puts the earlier handlers back.
class signal_watch {
 public:
  /// Throws errc::misuse when something else of this process watches them.
  explicit signal_watch(std::function<void()> stop) : signals_(agents::stop_signals::install().value()) {
    thread_ = quiet_thread("skein-signals", [this, stop = std::move(stop)] {
      for (bool told = false; !quit_; signals_->wait({})) {
        if (told || signals_->received() == 0) continue;
        told = true;
        stop();
      }
    });
  }
  signal_watch(signal_watch const&) = delete;
  signal_watch& operator=(signal_watch const&) = delete;
  ~signal_watch() {
    quit_ = true;
    signals_->wake();
    thread_.join();
  }

 private:
  std::unique_ptr<agents::stop_signals> signals_;
  std::atomic<bool> quit_ = false;
  std::thread thread_;
};

}  // namespace skein
