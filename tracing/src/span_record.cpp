#include <skein/tracing/span_record.hpp>

#include <array>

namespace skein {
namespace {

template <std::size_t N, class Enum>
std::string_view name_of(std::array<std::string_view, N> const& names, Enum value) noexcept {
  auto const index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{};
}

}  // namespace

std::string_view to_string(span_kind kind) noexcept {
  static constexpr std::array<std::string_view, 5> names{"INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
  return name_of(names, kind);
}

std::string_view to_string(span_type type) noexcept {
  static constexpr std::array<std::string_view, 14> names{"",          "workflow",  "agent",  "task",     "tool",   "llm",     "chain",
                                                          "retriever", "embedding", "parser", "reranker", "memory", "publish", "wait"};
  return name_of(names, type);
}

std::string_view to_string(status_code status) noexcept {
  static constexpr std::array<std::string_view, 5> names{"unset", "ok", "error", "running", "interrupted"};
  return name_of(names, status);
}

std::string_view to_string(run_status status) noexcept {
  static constexpr std::array<std::string_view, 5> names{"running", "completed", "failed", "cancelled", "interrupted"};
  return name_of(names, status);
}

}  // namespace skein
