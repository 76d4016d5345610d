// An index of numbers that are given one after the other and mostly erased soon: most stand where their number says.
#pragma once

#include <skein/registry/flat_index.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace skein::bus {

/// As flat_index, for numbers above 0. A number that still stands when a later one needs its place moves to an index of its own.
template <class Value>
class numbered_index {
  using others = flat_index<std::uint64_t, Value>;

 public:
  using slot = typename others::slot;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// nullptr when there is none.
  [[nodiscard]] Value const* find(std::uint64_t no) const noexcept {
    slot const& here = slots_[place(no)];
    if (here.key == no) return here.value == Value{} ? nullptr : &here.value;
    return displaced_.find(no);
  }

  /// The entry of a number that has none: the caller gives it a value other than Value{} before anything else.
  [[nodiscard]] Value& operator[](std::uint64_t no) {
    if (++size_ * 2 > slots_.size()) resize(slots_.size() * 2);
    return make(no);
  }

  /// What stood there; Value{} when there was none.
  Value extract(std::uint64_t no) {
    slot& here = slots_[place(no)];
    Value const taken = here.key == no ? std::exchange(here, {}).value : displaced_.extract(no);
    if (taken == Value{}) return taken;
    --size_;
    if (size_ * 16 < slots_.size() && slots_.size() > kept_small) resize(std::max(slots_.size() / 4, kept_small));
    return taken;
  }

  /// In no particular order; nothing may be inserted or erased meanwhile.
  template <class Visit>
  void each(Visit visit) const {
    for (auto const part : parts()) {
      for (slot const& here : part) {
        if (here.value != Value{}) visit(here.key, here.value);
      }
    }
  }

  /// Where all entries are; a slot without a value is none.
  [[nodiscard]] index_parts<slot> parts() const noexcept { return {std::span<slot const>{slots_}, displaced_.parts().front()}; }

 private:
  static constexpr std::size_t kept_small = 4'096;   // what fills and empties again and again stays that large

  [[nodiscard]] std::size_t place(std::uint64_t no) const noexcept { return no & (slots_.size() - 1); }

  Value& make(std::uint64_t no) {
    slot& here = slots_[place(no)];
    if (here.value != Value{}) displaced_[here.key] = std::exchange(here.value, {});
    here.key = no;
    return here.value;
  }

  void resize(std::size_t to) {
    std::vector<slot> const old = std::exchange(slots_, std::vector<slot>(to));
    others const away = std::exchange(displaced_, {});
    auto const insert = [this](std::uint64_t no, Value value) {
      if (value != Value{}) make(no) = value;
    };
    for (slot const& one : old) insert(one.key, one.value);
    away.each(insert);
  }

  std::vector<slot> slots_ = std::vector<slot>(64);   // a power of two, at least twice as many as there are entries
  others displaced_;
  std::size_t size_ = 0;
};

}  // namespace skein::bus
