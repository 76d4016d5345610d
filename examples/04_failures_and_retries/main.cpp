// Handlers that throw: what is tried again, what is not, and who hears of it.
#include <skein/skein.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct order {
  int number = 0;
  double amount_eur = 0;
  SKEIN_ARTIFACT("shop.order", 1, number, amount_eur)
};

struct receipt {
  int number = 0;
  SKEIN_ARTIFACT("shop.receipt", 1, number)
};

receipt charge(order const& what, skein::context& ctx) {
  // Trying again cannot make this right, so the retry policy is not asked.
  if (what.amount_eur < 0) throw skein::permanent_error{"the amount is negative"};
  // A bank that is unreachable twice, and one that never answers. A handler that throws has published nothing.
  if (what.number == 2 && ctx.attempt() < 3) throw std::runtime_error{"the bank is busy"};
  if (what.number == 3) throw std::runtime_error{"the bank does not answer"};
  // Handlers run at least once: a bank that knows this key will not charge twice, whatever happens to this process.
  ctx.span().set_attribute("bank.request_id", ctx.idempotency_key());
  return {what.number};
}

int main() {
  skein::orchestrator hub;
  // Waits 50 ms, then 100, then 200, … before the next attempt. An attempt that is lost with its process is not a failure of the
  // handler: of those, losses_max allows five.
  hub.add(skein::agent{"cashier"}
              .on<order>(charge)
              .publishes<receipt>()
              .retry({.attempts_max = 4, .losses_max = 5, .backoff_initial = 50ms, .backoff_factor = 2.0, .backoff_max = 1s}));
  // What fails for good becomes an artifact like any other.
  hub.add(skein::agent{"on_call"}.on<skein::failure>([](skein::failure const& failed) {
    std::cout << "on_call: " << failed.agent << " gave up on a " << failed.input_type << " after " << failed.attempts << " attempt(s): "
              << failed.what << '\n';
  }));

  skein::run_report report;
  {
    skein::traced_run run{hub, "friday_orders"};
    hub.publish(order{1, 20.0});
    hub.publish(order{2, 35.5});
    hub.publish(order{3, 12.0});
    hub.publish(order{4, -1.0});
    report = hub.run_until_idle();
  }

  // One dead activation fails the run; the others are done all the same.
  std::cout << "\nok: " << std::boolalpha << report.ok() << ", receipts: " << hub.artifacts<receipt>().size() << '\n';
  for (auto const& done : report.activations) {
    std::cout << done.agent << (done.ok ? " done" : " failed") << " in attempt " << done.attempt << '\n';
  }
  std::cout << '\n' << report << "\n\n";

  // Every attempt is a span.
  for (auto const& row : hub.traces().sql("SELECT count(*), status_code, coalesce(status_message, '') FROM spans "
                                          "WHERE name = 'invoke_agent cashier' GROUP BY 2, 3 ORDER BY 2, 3")) {
    std::cout << row[0].integer() << " attempt(s) ended " << row[1].text() << ' ' << row[2].text() << '\n';
  }
}
