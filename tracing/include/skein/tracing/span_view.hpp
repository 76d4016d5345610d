// A recorded span where it lies in memory: every member without a copy and without an allocation, or all of it as a span_record.
#pragma once

#include <skein/tracing/attribute_view.hpp>
#include <skein/tracing/span_record.hpp>

#include <concepts>
#include <string_view>

namespace skein {

/// An event of a span.
struct event_view {
  timestamp time{};              ///< Wall-clock.
  std::string_view name;         ///< What happened.
  attributes_view attributes;    ///< What is known of it.
};

/// A link of a span.
struct link_view {
  span_context target;           ///< May be of another trace.
  attributes_view attributes;    ///< Why they are linked.
};

/// One span of a span_batch. A value (a pointer), valid as long as the batch is unchanged. The members mean what those of span_record do.
class span_view {
 public:
  /// For span_batch.
  explicit span_view(char const* at) noexcept : bytes_(at) {}

  [[nodiscard]] span_context context() const noexcept;            ///< Its trace, its id and the trace's flags.
  [[nodiscard]] span_id parent() const noexcept;                  ///< Empty for a root.
  [[nodiscard]] run_id run() const noexcept;                      ///< The run that it is part of.
  [[nodiscard]] std::string_view name() const noexcept;           ///< What is done.
  [[nodiscard]] span_kind kind() const noexcept;                  ///< Which side of a call it is.
  [[nodiscard]] span_type type() const noexcept;                  ///< What it stands for.
  [[nodiscard]] status_code status() const noexcept;              ///< How it went so far.
  [[nodiscard]] std::string_view status_message() const noexcept; ///< Only with status error.
  [[nodiscard]] timestamp start() const noexcept;                 ///< Wall-clock.
  [[nodiscard]] timestamp end() const noexcept;                   ///< Zero while it is running.
  [[nodiscard]] std::string_view service() const noexcept;        ///< Empty = the store's own process.
  [[nodiscard]] std::string_view scope() const noexcept;          ///< "skein" for Skein's own spans.
  [[nodiscard]] std::string_view inputs() const noexcept;         ///< JSON text, or empty.
  [[nodiscard]] std::string_view outputs() const noexcept;        ///< JSON text, or empty.

  /// In the order in which they were set.
  [[nodiscard]] attributes_view attributes() const noexcept;
  [[nodiscard]] bool has_events() const noexcept;                 ///< Whether for_each_event has anything to see.
  [[nodiscard]] bool has_links() const noexcept;                  ///< Whether for_each_link has anything to see.
  [[nodiscard]] bool has_service() const noexcept;                ///< Whether service() is not empty; does not look for it.
  /// Calls `see(event_view const&)` for each, in the order in which they happened.
  template <std::invocable<event_view const&> See>
  void for_each_event(See&& see) const {
    event_view each;
    for (auto rest = entries(); next(rest, each);) see(static_cast<event_view const&>(each));
  }
  /// Calls `see(link_view const&)` for each, in the order in which they were added.
  template <std::invocable<link_view const&> See>
  void for_each_link(See&& see) const {
    link_view each;
    for (auto rest = entries(); next(rest, each);) see(static_cast<link_view const&>(each));
  }

  /// Copies all of it into `out`, whose memory is used again.
  void read(span_record& out) const;
  /// A copy.
  [[nodiscard]] span_record record() const;

  /// The bytes that it is made of: what span_batch and recorders copy it by. Their layout is this process's own business.
  [[nodiscard]] std::string_view bytes() const noexcept;

 private:
  [[nodiscard]] std::string_view entries() const noexcept;
  static bool next(std::string_view& rest, event_view& out) noexcept;
  static bool next(std::string_view& rest, link_view& out) noexcept;

  char const* bytes_;
};

}  // namespace skein
