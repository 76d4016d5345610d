#include <skein/agents/limit_by_key.hpp>

#include <skein/tracing/elapsed.hpp>

#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace skein {

struct limit_by_key::memory {
  /// The last calls of one key, oldest first.
  struct entry {
    std::string key;
    std::deque<timestamp> calls;
  };

  entry& use(std::string const& key, std::size_t keys_max) {
    if (auto const found = by_key.find(key); found != by_key.end()) {
      recent.splice(recent.end(), recent, found->second);
    } else {
      by_key.emplace(key, recent.insert(recent.end(), entry{key, {}}));
      if (recent.size() > keys_max) {
        by_key.erase(recent.front().key);
        recent.pop_front();
      }
    }
    return recent.back();
  }

  std::mutex mutex;
  std::list<entry> recent;   // the last used comes last
  std::unordered_map<std::string, std::list<entry>::iterator> by_key;
};

limit_by_key::limit_by_key(limit_by_key_options options) : options_(std::move(options)), memory_(std::make_shared<memory>()) {
  if (options_.calls == 0 || options_.per.count() <= 0 || options_.keys_max == 0) {
    throw error{errc::invalid_argument, "limit_by_key needs calls, per and keys_max above 0; to start an agent never, pause it"};
  }
}

void limit_by_key::on_pre_consume(context& ctx) {
  auto const key = options_.key.get(ctx);
  if (!key) return;
  auto const now = (options_.clock != nullptr ? *options_.clock : system_clock()).now();
  std::lock_guard const held{memory_->mutex};
  auto& calls = memory_->use(*key, options_.keys_max).calls;
  while (!calls.empty() && now - calls.front() >= options_.per) calls.pop_front();
  if (calls.size() >= options_.calls) {
    throw retry_later{calls.front() + options_.per - now, "limit_by_key: " + std::to_string(calls.size()) + " calls of this key in " +
                                                              elapsed{options_.per}.to_string() + "; to be tried again when there is room"};
  }
  calls.push_back(now);
}

}  // namespace skein
