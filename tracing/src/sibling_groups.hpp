// The spans of one run by parent and name, as far as the labels of those to come need them. Nearly each span of a run has a group of its own, so a
// group costs no allocation: they lie in blocks, and who has one of these uses its memory for run after run.
#pragma once

#include <skein/registry/flat_index.hpp>
#include <skein/registry/ids.hpp>
#include <skein/tracing/span_record.hpp>

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace skein {

struct incoming_span;

/// A sibling whose row is there.
struct stored_sibling {
  timestamp start{};
  span_id id;
  std::int64_t row = 0;       ///< span_rows.no.
  std::int64_t ordinal = 0;   ///< As the row has it.
};

/// How far the spans of one parent and name are counted.
struct sibling_count {
  std::uint32_t count = 0;
  timestamp newest_start{};       ///< Of the last one in the order of labels: by start, then span id.
  span_id newest_span;
  incoming_span* first_incoming = nullptr; ///< The first one, while it has no row.
  std::uint64_t batch = 0;                 ///< The newest batch that had one.
};

/// Spans of one parent and name. `label` needs their place in start order and whether there is more than one.
struct sibling_group : sibling_count {
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t placed = 0;                           ///< How many have a row.
  std::uint32_t displaced_from = none;                ///< From this one of `tail` on, rows may have other ordinals than their places say.
  boost::container::small_vector<stored_sibling, 1> tail;   ///< The last ones that have a row, in the order of labels: a late one finds its place.
};

struct sibling_key {
  span_id parent;
  std::uint64_t name = 0;  ///< A hash of the name.
  friend bool operator==(sibling_key const&, sibling_key const&) = default;
};

/// Groups stay where they are until clear().
class sibling_groups {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Groups that there is memory for.
  [[nodiscard]] std::size_t capacity() const noexcept { return blocks_.size() * block_groups; }
  /// The group under `key`, made empty (count = 0) if it is not here.
  [[nodiscard]] sibling_group& at(sibling_key const& key);
  /// Forgets all; memory of tails that grew goes back.
  void clear() noexcept;

  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t i = 0; i < size_; ++i) visit(entry_at(i).group);
  }

 private:
  static constexpr std::size_t block_groups = 64;
  struct entry {
    sibling_key key;
    std::uint32_t same_hash = 0;   // Another entry.
    sibling_group group;
  };

  [[nodiscard]] entry& entry_at(std::size_t index) noexcept { return (*blocks_[index / block_groups])[index % block_groups]; }

  flat_index<std::uint32_t, std::uint32_t> first_of_;   // Numbers of entries, from 1, by hash.
  std::vector<std::unique_ptr<std::array<entry, block_groups>>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace skein
