// The folder of public keys that a hub lets in: NAME.key each. Read whole, and again when something in it has changed.
#pragma once

#include <skein/registry/error.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skein::bus {

/// Not thread-safe.
class allow_list {
 public:
  /// errc::not_found (the folder), corrupt (a key file in it), io_failed.
  [[nodiscard]] static result<allow_list> read(std::string folder);

  /// Who has this public key (Z85); nullptr = nobody who may come in.
  [[nodiscard]] std::string const* name_of(std::string_view public_key) const;
  /// Reads the folder again when it has changed since, or `always`; whether the keys differ from before. What cannot be read any more is not
  /// let in: a broken file takes its own key away, a missing folder all. `problem` is called with a sentence for each.
  template <class Problem>
  bool refresh(bool always, Problem&& problem) {
    if (!always && !changed()) return false;
    auto const before = keys_;
    for (auto const& one : scan()) problem(one.what());
    return keys_ != before;
  }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

 private:
  explicit allow_list(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::vector<error> scan();
  [[nodiscard]] bool changed() const;
  [[nodiscard]] std::vector<std::string> fingerprint() const;

  std::string folder_;
  std::map<std::string, std::string, std::less<>> keys_;  // public key → name
  std::vector<std::string> seen_;                         // fingerprint of the last scan
};

}  // namespace skein::bus
