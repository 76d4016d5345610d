// Interned shapes: what many spans have in common (name, kind, type, service, scope, and the attributes that they begin with) is stored once and
// named by a small number.
#pragma once

#include <skein/tracing/span_view.hpp>
#include <skein/tracing/sqlite.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skein {

class shape_numbers {
 public:
  /// What a span need not say, for its shape says it.
  struct said_part {
    std::size_t bytes = 0;    ///< So much of its entries, from the first on. 0: nothing.
    bool next_key = false;    ///< And the key of the attribute that follows.
  };
  struct shape {
    std::int64_t no = 0;
    std::uint64_t name_hash = 0;
    said_part said;
  };

  /// `file` must outlive this.
  [[nodiscard]] static result<shape_numbers> make(sqlite::database& file, std::string service);
  /// The number of a span's shape, stored if it is a new one.
  [[nodiscard]] result<shape> of(span_view span);

 private:
  /// A shape as its spans begin: compared as bytes.
  struct recent_shape : shape {
    span_kind kind{};
    span_type type{};
    std::uint16_t named = 0;     // Which of the entries that name it a span has.
    std::string beginning;       // Of the entries of its spans, up to what the shape says.

    [[nodiscard]] bool is_of(span_view span) const noexcept;
  };
  /// Spans of one name, kind, type, service and scope. The attributes that they are taken to begin with are those that two of them had in common; they
  /// get fewer when one comes that begins otherwise, never more: a program, and the file, see only so many shapes of a family. The key of an id that
  /// follows them counts as one of them.
  struct family {
    std::uint64_t name_hash = 0;
    std::int64_t plain_no = 0;           // The shape without attributes; 0 = not known.
    std::int64_t no = 0;                 // That with `head`; 0 = not known.
    std::optional<std::string> head;     // The attributes as JSON, without its end. Nothing until there are spans to compare.
    std::optional<std::string> bytes;    // As spans have it in memory; a span that begins so needs no comparing of JSON.
    said_part said;                      // By `head`, of the attributes of a span that begins so.
    std::optional<std::string> first;    // What the only ended span began with, as JSON.
  };

  struct beginning;

  [[nodiscard]] static beginning beginning_of(span_view span) noexcept;
  [[nodiscard]] result<shape> find(span_view span, recent_shape& recent);
  [[nodiscard]] result<family*> family_of(span_view span);
  static void learn(family& known, beginning const& from);
  [[nodiscard]] result<std::int64_t> number(span_view span, std::string_view head);
  void bind(sqlite::statement& to, span_view span) const;

  sqlite::database* file_ = nullptr;
  std::string service_;  // Of spans that name none.
  sqlite::statement find_, find_newest_, insert_;
  std::string key_;      // Reused between calls.
  std::unordered_map<std::string, family> known_;
  std::array<recent_shape, 64> recent_;
};

}  // namespace skein
