// What the agents of research_pipeline say to each other.
#pragma once

#include <skein/artifact.hpp>

#include <string>
#include <vector>

struct question {
  std::string text;
  SKEIN_ARTIFACT("research.question", 1, text)
};

struct source {
  std::string question, title, text;
  double score = 0;
  std::size_t of = 0;  ///< How many sources the question has.
  SKEIN_ARTIFACT("research.source", 1, question, title, text, score, of)
};

struct summary {
  std::string question, title, text;
  std::size_t of = 0;
  SKEIN_ARTIFACT("research.summary", 1, question, title, text, of)
};

struct insight {
  std::string word;
  std::vector<std::string> titles;
  SKEIN_ARTIFACT("research.insight", 1, word, titles)
};
