#include <skein/tracing/tracer.hpp>

#include <skein/tracing/span_start.hpp>

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace skein {

struct tracer::shared {
  std::shared_ptr<skein::recorder> recorder;
  bool recording = true;

  std::mutex mutex;
  std::unordered_map<trace_id, std::weak_ptr<run_scope>> runs;   ///< Guarded by mutex.
  std::size_t sweep_at = 64;                                     ///< Size at which dead entries are swept. Guarded by mutex.

  void remember(std::shared_ptr<run_scope> const& run) {
    std::lock_guard const lock{mutex};
    if (runs.size() >= sweep_at) {
      std::erase_if(runs, [](auto const& each) { return each.second.expired(); });
      sweep_at = std::max<std::size_t>(64, runs.size() * 2);
    }
    runs.insert_or_assign(run->trace, run);
  }

  [[nodiscard]] std::shared_ptr<run_scope> find(trace_id const& trace) {
    auto const& current = current_ambient().run;
    // One without a recorder may stand for a run elsewhere (trace_context::bind), which has no spans here.
    if (current && current->recorder && current->trace == trace) return current;
    std::lock_guard const lock{mutex};
    auto const found = runs.find(trace);
    return found == runs.end() ? nullptr : found->second.lock();
  }

  /// A run of its own, begun with the span that it ends with.
  [[nodiscard]] span_handle start_run(std::string_view name, span_context const& parent, span_options&& options) {
    auto const run = std::make_shared<run_scope>();
    run->recorder = recorder;
    run->recording = recording && recorder != nullptr && (!parent.valid() || parent.is_sampled());
    run->id = recorder ? recorder->new_run_id() : run_id{};
    run->trace = parent.valid() ? parent.trace : trace_of(run->id);
    run->flags = parent.valid() ? parent.flags : static_cast<std::uint8_t>(span_context::random | span_context::sampled);
    if (!run->recording) run->flags = static_cast<std::uint8_t>(run->flags & ~span_context::sampled);
    run->root = recorder ? recorder->new_span_id() : span_id{};
    timestamp const now = run->recording ? recorder->time().now() : timestamp{};
    if (run->recording) run->begin(name, now);
    remember(run);
    return start_span(run, {.name = std::string{name},
                            .kind = options.kind,
                            .type = options.type,
                            .parent = parent,
                            .id = run->root,
                            .attrs = std::move(options.attributes),
                            .links = std::move(options.links),
                            .at = now,
                            .ends_run = true});
  }
};

tracer::tracer(std::shared_ptr<recorder> to, bool recording) : shared_(std::make_shared<shared>()) {
  shared_->recorder = std::move(to);
  shared_->recording = recording;
}

span_handle tracer::start_root(std::string_view name, span_options options) {
  return shared_->start_run(name, {}, std::move(options));
}

span_handle tracer::start(std::string_view name, start_options options) {
  auto const parent = options.parent.valid() ? options.parent : current_span().context();
  auto run = parent.valid() ? shared_->find(parent.trace) : nullptr;
  if (!run) return shared_->start_run(name, parent, {options.type, options.kind, std::move(options.attributes), std::move(options.links)});
  return start_span(std::move(run), {.name = std::string{name},
                                     .kind = options.kind,
                                     .type = options.type,
                                     .parent = parent,
                                     .attrs = std::move(options.attributes),
                                     .links = std::move(options.links)});
}

void tracer::adopt(std::shared_ptr<run_scope> const& run) { shared_->remember(run); }

}  // namespace skein
