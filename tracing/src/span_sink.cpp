#include <skein/tracing/span_sink.hpp>

namespace skein {

result<void> span_sink::flush() { return {}; }

void span_sink::rest() noexcept {}

bool span_sink::wants_running() const noexcept { return true; }

void span_sink::attached(std::weak_ptr<recorder>) {}

}  // namespace skein
