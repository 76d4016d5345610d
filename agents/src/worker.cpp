#include <skein/agents/worker.hpp>

#include <skein/agents/check_agent.hpp>
#include <skein/agents/local_host.hpp>
#include <skein/agents/payload_limit.hpp>
#include <skein/registry/type_registry.hpp>

#include "questions.hpp"
#include "scope_cache.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

namespace skein::agents {

namespace {

class linked_worker final : public worker, private host_environment {
 public:
  linked_worker(worker_options options, clock& time, std::function<void()> news)
      : options_(std::move(options)),
        time_(time),
        news_(std::move(news)),
        recorder_(shipping_recorder::make(time, {options_.name, options_.spans_max, options_.span_bytes_max, options_.runs_max})),
        scopes_(options_.runs_max) {}
  ~linked_worker() override {
    questions_.stop();
    host_->cancel_all();
    if (link_) link_->end_work();
    host_->stop();
    if (link_) link_->stop(std::chrono::milliseconds{0});
  }

  result<void> begin(std::vector<agent> const& agents, link_opener const& open_link) {
    if (auto ok = add(agents); !ok) return ok;
    {
      // Whatever the link brings before it is here waits for it.
      std::lock_guard const held{shipping_};
      auto link = open_link(host_->offered(), receivers());
      if (!link) return link.error();
      link_ = std::move(*link);
    }
    if (!link_->runs_work()) host_->start(std::max(1u, options_.threads));
    return {};
  }

  // worker

  standing now() const override {
    std::lock_guard const held{standing_mutex_};
    return standing_;
  }
  std::size_t running() const override { return host_->running().size(); }

  void drain() override {
    draining_ = true;
    host_->drain();
    link_->drain();
  }
  bool drained() const override {
    if (!given_back_ && host_->running().size() > 0) return false;
    auto const state = link_->state();
    if (bus::is_final(state)) return true;
    return state == bus::link_state::connecting && link_->held().empty();
  }
  void cancel_running() override {
    questions_.stop();
    for (auto const& one : host_->running()) host_->cancel(one);
  }
  void give_back_running() override {
    given_back_ = true;
    auto spans = recorder_->interrupted();
    for (auto const& one : host_->running()) {
      (void)complete({.activation = one, .outcome = bus::outcome::released, .spans = std::exchange(spans, {})});
    }
  }
  void close_link(std::chrono::milliseconds linger) override { link_->stop(linger); }

 private:
  // host_environment

  clock& time() noexcept override { return time_; }

  std::shared_ptr<run_scope> scope_of(bus::artifact_data const& newest) override {
    return scopes_.find_or_make(newest.run, [&] {
      auto scope = std::make_shared<run_scope>();
      scope->id = newest.run;
      scope->trace = newest.context.trace;
      scope->flags = newest.context.flags;
      scope->recorder = recorder_;
      scope->recording = newest.context.is_sampled();
      if (newest.headers) {
        scope->tracestate = newest.headers->tracestate;
        scope->baggage = newest.headers->baggage;
      }
      scope->begin({}, {});   // so that what handlers say of the run is told; name and start are the hub's to say
      return scope;
    });
  }

  bool complete(bus::done&& result) override {
    {
      // One at a time: what an attempt recorded has left before its result, or with it, never after.
      std::lock_guard const held{shipping_};
      // The link may have no use for the result of an attempt that was dropped, so nothing rides on it.
      if (dropped_.erase(result.activation) == 0) {
        shipped_ = recorder_->take(options_.span_bytes_max, std::move(shipped_));
        if (result.spans.empty()) result.spans.swap(shipped_.spans);
        for (auto const span : shipped_.spans.views()) result.spans.push_back(span);
        result.runs = std::move(shipped_.runs);
      }
      link_->complete(std::move(result));
      shipped_.spans.swap(result.spans);
    }
    if (draining_) news_();
    return false;
  }

  void attend() override {}

  std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) override { return query_as({}, type, filter); }

