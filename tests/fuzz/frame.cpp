#include "check.hpp"
#include "targets.hpp"

#include <skein/bus/codec.hpp>

namespace skein::fuzz {

void frame(bytes_in data) {
  bytes_view const view = std::as_bytes(data);
  auto const read = bus::decode(view);
  if (!read) return;
  auto const written = bus::encode(*read);
  promise(written.ok(), "a message that was read can be written");
  auto const again = bus::decode({written->data(), written->size()});
  promise(again.ok(), "a message that was written can be read");
  auto const rewritten = bus::encode(*again);
  promise(rewritten.ok() && *rewritten == *written, "reading and writing settle after one round");
}

}  // namespace skein::fuzz
