// Interned shapes: what many spans have in common (name, kind, type, service, scope) is stored once and named by a small number.
#pragma once

#include <skein/tracing/span_view.hpp>
#include <skein/tracing/sqlite.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace skein {

class shape_numbers {
 public:
  struct shape {
    std::int64_t no = 0;
    std::uint64_t name_hash = 0;
  };

  /// `file` must outlive this.
  [[nodiscard]] static result<shape_numbers> make(sqlite::database& file, std::string service);
  /// The number of a span's shape, stored if it is a new one.
  [[nodiscard]] result<shape> of(span_view span);

 private:
  struct recent_shape : shape {
    span_kind kind{};
    span_type type{};
    std::string name, service, scope;
  };

  [[nodiscard]] result<shape> find(span_view span);
  [[nodiscard]] result<std::int64_t> store(span_view span, std::string_view service);

  sqlite::database* file_ = nullptr;
  std::string service_;  // Of spans that name none.
  sqlite::statement find_, insert_;
  std::string key_;      // Reused between calls.
  std::unordered_map<std::string, shape> known_;
  std::array<recent_shape, 16> recent_;
};

}  // namespace skein
