#include <skein/agents/deduplicate.hpp>

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace skein {

struct deduplicate::memory {
  /// Which activation has the key, and its place in `order`.
  struct owner {
    std::string activation;
    std::uint64_t number;
  };

  void forget_oldest(std::size_t keys_max) {
    while (!order.empty() && owners.size() > keys_max) {
      auto const [key, number] = std::move(order.front());
      order.pop_front();
      auto const found = owners.find(key);
      if (found != owners.end() && found->second.number == number) owners.erase(found);
    }
    // Keys that were given back leave their places behind.
    while (!order.empty() && order.size() > 2 * keys_max) {
      auto const found = owners.find(order.front().first);
      if (found != owners.end() && found->second.number == order.front().second) break;
      order.pop_front();
    }
  }

  std::mutex mutex;
  std::unordered_map<std::string, owner> owners;
  std::deque<std::pair<std::string, std::uint64_t>> order;   // of taking; some are no more
  std::uint64_t taken = 0;
};

deduplicate::deduplicate(deduplicate_options options) : options_(std::move(options)), memory_(std::make_shared<memory>()) {
  if (options_.keys_max == 0) throw error{errc::invalid_argument, "deduplicate needs keys_max above 0: it is how many keys it remembers"};
}

void deduplicate::on_pre_consume(context& ctx) {
  auto key = options_.key.get(ctx);
  if (!key) return;
  auto const activation = ctx.idempotency_key();
  {
    std::lock_guard const held{memory_->mutex};
    auto const [at, fresh] = memory_->owners.try_emplace(*key, memory::owner{activation, memory_->taken});
    if (fresh) {
      memory_->order.emplace_back(std::move(*key), memory_->taken++);
      memory_->forget_oldest(options_.keys_max);
      return;
    }
    if (at->second.activation == activation) return;
  }
  ctx.skip("a duplicate: another activation has had the same key");
}

void deduplicate::on_error(context& ctx, failure const&) {
  auto const key = options_.key.get(ctx);
  if (!key) return;
  std::lock_guard const held{memory_->mutex};
  auto const found = memory_->owners.find(*key);
  if (found != memory_->owners.end() && found->second.activation == ctx.idempotency_key()) memory_->owners.erase(found);
}

}  // namespace skein
