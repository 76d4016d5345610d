// Random but valid sequences of changes, as a board would write them, for comparing a ledger with the model.
#pragma once

#include <skein/bus/change.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace skein::bus::testing {

/// Produces commits; every one is valid after those before it. Not thread-safe; the same seed gives the same commits.
class ledger_script {
 public:
  explicit ledger_script(std::uint64_t seed) : random_(seed) {}

  /// The changes of one commit, one at least.
  [[nodiscard]] std::vector<change> next_commit(std::size_t changes_max = 12);

 private:
  template <class Id>
  [[nodiscard]] Id id();
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  [[nodiscard]] std::string word();
  [[nodiscard]] timestamp time() { return timestamp{std::chrono::nanoseconds{static_cast<std::int64_t>(random_() >> 2)}}; }
  [[nodiscard]] span_context context() { return {id<trace_id>(), id<span_id>(), static_cast<std::uint8_t>(below(4))}; }

  [[nodiscard]] change subscription();
  [[nodiscard]] change run();
  [[nodiscard]] change artifact();
  [[nodiscard]] change activation();
  [[nodiscard]] change update();
  void open_group(std::vector<change>& out);
  [[nodiscard]] change member_or_count();
  [[nodiscard]] change close_group();
  [[nodiscard]] change embargo();
  [[nodiscard]] change lift();
  [[nodiscard]] change timer();
  [[nodiscard]] change count();
  [[nodiscard]] std::vector<std::pair<subscription_no, std::string>> answers();

  std::mt19937_64 random_;
  std::uint64_t last_id_ = 0, last_seq_ = 0;
  subscription_no last_subscription_ = 0;
  activation_no last_activation_ = 0;
  std::vector<subscription_row> subscriptions_;
  std::vector<run_row> runs_;
  std::vector<activation_no> open_;
  std::vector<std::uint64_t> seqs_, hidden_, embargoed_;   // of artifacts: all, hidden until a time, hidden and not routed yet
  struct group {
    group_row row;
    std::uint32_t next_position = 0;
  };
  std::vector<group> groups_;
  group_no last_group_ = 0;
  std::uint64_t last_tick_ = 0;
};

}  // namespace skein::bus::testing
