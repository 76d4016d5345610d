#include "users.hpp"

#include "cast.hpp"
#include "simulated_hub.hpp"

namespace skein::sim {

namespace {

/// Counts a user while it lives.
struct busy {
  explicit busy(world& w) : of(w) { ++of.busy_users; }
  ~busy() { --of.busy_users; }
  busy(busy const&) = delete;
  busy& operator=(busy const&) = delete;
  world& of;
};

/// From outside every agent; of a type drawn by chance, or of this one.
std::shared_ptr<artifact_data> external_artifact(world& w, run_id const& run, std::string type = {}) {
  auto const& rules = w.rates.rules;
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id{w.ids.uuid_v7(w.now.time_since_epoch().count())};
  made->run = run;
  made->type = !type.empty() ? std::move(type) : rules.wider() ? type_by(w.random.next(), rules) : w.random.chance(0.6) ? "t0" : "t1";
  made->produced_by = std::string{external_producer};
  made->correlation = run.to_string();
  if (w.random.chance(0.3)) made->tags = {"x"};
  made->context = {trace_of(run), derive_publish_span_id(made->id), span_context::sampled};
  bool const loops = made->type.starts_with("loop");
  made->payload = to_payload({static_cast<std::uint8_t>(loops ? 5 + w.random.below(6) : w.random.below(4)), w.random.next(), 0});
  return made;
}

run_id new_run(world& w) { return run_id{w.ids.uuid_v7(w.now.time_since_epoch().count())}; }

/// Publishes one root until it is acknowledged, under one idempotency key. `then(false)`: the hub died and the run with it.
void publish_until_acknowledged(world& w, std::shared_ptr<artifact_data> artifact, std::string key, bool outlives_hub, std::function<void(bool)> then) {
  auto const again = [&w, artifact, key, outlives_hub, then] {
    auto copy = std::make_shared<artifact_data>(*artifact);
    copy->id = artifact_id{w.ids.uuid_v7(w.now.time_since_epoch().count())};
    publish_until_acknowledged(w, copy, key, outlives_hub, then);
  };
  if (!w.hub->alive()) return outlives_hub ? w.after(w.random.between(10ms, 500ms), again) : then(false);
  auto const copy = std::make_shared<artifact_data>(*artifact);
  w.hub->publish({.artifact = copy, .idempotency_key = key}, [&w, again, outlives_hub, then](answer const& a) {
    if (a.reply) {
      // A cancelled run refuses it.
      if (auto const* done = std::get_if<reply::published>(a.reply)) w.acknowledged.insert(done->id);
      then(true);
    } else if (a.hub_died && !outlives_hub) {
      then(false);
    } else {
      w.after(w.random.between(1ms, 100ms), again);
    }
    return true;
  });
}

std::string new_key(world& w) { return "key " + std::to_string(w.random.next()); }

// ---- outside any run ----

void start_publisher(world& w) {
  auto const self = std::make_shared<busy>(w);
  auto const& rules = w.rates.rules;
  auto const artifact = external_artifact(w, new_run(w));
  // What several runs have in common, groups may put together.
  if (rules.wider() && w.random.chance(0.5)) artifact->correlation = "common " + std::to_string(w.random.below(3));
  artifact->visible_to = visibility_by(w.random.next(), w.now, rules);
  auto const key = new_key(w);
  publish_until_acknowledged(w, artifact, key, true, [self](bool) {});
  // Sometimes the caller asks twice.
  if (w.random.chance(0.2)) publish_until_acknowledged(w, artifact, key, true, [self](bool) {});
}

void start_waiter(world& w) {
  if (!w.hub->alive()) return;
  auto const who = w.hub->wait(std::nullopt, {}, [self = std::make_shared<busy>(w)](answer const&) { return true; });
  if (w.random.chance(0.3)) w.after(w.random.between(0ms, 20s), [&w, who] { w.hub->cancel(who); });
}

/// Told of what an activation that was asked for by hand has left.
simulated_hub::listener until_closed(world& w) {
  return [&w, self = std::make_shared<busy>(w)](answer const& a) {
    if (!a.reply || std::holds_alternative<reply::refused>(*a.reply)) return true;
    auto const* closed = std::get_if<reply::input_closed>(a.reply);
    if (!closed) return false;
    for (auto const& child : closed->children) w.acknowledged.insert(child->id);
    if (closed->state == activation_state::dead && closed->error_type.empty()) throw violation{"a caller was told of a death without its cause"};
    return true;
  };
}

/// A whole group, or several for a batch, in declared order.
void call_with_group(world& w, subscription_descriptor const& sub, subscription_no no) {
  auto const run = new_run(w);
  input::invoke in{0, {}, no};
  for (std::uint64_t groups = sub.batch_max > 0 ? 1 + w.random.below(sub.batch_max) : 1; groups > 0; --groups) {
    for (auto const& type : sub.types) {
      in.artifacts.push_back(external_artifact(w, run, type));
      in.artifacts.back()->routed = false;
    }
  }
  w.hub->invoke(std::move(in), until_closed(w));
}

void start_caller(world& w) {
  if (!w.hub->alive()) return;
  auto const cast = cast_of(w.rates.rules);
  auto const& agent = *cast[w.random.below(cast.size())];
  auto const& sub = agent.subscriptions[w.random.below(agent.subscriptions.size())];
  auto const no = w.hub->board().find_subscription(agent.name, sub.ordinal);
  if (no == 0 || sub.types[0].starts_with("skein.") || !sub.exclusive.empty()) return;
  if (sub.is_grouped()) return w.rates.rules.has(rule::invoke) ? call_with_group(w, sub, no) : void();
  auto artifact = external_artifact(w, new_run(w), sub.types[0]);
  artifact->routed = w.random.chance(0.5);
  w.hub->publish({.artifact = artifact, .only = no, .reply_when_closed = true}, until_closed(w));
}

// ---- conditions ----

board_condition any_condition(world& w, int depth) {
  using kind = board_condition::kind;
  board_condition made;
  auto const what = w.random.below(depth > 0 ? 6 : 3);
  made.what = static_cast<kind>(what);
  if (made.what == kind::count) {
    made.type = w.random.chance(0.7) ? type_by(w.random.next(), w.rates.rules) : w.random.chance(0.5) ? "skein.failure" : "skein.expired";
    made.count = 1 + w.random.below(40);
    if (made.type[0] != 's' && w.random.chance(0.4)) made.where = field("d") >= 1;
  }
  auto const cast = cast_of(w.rates.rules);
  if (made.what == kind::failure && w.random.chance(0.7)) made.agent = cast[w.random.below(cast.size())]->name;
  if (what >= 3) {
    for (std::uint64_t left = 1 + w.random.below(2); left > 0; --left) made.operands.push_back(any_condition(w, depth - 1));
  }
  return made;
}

void start_condition(world& w) {
  if (!w.hub->alive()) return;
  auto const who = w.hub->wait_until(any_condition(w, 2), [self = std::make_shared<busy>(w)](answer const&) { return true; });
  w.after(w.random.between(0ms, 10s), [&w, who, life = w.hub->lives()] { w.hub->lives() == life ? w.hub->cancel(who) : void(); });
}

// ---- a run with a body ----

class run_user : public std::enable_shared_from_this<run_user> {
 public:
  explicit run_user(world& w) : world_(w), busy_(w), run_(new_run(w)), rounds_(1 + w.random.below(2)), fails_(w.random.chance(0.2)) {}

