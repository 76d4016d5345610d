#include "support/link_ends.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

namespace skein::bus::testing {
namespace {

using skein::testing::temporary_folder;

/// The next message of this kind; others are dropped.
template <class Kind>
Kind take(hub_end& hub) {
  return std::get<Kind>(hub.arrived.take_until([](arrival const& one) { return std::holds_alternative<Kind>(one.what); }).what);
}

host_link_options quick(std::string const& endpoint) {
  auto options = worker_end::options_for(endpoint);
  options.session.beat = options.session.repeat = std::chrono::milliseconds{10};
  return options;
}

TEST(host_link, says_that_nobody_answers_and_connects_when_somebody_does) {
  temporary_folder const folder;
  auto const endpoint = "ipc://" + folder / "hub.sock";
  worker_end worker{endpoint};
  EXPECT_NE(worker.wait_for(link_state::connecting).why.find("nobody answers at " + endpoint), std::string::npos);
  hub_end hub{endpoint};
  (void)worker.wait_for(link_state::welcomed);
  exchange(hub, hub.wait_for("worker"), 10);
}

TEST(host_link, comes_back_to_a_hub_that_was_restarted) {
  temporary_folder const folder;
  std::string endpoint = "tcp://127.0.0.1:*";
  for (auto const& first : {"ipc://" + folder / "hub.sock", endpoint}) {
    auto hub = std::make_unique<hub_end>(first);
    auto const where = hub->endpoint();
    worker_end worker{where};
    exchange(*hub, hub->wait_for("worker"), 100);
    (void)worker.wait_for(link_state::welcomed);
    for (int restart = 0; restart < 3; ++restart) {
      hub.reset();
      EXPECT_NE(worker.wait_for(link_state::connecting).why.find(where), std::string::npos);
      hub = std::make_unique<hub_end>(where);
      (void)worker.wait_for(link_state::welcomed);
      exchange(*hub, hub->wait_for("worker"), 100);
    }
  }
}

TEST(host_link, reports_after_a_reconnect_what_was_finished_meanwhile) {
  temporary_folder const folder;
  auto const endpoint = "ipc://" + folder / "hub.sock";
  auto hub = std::make_unique<hub_end>(endpoint);
  worker_end worker{worker_end::options_for(endpoint), false};
  hub->link->send(hub->wait_for("worker"), deliver{1, {sample_delivery(1), sample_delivery(2)}});
  auto const first = worker.started.take().activation, second = worker.started.take().activation;
  (void)worker.wait_for(link_state::welcomed);
  hub.reset();
  (void)worker.wait_for(link_state::connecting);
  done result;
  result.activation = first;
  worker.link->complete(std::move(result));
  EXPECT_EQ(worker.link->held(), (std::vector{first, second}));
  hub = std::make_unique<hub_end>(endpoint);
  EXPECT_EQ(take<hello>(*hub).held, (std::vector{first, second}));
  hub->wait_for_dones(1);
  EXPECT_TRUE(worker.started.empty());
}

TEST(host_link, ends_when_the_hub_refuses_it) {
  temporary_folder const folder;
  hub_end hub{{.endpoints = {"ipc://" + folder / "hub.sock"}}, true};
  worker_end worker{quick(hub.endpoint())};
  hub.link->send(hub.wait_for("worker"), refused{errc::unsupported_version, "this hub speaks 7 to 9"});
  EXPECT_NE(worker.wait_for(link_state::refused).why.find("this hub speaks 7 to 9"), std::string::npos);
  worker.link->drain();
  EXPECT_EQ(worker.link->state(), link_state::refused);
}

TEST(host_link, says_hello_until_it_is_welcomed) {
  temporary_folder const folder;
  hub_end hub{{.endpoints = {"ipc://" + folder / "hub.sock"}}, true};
  worker_end worker{quick(hub.endpoint())};
  host_key key = 0;
  for (int i = 0; i < 3; ++i) key = hub.wait_for("worker");
  EXPECT_EQ(worker.link->state(), link_state::connecting);
  hub.link->send(key, welcome{1, 1});
  (void)worker.wait_for(link_state::welcomed);
}

TEST(host_link, leaves_when_nothing_is_held_any_more) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  worker_end worker{worker_end::options_for(hub.endpoint()), false};
  auto const key = hub.wait_for("worker");
  hub.link->send(key, deliver{1, {sample_delivery(1)}});
  auto const running = worker.started.take().activation;
  hub.link->send(key, drain{});
  worker.drains.wait(0);
  worker.link->drain();
  hub.link->send(key, deliver{2, {sample_delivery(2)}});
  hub.wait_for_dones(1);  // given back, unstarted
  EXPECT_EQ(worker.link->state(), link_state::welcomed);
  done result;
  result.activation = running;
  worker.link->complete(std::move(result));
  (void)take<goodbye>(hub);
  (void)worker.wait_for(link_state::left);
  EXPECT_TRUE(worker.started.empty());
}

/// Between hearing of the hub and waiting for it, which is where it once waited for ever with its goodbye said.
TEST(host_link, leaves_also_when_it_is_drained_as_it_tells_of_its_welcome) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  for (bool const lends_its_thread : {false, true}) {
    std::atomic<host_link*> made = nullptr;
    mailbox<link_state> states;
    host_link_receivers to;
    to.changed = [&](link_state state, std::string const&) {
      made.wait(nullptr);
      if (state == link_state::welcomed) made.load()->drain();
      states.put(state);
    };
    if (lends_its_thread) to.work = [](auto const&) {};
    auto const worker = host_link::open(worker_end::options_for(hub.endpoint()), system_clock(), std::move(to)).value();
    made = worker.get();
    made.notify_all();
    (void)states.take_until([](link_state state) { return state == link_state::left; });
    (void)take<goodbye>(hub);
  }
}

