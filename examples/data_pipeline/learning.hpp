// The arithmetic of data_pipeline; it knows nothing of agents.
#pragma once

#include "artifacts.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

/// Brings a column to mean 0 and deviation 1 over the training rows. Nothing of the test rows flows into what is learned, not even into
/// the mean.
inline void standardise(feature_table& table, double example_row::*column) {
  double sum = 0, squares = 0;
  for (auto const& row : table.training) sum += row.*column, squares += row.*column * row.*column;
  double const mean = sum / static_cast<double>(table.training.size());
  double const deviation = std::sqrt(squares / static_cast<double>(table.training.size()) - mean * mean);
  for (auto* rows : {&table.training, &table.test}) {
    for (auto& row : *rows) row.*column = (row.*column - mean) / deviation;
  }
}

/// One step of gradient descent on the squared error.
inline void improve(model& m, std::vector<example_row> const& rows) {
  model gradient;
  for (auto const& row : rows) {
    double const off = (m.predict(row) - row.distance) / static_cast<double>(rows.size());
    gradient.bias += off;
    gradient.of_speed += off * row.speed;
    gradient.of_speed_squared += off * row.speed_squared;
  }
  m.bias -= m.learning_rate * gradient.bias;
  m.of_speed -= m.learning_rate * gradient.of_speed;
  m.of_speed_squared -= m.learning_rate * gradient.of_speed_squared;
}

/// How the model does on rows that it has not seen, beside always guessing the mean.
inline evaluation judge(model const& m, feature_table const& data) {
  double mean = 0, errors = 0, baseline_errors = 0;
  for (auto const& row : data.training) mean += row.distance / static_cast<double>(data.training.size());
  for (auto const& row : data.test) {
    errors += std::pow(m.predict(row) - row.distance, 2);
    baseline_errors += std::pow(mean - row.distance, 2);
  }
  auto const n = static_cast<double>(data.test.size());
  return {std::sqrt(errors / n), std::sqrt(baseline_errors / n), 1 - errors / baseline_errors};
}
