// What was found last under its name: a few names are asked for again and again.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace skein {

/// Not thread-safe. Names that share a place take turns in it.
template <class T>
class recent_names {
 public:
  /// Where what has this name stands if it was found lately: null, or the last one with a name like it. The caller looks at its name, and puts in what it finds.
  [[nodiscard]] T*& place_of(std::string_view name) noexcept {
    return places_[(name.size() + (name.empty() ? 0u : static_cast<unsigned char>(name.back()))) % places_.size()];
  }
  /// It is gone.
  void forget(std::string_view name, T const* gone) noexcept {
    if (T*& known = place_of(name); known == gone) known = nullptr;
  }

 private:
  std::array<T*, 16> places_{};
};

}  // namespace skein
