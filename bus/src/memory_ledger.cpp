#include <skein/bus/ledger.hpp>

namespace skein::bus {
namespace {

class memory_ledger final : public ledger {
 public:
  result<void> commit(std::span<change const>) override {
    ++counters_.commits;
    return {};
  }
  result<board_state> load() override { return board_state{}; }
  result<run_history> history(run_id) override { return run_history{}; }
  ledger_counters counters() const noexcept override { return counters_; }
  bool durable() const noexcept override { return false; }
  std::string describe() const override { return "memory:"; }

 private:
  ledger_counters counters_;
};

}  // namespace

bool ledger::untidy() const noexcept { return false; }
void ledger::tidy() noexcept {}
result<std::vector<artifact_ptr>> ledger::artifacts(std::string_view, std::size_t) { return std::vector<artifact_ptr>{}; }

std::unique_ptr<ledger> make_memory_ledger() { return std::make_unique<memory_ledger>(); }

}  // namespace skein::bus
