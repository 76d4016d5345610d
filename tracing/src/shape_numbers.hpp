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
  struct shape {
    std::int64_t no = 0;
    std::uint64_t name_hash = 0;
    std::size_t said_bytes = 0;   ///< So many of the span's entries, from the first on, are attributes that the shape has. 0: it has none.
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
    std::string beginning;       // The entries of its spans, up to the last that the shape says.
  };
  /// Spans of one name, kind, type, service and scope. The attributes that they are taken to begin with are those that two of them had in common; they
  /// get fewer when one comes that begins otherwise, never more: a program, and the file, see only so many shapes of a family.
  struct family {
    std::uint64_t name_hash = 0;
    std::int64_t plain_no = 0;           // The shape without attributes; 0 = not known.
    std::int64_t no = 0;                 // That with `head`; 0 = not known.
    std::optional<std::string> head;     // The attributes as JSON, without its end. Nothing until there are spans to compare.
    std::optional<std::string> bytes;    // As spans have them in memory; a span that begins so needs no comparing of JSON.
    std::optional<std::string> first;    // What the only ended span began with, as JSON.
  };

  [[nodiscard]] result<shape> find(span_view span, recent_shape& recent);
  [[nodiscard]] result<family*> family_of(span_view span);
  static void learn(family& known, std::string_view attributes);
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
