// Spans of one kind at little cost: what they have in common is put together once and copied as one block when one of them starts.
//
//   static span_template const sending{"publish memo", span_kind::producer, span_type::publish, "skein", {{"messaging.system", "zeromq"}},
//                                      {{"messaging.message.id", artifact_id{}}}};
//   auto span = start_span(run, sending, {.parent = parent}, [&](span_beginning& with) { with.own(0, artifact.id).set("size", size); });
#pragma once

#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein {

/// An attribute that each span of a kind has, with a value of its own. What it is made with only says of which type: an id or a whole number.
struct own_attribute {
  /// An id of that type.
  template <class Tag, std::size_t N, id_text Text>
  constexpr own_attribute(std::string_view its_key, basic_id<Tag, N, Text> const&) noexcept : key(its_key), form(Text), bytes(N) {}
  /// A whole number.
  constexpr own_attribute(std::string_view its_key, std::int64_t) noexcept : key(its_key), bytes(sizeof(std::int64_t)) {}

  std::string_view key;          ///< Need not live longer than the template's constructor runs.
  std::optional<id_text> form;   ///< Of an id.
  std::size_t bytes;             ///< Of the value.
};

/// What all spans of a kind begin with. A value; immutable, so many threads may start spans like it.
class span_template {
 public:
  /// As in span_start. The values of `own`, which stand behind those of `preset`, are given by span_beginning::own().
  span_template(std::string_view name, span_kind kind, span_type type, std::string_view scope = {}, attributes const& preset = {},
                std::initializer_list<own_attribute> own = {});

 private:
  friend struct span_access;
  friend class span_beginning;
  struct place {
    std::size_t at, bytes;
  };

  std::string entries_;      // As they lie in a span.
  std::vector<place> own_;   // The values in `entries_` that each span has to itself.
  span_kind kind_;
  span_type type_;
  std::uint16_t has_ = 0;
  std::uint32_t attributes_ = 0;
  std::uint64_t keys_seen_ = 0;
};

/// What is known of one of them beyond that.
struct span_known {
  span_id id = {};                              ///< Empty = a random one.
  span_id parent = {};                          ///< Empty = a root.
  timestamp start{};                            ///< Zero = the recorder's clock.
  bool ends_run = false;                        ///< As in span_start.
};

/// A span that is about to start, seen by nobody else. It is in its `running` row with all that is set here.
class span_beginning {
 public:
  /// What it will be used for: a span that others see from its start on, or one that has ended.
  enum class use : std::uint8_t { start, record };
  /// For start_span and record_span.
  span_beginning(run_scope& run, span_template const& like, span_known const& known, use how);

  /// Whether it will be recorded; if not, nothing may be set.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr || draft_size_ > 0; }
  /// Gives one of the template's own attributes, by its place there, from 0, its value, of the type that it was made with. Each must get one before
  /// anything else is set.
  template <class Tag, std::size_t N, id_text Text>
  span_beginning& own(std::size_t which, basic_id<Tag, N, Text> const& id) noexcept { return put_own<N>(which, id.bytes().data()), *this; }
  /// The same for a number.
  span_beginning& own(std::size_t which, std::int64_t number) noexcept { return put_own<sizeof number>(which, &number), *this; }
  /// Adds an attribute.
  template <std::convertible_to<attribute_value> Value>
  span_beginning& set(std::string_view key, Value&& value) {
    return detail::put_value(*this, key, std::forward<Value>(value)), *this;
  }
  /// The same for an id, which becomes text only where it is read.
  template <class Tag, std::size_t N, id_text Text>
  span_beginning& set(std::string_view key, basic_id<Tag, N, Text> const& id) {
    return put_id(key, Text, {reinterpret_cast<char const*>(id.bytes().data()), N}), *this;
  }
  /// Adds a link.
  span_beginning& link(span_context const& to);

  /// For start_span: starts it.
  [[nodiscard]] span_handle start(std::shared_ptr<run_scope> run) &&;
  /// For record_span: it has ended.
  void record(timestamp ended, skein::status const& how) &&;

  // For set(), which leads here by the value's type.
  void put_attribute(std::string_view key, attribute_value const& value);   ///< Any value.
  void put_text(std::string_view key, std::string_view value);   ///< A text.
  void put_integer(std::string_view key, std::int64_t value);   ///< A whole number.
  void put_real(std::string_view key, double value);   ///< A number.
  void put_boolean(std::string_view key, bool value);   ///< Yes or no.
  void put_id(std::string_view key, id_text form, std::string_view digits);   ///< The bytes of an id, and how they are written.

 private:
  template <std::size_t Bytes>
  void put_own(std::size_t which, void const* value) noexcept {
    auto const& place = like_.own_[which];
    assert(entries_ != nullptr && place.bytes == Bytes);
    std::memcpy(entries_ + place.at, value, Bytes);
  }
  void put(std::uint8_t kind, std::string_view key, std::string_view value);
  void make_draft(span_known const& known);
  void make_state_of_draft();

  run_scope& run_;
  span_template const& like_;
  char* entries_ = nullptr;             // Those of the template, until others follow.
  std::shared_ptr<span_state> state_;   // Null where it is not recorded, and as long as there is a draft.
  span_context unrecorded_;
  // What is recorded in one step is put together here: it needs no state, because nobody else ever sees it. What is out of the ordinary
  // (a key twice, a link, more than there is room for) makes a state of it.
  std::size_t draft_size_ = 0;          // 0: there is none.
  std::uint64_t keys_seen_ = 0;
  std::uint32_t attributes_ = 0;
  alignas(std::uint64_t) std::array<char, 512> draft_;   // written before it is read
};

/// Starts a span of `run` (not null). It is not made current. `fill(span_beginning&)` adds what is its own; it is called only where the span is
/// recorded.
template <std::invocable<span_beginning&> Fill>
[[nodiscard]] span_handle start_span(std::shared_ptr<run_scope> run, span_template const& like, span_known const& known, Fill&& fill) {
  span_beginning begun{*run, like, known, span_beginning::use::start};
  if (begun) fill(begun);
  return std::move(begun).start(std::move(run));
}

/// Records a span that has ended already, in one step: it has no running row, and nobody else can set anything. `known.start` must be given.
template <std::invocable<span_beginning&> Fill>
void record_span(run_scope& run, span_template const& like, span_known const& known, timestamp ended, skein::status const& how, Fill&& fill) {
  span_beginning begun{run, like, known, span_beginning::use::record};
  if (!begun) return;
  fill(begun);
  std::move(begun).record(ended, how);
}

}  // namespace skein
