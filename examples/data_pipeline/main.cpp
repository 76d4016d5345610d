// Data: clean → features → train → evaluate, on a table of cars (cars.hpp). Training starts too boldly, fails, and is tried again.
#include "cars.hpp"
#include "csv.hpp"
#include "learning.hpp"

#include <skein/skein.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>

clean_table clean(raw_table const& raw, skein::context& ctx) {
  clean_table made;
  std::istringstream in{raw.csv};
  std::string line;
  std::getline(in, line);  // The header.
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    auto row = read_row(line);
    if (auto* good = std::get_if<measurement>(&row)) made.rows.push_back(*good);
    else made.dropped.push_back({number, std::get<std::string>(row)});
  }
  ctx.span().set_attribute("rows.kept", made.rows.size()).set_attribute("rows.dropped", made.dropped.size());
  if (made.rows.size() < 10) throw skein::permanent_error{"too few good rows to learn from"};
  return made;
}

// Distance grows with the speed and with its square. Every fourth row is kept for the test.
feature_table make_features(clean_table const& table) {
  feature_table made;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    auto const& [speed, distance] = table.rows[i];
    (i % 4 == 3 ? made.test : made.training).push_back({speed, speed * speed, distance});
  }
  standardise(made, &example_row::speed);
  standardise(made, &example_row::speed_squared);
  return made;
}

// Steps that are too long overshoot more and more. Each attempt takes steps a tenth as long as the one before.
model train(feature_table const& data, skein::context& ctx) {
  model m{.learning_rate = 3.0 / std::pow(10.0, ctx.attempt() - 1.0)};
  ctx.span().set_attribute("learning_rate", m.learning_rate);
  for (int step = 1; step <= 5'000; ++step) {
    improve(m, data.training);
    if (std::abs(m.bias) > 1e6) throw std::runtime_error{"training diverges after " + std::to_string(step) + " steps"};
  }
  return m;
}

// A handler may look at what else its run has put on the board: here, the rows that the model has not seen.
evaluation evaluate(model const& m, skein::context& ctx) { return judge(m, *ctx.artifacts<feature_table>().front()); }

int main() {
  skein::orchestrator hub;
  hub.add(skein::agent{"cleaner"}.on<raw_table>(clean).publishes<clean_table>());
  hub.add(skein::agent{"feature_maker"}.on<clean_table>(make_features).publishes<feature_table>());
  hub.add(skein::agent{"trainer"}.on<feature_table>(train).publishes<model>().retry({.attempts_max = 3}));
  hub.add(skein::agent{"evaluator"}.on<model>(evaluate).publishes<evaluation>());

  skein::run_report report;
  {
    skein::traced_run run{hub, "stopping_distances", {.tags = {{"data", "cars"}}}};
    hub.publish(raw_table{std::string{cars_csv}});
    report = hub.run_until_idle();
  }
  std::cout << report << '\n' << std::fixed << std::setprecision(2);
  for (auto const& table : hub.artifacts<clean_table>()) {
    for (auto const& row : table->dropped) std::cout << "line " << row.line << " dropped: " << row.reason << '\n';
  }
  for (auto const& m : hub.artifacts<model>()) std::cout << "trained with learning rate " << m->learning_rate << '\n';
  for (auto const& e : hub.artifacts<evaluation>()) {
    std::cout << "off by " << e->error_feet << " ft (always guessing the mean: " << e->baseline_error_feet << " ft), explains "
              << 100 * e->explained << " %\n";
  }
  if (auto const tree = report.trace()) std::cout << '\n' << *tree << '\n';
}
