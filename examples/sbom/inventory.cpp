#include "inventory.hpp"

#include "agents.hpp"
#include "dpkg.hpp"
#include "os_release.hpp"
#include "summary.hpp"
#include "text.hpp"
#include "trace_report.hpp"

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

class inventory {
 public:
  inventory(inventory_options const& options, std::stop_token const& stop, progress& seen, std::ostream& out)
      : options_(options),
        stop_(stop),
        seen_(seen),
        out_(out),
        // In memory: the joiner's halves live in this process, so a board that outlives it would wait for them in vain. An inventory
        // that was killed is simply taken again. The traces are on the disk in any case.
        hub_({.ledger = "memory:", .worker_threads = options.threads}) {}

  void take() {
    std::exception_ptr thrown;
    try {
      skein::traced_run::call(hub_, "sbom", [&](skein::traced_run& run) { fill(run); });
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
    auto const order = order_for(root, status);
    examine(run, status.packages, order);
    write(run, order);
  }

  void add_agents(root_folder const& root) {
    reading_options const reading{options_.hashed, std::max(1u, options_.threads.value_or(std::thread::hardware_concurrency())), stop_};
    hub_.add(licence_reader(root, reading));
    hub_.add(file_hasher(root, reading));
    hub_.add(joiner(batch_packages, [this](package_progress const& more) {
      seen_.files += more.files;
      seen_.bytes += more.bytes;
      seen_.packages += more.packages;
    }));
    hub_.add(document_writer({options_.output, options_.created}));
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
      if (!stop_.stop_requested()) hub_.publish_all(batch);
      auto const report = run.run_until_idle();
      if (stop_.stop_requested()) end_early(run, order);
      refuse_failures(report);
    }
  }

  void write(skein::traced_run& run, document_order const& order) {
    hub_.publish(order);
    refuse_failures(run.run_until_idle());
    for (auto const& made : hub_.artifacts<document>()) {
      out_ << made->summary << "  written   " << visible(made->path) << ", " << bytes_text(made->bytes) << "\n";
    }
  }

  [[noreturn]] void end_early(skein::traced_run& run, document_order const& order) {
    std::vector<component> done;
    for (auto const& one : hub_.artifacts<component>()) done.push_back(*one);
    run.set_attribute("packages.done", done.size());
    auto const what = "interrupted after " + std::to_string(done.size()) + " of " + counted(seen_.packages_all, "package");
    out_ << "PARTIAL, " << what << "\n" << summary(order, done);
    throw interrupted{what + "; " + visible(options_.output) + " was not written"};
  }

  /// A package that could not be examined is missing in the document, so there should be none.
  static void refuse_failures(skein::run_report const& report) {
    if (report.failures.empty()) return;
    auto const& first = report.failures.front();
    throw std::runtime_error{first.agent + " failed: " + first.what +
                             (report.failures.size() > 1 ? " (and " + counted(report.failures.size() - 1, "more failure") + ')' : "")};
  }

  /// Traces are disposable: without them the inventory is as good.
  void show_trace() {
    try {
      print_trace(out_, hub_.traces(), run_);
    } catch (skein::error const& e) {
      out_ << "\nno trace: " << e.what() << '\n';
    }
  }

  inventory_options const& options_;
  std::stop_token stop_;
  progress& seen_;
  std::ostream& out_;
  skein::orchestrator hub_;
  skein::run_id run_;
};

}  // namespace

void take_inventory(inventory_options const& options, std::stop_token const& stop, progress& seen, std::ostream& out) {
  inventory{options, stop, seen, out}.take();
}

}  // namespace sbom