TEST(host_link, drops_what_the_hub_cancels) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  worker_end worker{worker_end::options_for(hub.endpoint()), false};
  auto const key = hub.wait_for("worker");
  hub.link->send(key, deliver{1, {sample_delivery(1)}});
  auto const running = worker.started.take().activation;
  hub.link->send(key, cancel{running});
  EXPECT_EQ(worker.dropped.take(), running);
}

TEST(host_link, asks_until_it_is_answered) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  worker_end worker{quick(hub.endpoint())};
  auto const key = hub.wait_for("worker");
  worker.link->ask({.number = 4, .type = "t", .limit = 9});
  for (int i = 0; i < 3; ++i) {
    auto const asked = take<query>(hub);
    EXPECT_EQ(asked.number, 4u);
    EXPECT_EQ(asked.limit, 9u);
  }
  hub.link->send(key, query_result{.number = 3});  // nobody asked
  hub.link->send(key, query_result{.number = 4, .artifacts = sample_delivery(1).inputs, .truncated = true});
  auto const answer = worker.answers.take();
  EXPECT_EQ(answer.number, 4u);
  EXPECT_EQ(answer.artifacts.size(), 1u);
  EXPECT_TRUE(answer.truncated);
}

TEST(host_link, tells_progress_once_and_only_while_it_is_welcome) {
  temporary_folder const folder;
  auto const endpoint = "ipc://" + folder / "hub.sock";
  auto options = quick(endpoint);
  worker_end worker{options};
  auto const say = [&](std::uint64_t number) {
    worker.link->tell({.activation = sample_delivery(1).activation, .agent = "cook", .number = number, .text = "40 %"});
  };
  (void)worker.wait_for(link_state::connecting);
  say(1);  // nobody is there
  hub_end hub{endpoint};
  (void)worker.wait_for(link_state::welcomed);
  say(2);
  auto const first = take<progress>(hub);
  EXPECT_EQ(first.number, 2u);
  EXPECT_EQ(first.agent, "cook");
  EXPECT_EQ(first.text, "40 %");
  say(3);
  EXPECT_EQ(take<progress>(hub).number, 3u);
}

