#include "codec_kind.hpp"

namespace skein::bus::wire {

std::string_view name_of(kind value) noexcept {
  switch (value) {
    case kind::hello: return "HELLO";
    case kind::welcome: return "WELCOME";
    case kind::deliver: return "DELIVER";
    case kind::done: return "DONE";
    case kind::done_ok: return "DONE_OK";
    case kind::stale: return "STALE";
    case kind::beat: return "BEAT";
    case kind::goodbye: return "GOODBYE";
    case kind::hello_again: return "HELLO_AGAIN";
    case kind::refused: return "REFUSED";
    case kind::nack: return "NACK";
    case kind::drain: return "DRAIN";
    case kind::cancel: return "CANCEL";
    case kind::publish: return "PUBLISH";
    case kind::publish_ok: return "PUBLISH_OK";
    case kind::progress: return "PROGRESS";
    case kind::checkpoint_get: return "CHECKPOINT_GET";
    case kind::checkpoint_put: return "CHECKPOINT_PUT";
    case kind::query: return "QUERY";
    case kind::query_result: return "QUERY_RESULT";
  }
  return {};
}

}  // namespace skein::bus::wire
