#include <skein/registry/error.hpp>

namespace skein {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::misuse: return "misuse";
    case errc::busy: return "busy";
    case errc::timeout: return "timeout";
    case errc::locked: return "locked";
    case errc::cancelled: return "cancelled";
    case errc::ledger_failed: return "ledger_failed";
    case errc::io_failed: return "io_failed";
    case errc::corrupt: return "corrupt";
    case errc::bad_payload: return "bad_payload";
    case errc::bad_message: return "bad_message";
    case errc::bad_context: return "bad_context";
    case errc::unsupported_version: return "unsupported_version";
    case errc::type_conflict: return "type_conflict";
    case errc::not_found: return "not_found";
    case errc::ambiguous: return "ambiguous";
    case errc::too_large: return "too_large";
    case errc::undeclared_output: return "undeclared_output";
    case errc::handler_failed: return "handler_failed";
    case errc::stale: return "stale";
    case errc::limit_reached: return "limit_reached";
    case errc::blocked: return "blocked";
  }
  return "unknown";  // A number from a peer that knows more codes than this program.
}

error::error(errc code, std::string what, std::string where) {
  std::string text;
  if (!where.empty()) text.append(where).append(": ");
  text.append(what).append(" (").append(to_string(code)).append(")");
  state_ = std::make_shared<state const>(state{code, std::move(what), std::move(where), std::move(text)});
}

}  // namespace skein
