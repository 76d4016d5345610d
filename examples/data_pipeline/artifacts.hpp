// What the agents of data_pipeline hand to each other.
#pragma once

#include <skein/artifact.hpp>

#include <cstddef>
#include <string>
#include <vector>

struct raw_table {
  std::string csv;
  SKEIN_ARTIFACT("cars.raw_table", 1, csv)
};

struct measurement {
  double speed = 0, distance = 0;
  SKEIN_FIELDS(speed, distance)
};

struct dropped_row {
  std::size_t line = 0;
  std::string reason;
  SKEIN_FIELDS(line, reason)
};

struct clean_table {
  std::vector<measurement> rows;
  std::vector<dropped_row> dropped;
  SKEIN_ARTIFACT("cars.clean_table", 1, rows, dropped)
};

/// One row for a model: speed and its square, both standardised (mean 0, deviation 1 over the training rows), and the distance.
struct example_row {
  double speed = 0, speed_squared = 0, distance = 0;
  SKEIN_FIELDS(speed, speed_squared, distance)
};

struct feature_table {
  std::vector<example_row> training, test;
  SKEIN_ARTIFACT("cars.feature_table", 1, training, test)
};

struct model {
  double bias = 0, of_speed = 0, of_speed_squared = 0;
  double learning_rate = 0;
  SKEIN_ARTIFACT("cars.model", 1, bias, of_speed, of_speed_squared, learning_rate)
  [[nodiscard]] double predict(example_row const& x) const { return bias + of_speed * x.speed + of_speed_squared * x.speed_squared; }
};

struct evaluation {
  double error_feet = 0;           ///< Root of the mean squared error on the test rows.
  double baseline_error_feet = 0;  ///< The same of whoever always says the mean of the training rows.
  double explained = 0;            ///< The share of the variance that the model explains (R²).
  SKEIN_ARTIFACT("cars.evaluation", 1, error_feet, baseline_error_feet, explained)
};