  std::vector<bus::artifact_ptr> query_as(std::string_view agent, std::string_view type, artifact_filter const& filter) override {
    bus::query what;
    what.agent = std::string{agent};
    what.type = std::string{type};
    what.produced_by = filter.produced_by;
    what.correlation = filter.correlation_id;
    what.run = filter.run;
    what.tagged = filter.tagged;
    what.limit = static_cast<std::uint32_t>(std::min<std::size_t>(filter.limit, std::numeric_limits<std::uint32_t>::max()));
    what.all_sessions = filter.all_sessions;
    return questions_.ask(*link_, std::move(what), options_.query_timeout).value();
  }

  void stream(bus::progress&& what) override { link_->tell(std::move(what)); }
  result<void> check(payload const& value) const override { return check_payload(value, options_.payload_bytes_max); }
  bool asks_predicates() const noexcept override { return true; }

  // the link

  bus::host_link_receivers receivers() {
    bus::host_link_receivers to;
    to.start = [this](std::vector<bus::delivery>&& work) { host_->enqueue(std::move(work)); };
    to.drop = [this](bus::attempt_ref const& which) { drop(which); };
    to.changed = [this](bus::link_state state, std::string const& why) { changed(state, why); };
    to.answered = [this](bus::query_result&& answer) { questions_.answered(std::move(answer)); };
    to.drain = [this] {
      {
        std::lock_guard const held{standing_mutex_};
        standing_.asked_to_leave = true;
      }
      news_();
    };
    to.beating = [this](bus::beat& leaving) { leaving.spans = recorder_->preview(options_.beat_spans_max, options_.beat_span_bytes_max); };
    // One thread for handlers may be the link's.
    if (options_.threads > 1) return to;
    to.work = [this](std::function<bool()> const& enough) {
      { std::lock_guard const held{shipping_}; }   // link_ is there
      (void)host_->run_ready(enough);
    };
    return to;
  }

  void drop(bus::attempt_ref const& which) {
    {
      std::lock_guard const held{shipping_};
      auto const held_here = host_->held();
      if (std::find(held_here.begin(), held_here.end(), which) == held_here.end()) return;
      dropped_.insert(which);
    }
    host_->cancel(which);
  }

  void changed(bus::link_state state, std::string const& why) {
    if (state == bus::link_state::welcomed) recorder_->preview_again();   // perhaps to another process than before
    {
      std::lock_guard const held{standing_mutex_};
      standing_.link = state;
      standing_.why = why;
    }
    news_();
  }

  result<void> add(std::vector<agent> const& agents) {
    std::set<std::string_view> names;
    for (auto const& one : agents) {
      auto const& descriptor = one.descriptor();
      if (auto ok = check_remote_agent(one); !ok) return ok;
      if (!names.insert(descriptor.name).second) return error{errc::misuse, "two agents of this name; give one of them another name", descriptor.name};
      for (auto const* type : one.types()) {
        if (auto ok = types_.add(*type); !ok) return ok;
      }
      if (auto ok = host_->add(one); !ok) return ok;
    }
    if (names.empty()) return error{errc::invalid_argument, "a worker without agents has nothing to do; give serve() at least one"};
    return {};
  }

  worker_options const options_;
  clock& time_;
  std::function<void()> const news_;
  std::shared_ptr<shipping_recorder> const recorder_;
  type_registry types_;
  scope_cache scopes_;
  questions questions_;

  mutable std::mutex standing_mutex_;
  standing standing_;

  std::mutex shipping_;                       // results leave one at a time; taken before the host's lock
  std::set<bus::attempt_ref> dropped_;        // of those that run here; guarded by shipping_, like the next
  shipping_recorder::shipment shipped_;       // memory for the next
  std::atomic<bool> draining_ = false, given_back_ = false;

  std::unique_ptr<local_host> const host_ = local_host::make(*this);
  std::unique_ptr<bus::host_link> link_;      // set before the host starts
};

}  // namespace

result<std::unique_ptr<worker>> worker::start(worker_options options, std::vector<agent> const& agents, clock& time, link_opener const& open_link,
                                              std::function<void()> news) {
  auto made = std::make_unique<linked_worker>(std::move(options), time, std::move(news));
  if (auto ok = made->begin(agents, open_link); !ok) return ok.error();
  return std::unique_ptr<worker>{std::move(made)};
}

}  // namespace skein::agents
