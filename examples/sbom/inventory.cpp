#include "inventory.hpp"

#include "agents.hpp"
#include "dpkg.hpp"
#include "os_release.hpp"
#include "private_folder.hpp"
#include "summary.hpp"
#include "text.hpp"
#include "trace_report.hpp"
#include "workers.hpp"

#include <skein/skein.hpp>

#include <algorithm>
#include <exception>
#include <ostream>
#include <span>
#include <stdexcept>

namespace sbom {
namespace {

constexpr std::size_t database_bytes_max = 512u << 20;

/// Packages that are published at once, and so the most that are open at a time.
constexpr std::size_t batch_packages = 256;

/// The workers have time to start even where many do at once.
constexpr std::chrono::seconds workers_start_within{60};

class inventory {
 public:
  inventory(inventory_options const& options, progress& seen, std::ostream& out) : options_(options), seen_(seen), out_(out) {
    if (options.workers > 0) socket_folder_.emplace();
    // In memory: an inventory that was killed is simply taken again, and workers end with this process. The traces are on the disk in any case.
    hub_.emplace(skein::orchestrator_options{
        .ledger = "memory:", .worker_threads = options.threads, .listen = endpoints(), .stop_on_signals = true});
  }

  void take() {
    std::exception_ptr thrown;
    try {
      skein::traced_run::call(*hub_, "sbom", [&](skein::traced_run& run) { fill(run); });
    } catch (...) {
      thrown = std::current_exception();
    }
    show_trace();
    if (thrown) std::rethrow_exception(thrown);
  }

 private:
  void fill(skein::traced_run& run) {
    run_ = run.id();
    run.set_attribute("root", visible(options_.root));
    auto const root = root_folder::open(options_.root).value();
    auto status = parse_status(root.read(status_path, database_bytes_max).value());
    if (options_.packages_max > 0 && status.packages.size() > options_.packages_max) status.packages.resize(options_.packages_max);
    run.set_attribute("packages", status.packages.size());
    seen_.packages_all = status.packages.size();

    add_agents(root);
    if (options_.workers > 0) start_workers();
    auto const order = order_for(root, status);
    examine(run, status.packages, order);
    write(run, order);
  }

  void add_agents(root_folder const& root) {
    reading_options const reading{options_.hashed, std::max(1u, options_.threads.value_or(std::thread::hardware_concurrency()))};
    hub_->add(licence_reader(root, reading));
    if (options_.workers == 0) hub_->add(file_hasher(root, reading));
    hub_->add(joiner([this](package_progress const& more) {
      seen_.files += more.files;
      seen_.bytes += more.bytes;
      seen_.packages += more.packages;
    }));
    hub_->add(document_writer({options_.output, options_.created}));
  }

  [[nodiscard]] std::vector<std::string> endpoints() const {
    if (!socket_folder_) return {};
    return {"ipc://" + (socket_folder_->path() / "hub").string()};
  }

  void start_workers() {
    workers_.emplace(hub_->launch(worker_processes(options_.workers, {options_.root, options_.hashed})));
    try {
      hub_->wait_for_agents({"file_hasher"}, workers_start_within);
    } catch (skein::error const& e) {
      if (e.code() == skein::errc::cancelled) throw interrupted{"interrupted before the first package; " + not_written()};
      throw;
    }
  }

  document_order order_for(root_folder const& root, status_database const& status) const {
    auto const system = read_os_release(root);
    return {system.name, system.id, status.not_installed, options_.hashed, status.findings};
  }

  void examine(skein::traced_run& run, std::vector<package> const& packages, document_order const& order) {
    std::span<package const> left{packages};
    while (!left.empty()) {
      auto const batch = left.first(std::min(batch_packages, left.size()));
      left = left.subspan(batch.size());
      hub_->publish_all(batch);
      auto const report = run.run_until_idle();
      if (report.reason == "cancelled") end_early(run, order);
      refuse_gaps(report);
    }
  }

  void write(skein::traced_run& run, document_order const& order) {
    hub_->publish(order);
    auto const report = run.run_until_idle();
    if (report.reason == "cancelled")
      throw interrupted{"interrupted at the end; " + visible(options_.output) + " is complete, or as it was"};
    refuse_gaps(report);
    for (auto const& made : hub_->artifacts<document>()) {
      out_ << made->summary << "  written   " << visible(made->path) << ", " << bytes_text(made->bytes) << "\n";
    }
  }

  [[noreturn]] void end_early(skein::traced_run& run, document_order const& order) {
    std::vector<component> done;
    for (auto const& one : hub_->artifacts<component>()) done.push_back(*one);
    run.set_attribute("packages.done", done.size());
    auto const what = "interrupted after " + std::to_string(done.size()) + " of " + counted(seen_.packages_all, "package");
    out_ << "PARTIAL, " << what << "\n" << summary(order, done);
    throw interrupted{what + "; " + not_written()};
  }

  [[nodiscard]] std::string not_written() const { return visible(options_.output) + " was not written"; }

  /// A package that could not be examined is missing in the document, so there should be none.
  static void refuse_gaps(skein::run_report const& report) {
    for (auto const& left : report.blocked) {
      throw std::runtime_error{left.agent + " left " + counted(left.count, "package") + " undone: " + left.reason};
    }
    if (report.failures.empty()) return;
    auto const& first = report.failures.front();
    throw std::runtime_error{first.agent + " failed: " + first.what +
                             (report.failures.size() > 1 ? " (and " + counted(report.failures.size() - 1, "more failure") + ')' : "")};
  }

  /// Traces are disposable: without them the inventory is as good.
  void show_trace() {
    try {
      auto const traces = hub_->traces();
      // What still runs ends with the hub, and tells how.
      hub_.reset();
      print_trace(out_, traces, run_);
    } catch (skein::error const& e) {
      out_ << "\nno trace: " << e.what() << '\n';
    }
  }

  inventory_options const& options_;
  progress& seen_;
  std::ostream& out_;
  skein::run_id run_;
  std::optional<private_folder> socket_folder_;
  // The hub ends before its workers: what they report while they leave still finds it, and no agent here starts anything more meanwhile.
  std::optional<skein::launched> workers_;
  std::optional<skein::orchestrator> hub_;
};

}  // namespace

void take_inventory(inventory_options const& options, progress& seen, std::ostream& out) { inventory{options, seen, out}.take(); }

}  // namespace sbom
