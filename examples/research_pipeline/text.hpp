// The text processing of research_pipeline: words, sentences, and how much a word says in a corpus.
#pragma once

#include "corpus.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/// Lower-case words of four letters and more, in order, without plural s: short ones say little of what a text is about.
inline std::vector<std::string> words_of(std::string const& text) {
  std::vector<std::string> found;
  std::string word;
  for (char const c : text + ' ') {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (word.size() > 4 && word.ends_with('s') && !word.ends_with("ss")) word.pop_back();
    if (word.size() >= 4) found.push_back(word);
    word.clear();
  }
  return found;
}

inline std::set<std::string> distinct_words_of(std::string const& text) {
  auto const all = words_of(text);
  return {all.begin(), all.end()};
}

inline std::vector<std::string> sentences_of(std::string const& text) {
  std::vector<std::string> found;
  std::istringstream in{text};
  for (std::string sentence; std::getline(in >> std::ws, sentence, '.');) found.push_back(sentence + '.');
  return found;
}

/// Inverse document frequency: 0 for a word that stands in every article, more the rarer it is.
inline double rarity(std::string const& word) {
  auto const with = std::ranges::count_if(corpus(), [&](article const& one) { return distinct_words_of(one.text).contains(word); });
  return std::log(static_cast<double>(corpus().size() + 1) / static_cast<double>(with + 1));
}

/// How much of `text` is about `topic`: the frequency of the topic's words in it, rare words counting more (tf-idf).
inline double relevance(std::string const& text, std::set<std::string> const& topic) {
  auto const words = words_of(text);
  double sum = 0;
  for (auto const& word : words) sum += topic.contains(word) ? rarity(word) : 0;
  return words.empty() ? 0 : sum / std::sqrt(static_cast<double>(words.size()));
}
