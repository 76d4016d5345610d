// What both sides of the rows across processes have in common: transports, the window, and a process beside this one.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace floors {

/// Deliveries under way at once.
inline constexpr std::size_t window = 256;
/// Of each frame of the floor, and of a payload.
inline constexpr std::size_t frame_bytes = 200;

inline constexpr std::array<char const*, 3> transports = {"ipc", "tcp", "curve"};

/// Runs `work` in a process of its own until it returns or this ends. Made before the threads of this process.
class beside {
 public:
  explicit beside(std::function<void()> const& work);
  beside(beside const&) = delete;
  beside& operator=(beside const&) = delete;
  ~beside();
  /// CPU time that it has used so far, all of its threads, in seconds.
  [[nodiscard]] double cpu() const;

 private:
  ::pid_t pid_;
};

}  // namespace floors
