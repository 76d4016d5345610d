#include "users.hpp"

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

std::shared_ptr<artifact_data> external_artifact(world& w, run_id const& run) {
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id{w.ids.uuid_v7(w.now.time_since_epoch().count())};
  made->run = run;
  made->type = w.random.chance(0.6) ? "t0" : "t1";
  made->produced_by = std::string{external_producer};
  made->correlation = run.to_string();
  if (w.random.chance(0.3)) made->tags = {"x"};
  made->context = {trace_of(run), derive_publish_span_id(made->id), span_context::sampled};
  made->payload = to_payload({static_cast<std::uint8_t>(w.random.below(4)), w.random.next(), 0});
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
      w.acknowledged.insert(std::get<reply::published>(*a.reply).id);
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
  auto const artifact = external_artifact(w, new_run(w));
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

void start_caller(world& w) {
  if (!w.hub->alive()) return;
  auto const& agent = all_agents()[w.random.below(all_agents().size())];
  auto const& sub = agent.subscriptions[w.random.below(agent.subscriptions.size())];
  auto const no = w.hub->board().find_subscription(agent.name, sub.ordinal);
  if (no == 0 || sub.types[0] == "skein.failure") return;
  auto artifact = external_artifact(w, new_run(w));
  artifact->type = sub.types[0];
  artifact->routed = w.random.chance(0.5);
  w.hub->publish({.artifact = artifact, .only = no, .reply_when_closed = true}, [&w, self = std::make_shared<busy>(w), agent = agent.name](answer const& a) {
    if (!a.reply) return true;
    auto const* closed = std::get_if<reply::input_closed>(a.reply);
    if (!closed) return false;
    for (auto const& child : closed->children) w.acknowledged.insert(child->id);
    if (closed->state == activation_state::dead && closed->error_type.empty()) throw violation{"a caller was told of a death without its cause"};
    return true;
  });
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
  start_waiter(w);
}

void start_last_waiter(world& w, std::function<void()> then) {
  w.hub->wait(std::nullopt, {}, [&w, then](answer const& a) {
    a.reply ? then() : start_last_waiter(w, then);
    return true;
  });
}

}  // namespace skein::sim
