// What must become of the artifacts of a subscription that puts several together: worked out naively, from artifacts in board order.
#pragma once

#include <skein/bus/change.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skein::sim {

using namespace bus;

/// What a join's subscription finds in an artifact; empty: none, it does not take part.
[[nodiscard]] std::string key_of(artifact_data const& artifact);

class group_books {
 public:
  struct group {
    group_no no = 0;                             // only of those that the board has named
    subscription_no subscription = 0;
    bool batch = false;
    std::string correlation, key;
    std::vector<std::uint64_t> members;          // by slot, 0 = missing; of a batch: all, group after group
    timestamp opened_at{};
    std::uint64_t taken = 0;
  };
  /// An activation that must be opened.
  struct opening {
    subscription_no subscription = 0;
    std::vector<std::uint64_t> inputs;
    friend auto operator<=>(opening const&, opening const&) = default;
  };
  /// A skein.expired that must be published.
  struct expiry {
    subscription_no subscription = 0;
    std::string why;
    std::vector<std::uint64_t> had;              // in declared order
    std::vector<std::string> missing;
    friend auto operator<=>(expiry const&, expiry const&) = default;
  };

  explicit group_books(std::size_t groups_max) : groups_max_(groups_max) {}

  /// What is durable; the keys of joins are worked out anew.
  void restore(board_state const& durable, std::map<std::uint64_t, artifact_ptr> const& artifacts);
  /// `by` has matched the artifact.
  void take(timestamp now, subscription_no no, subscription_descriptor const& by, artifact_data const& artifact, std::string const& key);
  /// When the next group expires or the next batch is old enough.
  [[nodiscard]] std::optional<timestamp> next_due() const;
  /// Expires, or starts, the one that is due first.
  void pass_next();
  /// The groups that have artifacts of the run expire with these; what others had in them takes part anew.
  void cancel(timestamp now, run_id const& run, std::map<std::uint64_t, artifact_ptr> const& artifacts);
  /// Starts this batch before it is full; false when there is none of exactly these members.
  [[nodiscard]] bool flush(opening const& what);

  /// Those that wait, oldest first.
  [[nodiscard]] std::vector<group> const& open() const noexcept { return open_; }
  /// What has to happen in this step; whoever checks takes it away.
  std::vector<opening> opened;
  std::vector<expiry> expired;
  bool changed = false;

  /// Of every subscription that groups.
  std::map<subscription_no, subscription_descriptor const*> descriptors;

 private:
  [[nodiscard]] std::optional<timestamp> due(group const& one) const;
  void expire(std::size_t at, std::string const& why);
  void start(std::size_t at);
  void gather(timestamp now, subscription_no no, subscription_descriptor const& by, std::string const& correlation, std::vector<std::uint64_t> const& members);
  void bound(timestamp now, subscription_no no);

  std::size_t groups_max_;
  std::vector<group> open_;
  std::map<subscription_no, std::uint64_t> taken_;
};

}  // namespace skein::sim
