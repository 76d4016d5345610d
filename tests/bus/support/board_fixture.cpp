#include "board_fixture.hpp"

#include <utility>

namespace skein::bus::testing {

agent& agent::on(std::string type) {
  subscription_descriptor sub;
  sub.ordinal = static_cast<std::uint32_t>(made_.subscriptions.size());
  sub.types = {std::move(type)};
  made_.subscriptions.push_back(std::move(sub));
  return *this;
}

agent& agent::all(std::vector<std::string> types) {
  on({});
  made_.subscriptions.back().types = std::move(types);
  made_.subscriptions.back().grouping = grouping::all;
  return *this;
}

agent& agent::join(std::vector<std::string> types, std::vector<std::string> keys) {
  all(std::move(types));
  made_.subscriptions.back().grouping = grouping::join;
  made_.subscriptions.back().keys = std::move(keys);
  return *this;
}

agent& agent::timer(timer_schedule schedule) {
  on("skein.tick");
  made_.subscriptions.back().grouping = grouping::timer;
  made_.subscriptions.back().timer = std::move(schedule);
  return *this;
}

agent& agent::batch(std::uint32_t size, std::chrono::nanoseconds age) {
  made_.subscriptions.back().batch_max = size;
  made_.subscriptions.back().batch_age = age;
  return *this;
}

payload field_payload(std::string_view name, std::string_view text) {
  // msgpack: a map of one, two short texts.
  bytes made{std::byte{0x81}};
  for (auto const part : {name, text}) {
    made.push_back(static_cast<std::byte>(0xa0 + part.size()));
    for (char const one : part) made.push_back(static_cast<std::byte>(one));
  }
  return payload{std::move(made)};
}

void board_fixture::step(board_input in) {
  effects out;
  board.step(now, std::move(in), out);
  EXPECT_EQ(board.counters(), board.recount());
  for (auto const& one : out.changes) ledger.apply(one);
  for (auto& one : out.messages) {
    if (auto const* m = std::get_if<deliver>(&one.message)) {
      EXPECT_GT(m->number, last_number[one.to]);
      last_number[one.to] = m->number;
      delivered_[one.to].insert(delivered_[one.to].end(), m->deliveries.begin(), m->deliveries.end());
    }
    messages.push_back(std::move(one));
  }
  for (auto& one : out.replies) {
    if (auto const* idle = std::get_if<reply::idle>(&one)) idle_.insert_or_assign(idle->to, *idle);
    replies.push_back(std::move(one));
  }
  ended.insert(ended.end(), out.ended.begin(), out.ended.end());
  announcements.insert(announcements.end(), out.announcements.begin(), out.announcements.end());
  lost.insert(lost.end(), out.lost.begin(), out.lost.end());
  untraced.insert(untraced.end(), out.untraced.begin(), out.untraced.end());
  notices.insert(notices.end(), out.notices.begin(), out.notices.end());
}

void board_fixture::hello(host_key from, std::vector<agent_descriptor> agents, hello_options how) {
  bus::hello m;
  m.host = how.name.empty() ? "host" + std::to_string(from) : how.name;
  m.instance = how.instance;
  m.credit = how.credit;
  m.agents = std::move(agents);
  m.held = std::move(how.held);
  step(input::hello{from, std::move(m), how.local, std::move(how.principal)});
}

void board_fixture::local_hello(std::vector<agent_descriptor> agents) { hello(local, std::move(agents), {.local = true}); }

void board_fixture::beat(host_key from, std::vector<attempt_ref> held, std::uint64_t number) { step(input::beat{from, {1, number, std::move(held)}}); }

delivery board_fixture::delivered(host_key to) {
  auto all = deliveries(to);
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? delivery{} : all.front();
}

void board_fixture::done(host_key from, delivery const& what, std::vector<child> children) {
  bus::done m;
  m.activation = what.activation;
  m.children = std::move(children);
  step(input::done{from, std::move(m), {}});
}

void board_fixture::ends(host_key from, delivery const& what, outcome how, std::string error) {
  bus::done m;
  m.activation = what.activation;
  m.outcome = how;
  m.error_type = std::move(error);
  m.what = "it burnt";
  step(input::done{from, std::move(m), {}});
}

artifact_id board_fixture::publish(artifact_spec what) {
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id{ids_.uuid_v7(now.time_since_epoch().count())};
  made->run = what.run.empty() ? run_id{ids_.uuid_v7(now.time_since_epoch().count())} : what.run;
  made->type = std::move(what.type);
  made->produced_by = std::string{external_producer};
  made->tags = std::move(what.tags);
  made->routed = what.routed;
  made->payload = std::move(what.payload);
  made->correlation = what.correlation.empty() && !what.run.empty() ? made->run.to_string() : std::move(what.correlation);
  if (!what.visible_to.empty() || what.hidden_until != timestamp{}) made->visible_to = std::make_shared<visibility>(visibility{what.visible_to, {}, {}, what.hidden_until});
  input::publish in{++last_ticket_, made, std::move(what.key), {std::move(what.rejected), std::move(what.keys), {}}, what.only, what.only != 0};
  step(std::move(in));
  return made->id;
}

ticket board_fixture::invoke(subscription_no only, std::vector<std::string> types, std::optional<run_id> run) {
  input::invoke in;
  in.only = only;
  run_id const all = run ? *run : run_id{ids_.uuid_v7(now.time_since_epoch().count())};
  for (auto& type : types) {
    auto made = std::make_shared<artifact_data>();
    made->id = artifact_id{ids_.uuid_v7(now.time_since_epoch().count())};
    made->run = all;
    made->type = std::move(type);
    made->produced_by = std::string{external_producer};
    made->routed = false;
    in.artifacts.push_back(std::move(made));
  }
  return ask(std::move(in));
}

std::optional<error> board_fixture::refusal(ticket to) const {
  auto const* const found = answer<reply::refused>(to);
  return found ? std::optional{found->why} : std::nullopt;
}

run_id board_fixture::open_run(std::string name) {
  run_id const run{ids_.uuid_v7(now.time_since_epoch().count())};
  step(input::open_run{run, std::move(name), {trace_of(run), ids_.span(), span_context::sampled}});
  return run;
}

ticket board_fixture::wait(std::optional<run_id> run, run_id scope) {
  step(input::wait_idle{++last_ticket_, run, scope});
  return last_ticket_;
}

void board_fixture::later(std::chrono::nanoseconds by) {
  now += by;
  step(input::tick{});
}

void board_fixture::crash() {
  now += 1ms;
  board = blackboard{limits, ledger.state(), now, {"host1", true, {}, {}}};
}

void board_fixture::rebuild(std::vector<run_id> held_runs) {
  board = blackboard{limits, ledger.state(), now, {"host1", false, std::move(held_runs), board.artifacts({})}};
}

activation_row board_fixture::only_open() const {
  auto const all = board.open_activations();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? activation_row{} : all.front();
}

run_row const& board_fixture::run_of(run_id const& id) const {
  for (auto const& row : ledger.runs()) {
    if (row.id == id) return row;
  }
  throw std::logic_error{"the ledger has no such run"};
}

std::vector<artifact_ptr> board_fixture::published(std::string const& type) const {
  std::vector<artifact_ptr> all;
  for (auto const& [seq, row] : ledger.artifacts()) {
    if (row.artifact->type == type) all.push_back(row.artifact);
  }
  return all;
}

}  // namespace skein::bus::testing
