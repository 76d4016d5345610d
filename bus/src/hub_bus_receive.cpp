// What hosts in other processes say. Called on a link's thread, which must not wait for the disk while another thread can.
#include "locked_bus.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <utility>

namespace skein::bus {

namespace {

bus::done as_done(nack&& what) {
  bus::done out;
  out.activation = what.activation;
  out.outcome = what.fatal ? outcome::permanent : outcome::failed;
  out.error_type = std::move(what.error_type);
  out.what = std::move(what.what);
  out.duration_ns = what.duration_ns;
  out.spans = std::move(what.spans);
  out.runs = std::move(what.runs);
  out.sent_at = what.sent_at;
  if (!what.fatal) out.retry_after = what.retry_after;
  return out;
}

/// The attempt's own span: by its derived id or, from workers that choose ids themselves, by what it is.
bool has_span(bus::done const& what) {
  auto const all = what.spans.views();
  // Most are found by what they are.
  if (std::any_of(all.begin(), all.end(), [](span_view one) { return one.kind() == span_kind::consumer && one.type() == span_type::agent; })) return true;
  auto const wanted = derive_invoke_span_id(what.activation.id, what.activation.attempt);
  return std::any_of(all.begin(), all.end(), [&](span_view one) { return one.context().span == wanted; });
}

bool is_result(message const& one) { return std::holds_alternative<bus::done>(one) || std::holds_alternative<nack>(one); }

}  // namespace

void hub_port::lost(lost_attempt const&) {}
void hub_port::untraced(untraced_attempt const&) {}
void hub_port::recorded(remote_record&&) {}
void hub_port::asked(host_key, query&&) {}
void hub_port::noticed(notice const&) {}
void hub_port::inspect(bus::done&) {}
void hub_port::progressed(progress&&) {}

void locked_bus::receive(host_key from, std::span<message> all, std::string_view principal) {
  while (!all.empty()) {
    auto const results = std::ranges::find_if_not(all, is_result) - all.begin();
    if (results > 0) {
      on_results(from, all.first(static_cast<std::size_t>(results)));
    } else {
      on_message(from, std::move(all.front()), principal);
    }
    all = all.subspan(std::max<std::size_t>(static_cast<std::size_t>(results), 1));
  }
}

void locked_bus::on_message(host_key from, message&& what, std::string_view principal) {
  if (auto* m = std::get_if<beat>(&what)) return on_beat(from, std::move(*m));
  if (auto* m = std::get_if<query>(&what)) return on_query(from, std::move(*m));
  if (auto* m = std::get_if<progress>(&what)) return on_progress(from, std::move(*m));
  if (auto* m = std::get_if<hello>(&what)) return on_hello(from, std::move(*m), principal);
  lock held{mutex_};
  if (!admits(held)) return;
  if (auto* m = std::get_if<goodbye>(&what)) step_remote(held, input::goodbye{from, m->instance});
}

void locked_bus::disconnected(host_key from, bool certain) {
  lock held{mutex_};
  if (admits(held)) step_remote(held, input::disconnected{from, certain});
}

/// With a broken ledger nothing is taken: hosts repeat what matters until it is answered. Whoever has the time repairs it.
bool locked_bus::admits(lock& held) {
  if (!broken_) return true;
  held.unlock();
  if (!port_.wake()) attend();
  return false;
}

/// A step whose effects some other thread commits, where there is one.
void locked_bus::step_remote(lock& held, board_input&& in) {
  step(held, std::move(in));
  if (!durable_ || committing_ || group_steps_ == 0) return;
  if (!hand_over(held) && !committing_) lead(held, [] { return true; });
}

void locked_bus::on_hello(host_key from, bus::hello&& what, std::string_view principal) {
  if (what.host == local_host_name) {
    std::vector<outgoing> answer;
    answer.push_back({from, refused{errc::locked, "the name \"local\" belongs to the hub's own process; start the worker under another name"}});
    return port_.send(std::move(answer));
  }
  lock held{mutex_};
  if (admits(held)) step_remote(held, input::hello{from, std::move(what), false, std::string{principal}});
}

/// All spans are recorded before any result is stepped: the end of a run may be among them.
void locked_bus::on_results(host_key from, std::span<message> all) {
  boost::container::small_vector<ended_attempt, 16> ended;
  boost::container::small_vector<bus::done*, 16> telling;
  std::string host;
  for (auto& one : all) {
    if (auto* const failed = std::get_if<nack>(&one)) one = as_done(std::move(*failed));
    auto& what = std::get<bus::done>(one);
    ended.push_back({&what, has_span(what)});
  }
  {
    lock held{mutex_};
    if (!admits(held)) return;
    host = core_.host_name(from);
    for (auto const& one : ended) {
      auto& what = *one.what;
      bool const tells = !what.spans.empty() || !what.runs.empty();
      // An unknown host says hello and repeats it.
      if (tells && !host.empty() && reported_.find_or_make({what.activation.id, what.activation.attempt}).second) telling.push_back(&what);
    }
  }
  auto const received = telling.empty() ? timestamp{} : time_.now();
  for (auto* const one : telling) {
    remote_record record{from, host, std::move(one->spans), std::move(one->runs), one->sent_at, received};
    port_.recorded(std::move(record));
    one->spans.swap(record.spans);   // memory
    one->spans.clear();
  }
  for (auto const& one : ended) port_.inspect(*one.what);
  lock held{mutex_, std::defer_lock};
  step_results(held, from, {ended.data(), ended.size()});
  // Nobody took the commit over: a hub without threads of its own.
  if (durable_ && !broken_ && !committing_ && group_steps_ > 0 && !handed_over_) lead(held, [] { return true; });
}

void locked_bus::on_beat(host_key from, bus::beat&& what) {
  remote_record record;
  record.spans = std::move(what.spans);
  lock held{mutex_};
  if (!admits(held)) return;
  record.host = core_.host_name(from);
  if (!record.spans.empty() && !record.host.empty()) {
    record.from = from;
    record.sent_at = what.sent_at;
    record.received_at = time_.now();
    held.unlock();
    port_.recorded(std::move(record));
    held.lock();
    if (broken_) return;
  }
  step_remote(held, input::beat{from, std::move(what)});
}

void locked_bus::on_query(host_key from, query&& what) {
  {
    lock held{mutex_};
    if (!admits(held)) return;
    if (core_.host_name(from).empty()) {
      std::vector<outgoing> answer;
      answer.push_back({from, hello_again{}});
      held.unlock();
      return port_.send(std::move(answer));
    }
    if (!what.agent.empty() && !core_.offers(from, what.agent)) what.agent.clear();
  }
  port_.asked(from, std::move(what));
}

/// Lossy: what nobody works on at this moment, or a host says that is not known, is dropped.
void locked_bus::on_progress(host_key from, progress&& what) {
  {
    lock const held{mutex_};
    auto const work = core_.find_work(what.activation);
    if (!work || !core_.offers(from, work->agent)) return;
    what.agent = work->agent;
    what.run = work->newest->run;
  }
  port_.progressed(std::move(what));
}

}  // namespace skein::bus
