// Those who use the hub: publishers outside any run, runs with a body, waiters, and callers of one agent.
#pragma once

#include "world.hpp"

namespace skein::sim {

/// A new user of a kind drawn by chance; works by itself, counted in world::busy_users until it is done.
void start_user(world& w);
/// One that waits for the whole board; `then` is called when it is idle. Waits again after a failed ledger.
void start_last_waiter(world& w, std::function<void()> then);

}  // namespace skein::sim
