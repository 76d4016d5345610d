#include "metered_frame.hpp"

#include "happens_before.hpp"

#include <utility>

namespace skein::bus {

namespace {

struct given_frame {
  bytes data;
  std::shared_ptr<pipe_meter> meter;
};

void take_back(void*, void* hint) {
  takes_over(hint);
  std::unique_ptr<given_frame> const frame{static_cast<given_frame*>(hint)};
  frame->meter->subtract(frame->data.size());
}

}  // namespace

zmq::message_t make_frame(bytes&& data, std::shared_ptr<pipe_meter> const& meter) {
  if (data.size() <= copied_bytes_max) return zmq::message_t{data.data(), data.size()};
  auto given = std::make_unique<given_frame>(given_frame{std::move(data), meter});
  auto* const start = given->data.data();
  auto const size = given->data.size();
  meter->add(size);
  gives_away(given.get());
  zmq::message_t frame{start, size, take_back, given.get()};
  (void)given.release();
  return frame;
}

}  // namespace skein::bus
