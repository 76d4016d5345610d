// Two network namespaces with a wire between them that can be cut, and a recorder of what passes on it. Needs iproute2 and root, or a kernel
// that lets users make user namespaces.
#pragma once

#include "child.hpp"

#include <string>

namespace skein::testing {

class two_networks {
 public:
  static constexpr char const* near_address = "10.77.0.1";   ///< Inside `near`, at its end of the wire.

  /// Throws std::runtime_error that says what is missing.
  two_networks();
  two_networks(two_networks const&) = delete;
  two_networks& operator=(two_networks const&) = delete;
  ~two_networks();

  [[nodiscard]] network_namespace near() const noexcept { return near_; }
  [[nodiscard]] network_namespace far() const noexcept { return far_; }
  /// From here on no packet passes.
  void cut() const;
  void mend() const;

 private:
  void make();
  void ip(network_namespace const& where, std::string const& arguments) const;

  network_namespace near_, far_;
};

/// Writes every packet that passes `near`'s end of the wire into a file, whole and in order.
class wire_recorder {
 public:
  wire_recorder(two_networks const& networks, std::string file);
  wire_recorder(wire_recorder const&) = delete;
  wire_recorder& operator=(wire_recorder const&) = delete;
  ~wire_recorder();

  /// What has passed so far.
  [[nodiscard]] std::string recorded() const;

 private:
  std::string file_;
  ::pid_t pid_ = 0;
};

}  // namespace skein::testing
