// Artifacts, and an agent that joins them, for the tests that go through the programs of subscriptions and publications.
#pragma once

#include <skein/skein.hpp>

#include <chrono>
#include <string>

namespace skein::testing {

struct order     { std::string customer; int cents = 0;        SKEIN_ARTIFACT("shop.order", 1, customer, cents) };
struct invoice   { std::string customer; int cents = 0;        SKEIN_ARTIFACT("shop.invoice", 1, customer, cents) };
struct xray      { std::string patient, finding;               SKEIN_ARTIFACT("clinic.xray", 1, patient, finding) };
struct lab       { std::string patient; double crp = 0;        SKEIN_ARTIFACT("clinic.lab", 1, patient, crp) };
struct diagnosis { std::string patient, text;                  SKEIN_ARTIFACT("clinic.diagnosis", 1, patient, text) };
struct idea      { std::string text; int score = 0;            SKEIN_ARTIFACT("blog.idea", 1, text, score) };
struct rejected  { std::string why;                            SKEIN_ARTIFACT("blog.rejected", 1, why) };

/// Joins what is of one patient.
inline agent diagnostician() {
  return agent{"diagnostician"}
      .on(when<xray, lab>().join_by(&xray::patient, &lab::patient).within(std::chrono::minutes{5}),
          [](xray const& x, lab const&) { return diagnosis{x.patient, x.finding}; })
      .publishes<diagnosis>();
}

}  // namespace skein::testing