TEST(host_link, forgets_a_question) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  worker_end worker{quick(hub.endpoint())};
  auto const key = hub.wait_for("worker");
  worker.link->ask({.number = 1, .type = "t"});
  (void)take<query>(hub);
  worker.link->forget_question(1);
  hub.link->send(key, query_result{.number = 1});
  worker.link->ask({.number = 2, .type = "t"});
  hub.arrived.take_until([](arrival const& one) {
    auto const* const asked = std::get_if<query>(&one.what);
    return asked != nullptr && asked->number == 2;
  });
  hub.link->send(key, query_result{.number = 2});
  EXPECT_EQ(worker.answers.take().number, 2u);
}

TEST(host_link, reports_a_result_that_does_not_fit_as_failed_for_good) {
  temporary_folder const folder;
  hub_end hub{{.endpoints = {"ipc://" + folder / "hub.sock"}}, true};
  auto options = worker_end::options_for(hub.endpoint());
  options.frame_bytes_max = 4'000;
  worker_end worker{std::move(options), false};
  auto const first = hub.arrived.take();
  hub.link->send(first.from, welcome{1, 1});
  hub.link->send(first.from, deliver{1, {sample_delivery(1)}});
  done big;
  big.activation = worker.started.take().activation;
  big.children.resize(1);
  big.children.front().type = "t";
  big.children.front().payload = payload{bytes(5'000, std::byte{1})};
  big.spans = {span_record{.context = {sample_id<trace_id>(1), sample_id<span_id>(1), 1}}};
  worker.link->complete(std::move(big));
  auto const got = take<done>(hub);
  EXPECT_EQ(got.outcome, outcome::permanent);
  EXPECT_EQ(got.error_type, "too_large");
  EXPECT_NE(got.what.find("4000"), std::string::npos) << got.what;
  EXPECT_TRUE(got.children.empty());
  EXPECT_EQ(got.spans.size(), 1u);
}

TEST(host_link, lets_its_owner_add_spans_to_beats) {
  temporary_folder const folder;
  mailbox<arrival> arrived;
  std::atomic<network_link*> hub = nullptr;
  auto const link =
      network_link::open({.endpoints = {"ipc://" + folder / "hub.sock"}}, [&](host_key from, std::span<message> all, std::string_view) {
        hub.wait(nullptr);
        for (auto& what : all) {
          if (auto const* const greeting = std::get_if<hello>(&what)) hub.load()->send(from, welcome{1, greeting->instance});
          arrived.put({from, std::move(what), {}});
        }
      }).value();
  hub = link.get();
  hub.notify_all();
  host_link_receivers to;
  to.beating = [](beat& alive) {
    span_record running;
    running.context = {sample_id<trace_id>(1), sample_id<span_id>(2), 1};
    running.name = "at work";
    alive.spans = {running};
  };
  auto const worker = host_link::open(quick(link->endpoints().front()), system_clock(), std::move(to)).value();
  auto const got = arrived.take_until([](arrival const& one) { return std::holds_alternative<beat>(one.what); });
  EXPECT_EQ(std::get<beat>(got.what).spans[0].name, "at work");
  EXPECT_NE(std::get<beat>(got.what).sent_at, timestamp{});
}

/// A worker whose link lends it a thread. Each attempt waits for `open`, then is done.
struct lent_thread {
  explicit lent_thread(std::string const& endpoint) {
    host_link_receivers to;
    to.start = [this](std::vector<delivery>&& work) {
      for (auto& one : work) started.put(std::move(one));
    };
    to.drain = [this] {
      open = true;
      open.notify_all();
    };
    to.work = [this](auto const&) {
      made.wait(nullptr);
      while (!started.empty()) {
        done result;
        result.activation = started.take().activation;
        open.wait(false);
        made.load()->complete(std::move(result));
      }
    };
    link = host_link::open(worker_end::options_for(endpoint), system_clock(), std::move(to)).value();
    made = link.get();
    made.notify_all();
  }

  mailbox<delivery> started;
  std::atomic<bool> open = false;
  std::atomic<host_link*> made = nullptr;
  std::unique_ptr<host_link> link;
};

TEST(host_link, is_served_while_it_lends_its_thread) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  lent_thread worker{hub.endpoint()};
  auto const key = hub.wait_for("worker");
  hub.link->send(key, deliver{1, {sample_delivery(1), sample_delivery(2)}});
  hub.link->send(key, drain{});
  hub.wait_for_dones(2);
}

TEST(host_link, leaves_no_work_behind_that_came_while_its_thread_was_lent) {
  temporary_folder const folder;
  hub_end hub{"ipc://" + folder / "hub.sock"};
  lent_thread worker{hub.endpoint()};
  worker.open = true;
  auto const key = hub.wait_for("worker");
  exchange(hub, key, 500, 1);
  exchange(hub, key, 1'000, 8);
}

/// A ROUTER that says what the test says, to the one worker that there is.
class raw_hub {
 public:
  explicit raw_hub(std::string const& endpoint) {
    router_.set(zmq::sockopt::linger, 0);
    router_.bind(endpoint);
  }
  [[nodiscard]] std::string endpoint() const { return router_.get(zmq::sockopt::last_endpoint); }
  void send(bytes const& data) {
    (void)router_.send(zmq::buffer(worker_.data(), worker_.size()), zmq::send_flags::sndmore);
    (void)router_.send(zmq::buffer(data.data(), data.size()), zmq::send_flags::none);
  }
  /// The next frame that brings such a message.
  template <class Kind>
  bytes take() {
    for (;;) {
      zmq::message_t frame;
      (void)router_.recv(worker_);
      (void)router_.recv(frame);
      bytes_view const view{frame.data<std::byte>(), frame.size()};
      if (std::holds_alternative<Kind>(decode(view).value())) return {view.begin(), view.end()};
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t router_{context_, zmq::socket_type::router};
  zmq::message_t worker_;
};

TEST(host_link, skips_bytes_from_the_hub_that_it_cannot_read) {
  raw_hub hub{"tcp://127.0.0.1:*"};
  worker_end worker{hub.endpoint()};
  (void)hub.take<hello>();
  hub.send({});
  hub.send(bytes(100, std::byte{0xff}));
  hub.send(encode(welcome{1, 1}).value());
  (void)worker.wait_for(link_state::welcomed);
}

TEST(host_link, repeats_a_result_in_the_words_of_the_hub_that_it_finds) {
  temporary_folder const folder;
  auto const endpoint = "ipc://" + folder / "hub.sock";
  auto hub = std::make_unique<raw_hub>(endpoint);
  worker_end worker{quick(endpoint), false};
  (void)hub->take<hello>();
  hub->send(encode(welcome{protocol_packed_spans, 1}).value());
  hub->send(encode(deliver{1, {sample_delivery(1)}}).value());
  done result;
  result.activation = worker.started.take().activation;
  span_record span;
  span.context = {sample_id<trace_id>(1), sample_id<span_id>(2), 1};
  span.name = "at work";
  result.spans = {span};
  worker.link->complete(std::move(result));
  auto const packed = hub->take<done>();
  auto const plain = encode(decode(packed).value()).value();
  EXPECT_NE(packed, plain);
  hub.reset();
  (void)worker.wait_for(link_state::connecting);
  hub = std::make_unique<raw_hub>(endpoint);
  (void)hub->take<hello>();
  hub->send(encode(welcome{1, 1}).value());
  EXPECT_EQ(hub->take<done>(), plain) << "an older hub";
}

}  // namespace
}  // namespace skein::bus::testing
