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
  frame->meter->give_back(std::move(frame->data));
}

}  // namespace

zmq::message_t make_frame(frame_batch& from, std::shared_ptr<pipe_meter> const& meter) {
  auto const whole = from.whole();
  if (whole.size() <= copied_bytes_max) {
    zmq::message_t frame{whole.data(), whole.size()};
    from.clear();
    return frame;
  }
  auto given = std::make_unique<given_frame>(given_frame{from.release(), meter});
  from.clear(meter->take_spare());
  meter->add(given->data.size());
  gives_away(given.get());
  // libzmq reads it only.
  zmq::message_t frame{const_cast<std::byte*>(whole.data()), whole.size(), take_back, given.get()};
  (void)given.release();
  return frame;
}

}  // namespace skein::bus