  void open() {
    if (!world_.hub->alive()) return;
    input::open_run in{run_, "run", {trace_of(run_), world_.ids.span(), span_context::sampled}};
    world_.hub->open_run(in, [self = shared_from_this()](bool ok) {
      if (ok) return self->round();
      self->world_.after(1ms, [self] { self->open(); });
    });
  }

 private:
  void round() {
    if (rounds_-- == 0) return finish();
    auto const left = std::make_shared<std::uint64_t>(1 + world_.random.below(3));
    for (std::uint64_t i = *left; i > 0; --i) {
      auto artifact = external_artifact(world_, run_);
      artifact->visible_to = visibility_by(world_.random.next(), world_.now, world_.rates.rules);
      publish_until_acknowledged(world_, artifact, new_key(world_), false, [self = shared_from_this(), left](bool alive) {
        if (!alive || --*left > 0) return;
        self->wait();
      });
    }
    if (world_.random.chance(0.2)) hold_a_while();
  }

  void hold_a_while() {
    world_.hub->hold(run_, [self = shared_from_this()](bool ok) {
      if (!ok) return;
      auto const life = self->world_.hub->lives();
      self->world_.after(self->world_.random.between(0ms, 3s), [self, life] {
        if (self->world_.hub->lives() == life) self->world_.hub->release(self->run_, false);
      });
    });
  }

  void wait() {
    if (!world_.hub->alive()) return;
    bool const only_mine = world_.random.chance(0.7);
    auto const who = world_.hub->wait(only_mine ? std::optional{run_} : std::nullopt, run_, [self = shared_from_this()](answer const& a) {
      if (a.reply) {
        self->world_.after(0ms, [self, life = self->world_.hub->lives()] { self->world_.hub->lives() == life ? self->round() : void(); });
      } else if (!a.hub_died) {
        self->world_.after(1ms, [self, life = self->world_.hub->lives()] { self->world_.hub->lives() == life ? self->wait() : void(); });
      }
      return true;
    });
    if (world_.random.chance(0.2)) world_.after(world_.random.between(0ms, 10s), [self = shared_from_this(), who] { self->world_.hub->cancel(who); });
  }

  void finish() { world_.hub->release(run_, fails_); }

  world& world_;
  busy busy_;
  run_id const run_;
  std::uint64_t rounds_;
  bool const fails_;
};

}  // namespace

void start_user(world& w) {
  auto const kind = w.random.below(10);
  if (kind < 4) return start_publisher(w);
  if (kind < 7) return std::make_shared<run_user>(w)->open();
  if (kind < 9) return start_caller(w);
  if (w.rates.rules.has(rule::until) && w.random.chance(0.6)) return start_condition(w);
  start_waiter(w);
}

void start_last_waiter(world& w, std::function<void()> then) {
  w.hub->wait(std::nullopt, {}, [&w, then](answer const& a) {
    a.reply ? then() : start_last_waiter(w, then);
    return true;
  });
}

}  // namespace skein::sim
