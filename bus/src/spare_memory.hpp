// Memory of texts and lists that are done with, for the next ones.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace skein::bus {

/// Moves what has memory of its own there, with what is in it, up to so many.
template <class T>
void keep_memory(T& from, std::vector<T>& to, std::size_t capacity_of_none = 0) {
  constexpr std::size_t kept_max = 1'024;
  if (from.capacity() <= capacity_of_none || to.size() == kept_max) return;
  to.push_back(std::move(from));
}

/// Gives one that is empty some of it, where there is any.
template <class T>
void use_memory(std::vector<T>& from, T& to) {
  if (from.empty()) return;
  to.swap(from.back());
  from.pop_back();
}

}  // namespace skein::bus
