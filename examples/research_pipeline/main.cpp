// Research: a question is searched for, what is found is summarised, the summaries are compared. The articles are in corpus.hpp (nothing
// leaves this machine), the text processing in text.hpp, what the agents say to each other in artifacts.hpp.
#include "artifacts.hpp"
#include "text.hpp"

#include <skein/skein.hpp>

#include <iomanip>
#include <iostream>

// The three articles that say most about the question.
std::vector<source> search(question const& asked, skein::context& ctx) {
  auto const topic = distinct_words_of(asked.text);
  std::vector<source> found;
  for (auto const& [title, text] : corpus()) found.push_back({asked.text, title, text, relevance(title + ". " + text, topic), 0});
  std::erase_if(found, [](source const& one) { return one.score == 0; });
  std::ranges::sort(found, std::ranges::greater{}, &source::score);
  ctx.span().set_attribute("search.candidates", found.size());
  if (found.empty()) throw skein::permanent_error{"no article says anything about: " + asked.text};
  if (found.size() > 3) found.resize(3);
  for (auto& one : found) one.of = found.size();
  return found;
}

// The two sentences that say most about question and title, in their order.
summary summarise(source const& from) {
  auto const topic = distinct_words_of(from.question + " " + from.title);
  auto best = sentences_of(from.text);
  std::ranges::stable_sort(best, std::ranges::greater{}, [&](std::string const& sentence) { return relevance(sentence, topic); });
  if (best.size() > 2) best.resize(2);
  std::ranges::sort(best, {}, [&](std::string const& sentence) { return from.text.find(sentence); });
  std::string text;
  for (auto const& sentence : best) text += (text.empty() ? "" : " ") + sentence;
  return {from.question, from.title, text, from.of};
}

// The words of the question that several summaries use. Exactly one summary is the last on the board: with it, all of them are there.
std::vector<insight> compare(skein::artifact<summary> const& arrived, skein::context& ctx) {
  auto const all = ctx.artifacts<summary>();
  if (all.size() < arrived->of || all.front().id() != arrived.id()) return {};
  std::vector<insight> made;
  for (auto const& word : distinct_words_of(arrived->question)) {
    insight one{word, {}};
    for (auto const& s : all) {
      if (distinct_words_of(s->text).contains(word)) one.titles.push_back(s->title);
    }
    std::ranges::sort(one.titles);
    if (one.titles.size() > 1) made.push_back(one);
  }
  std::ranges::stable_sort(made, std::ranges::greater{}, [](insight const& one) { return one.titles.size(); });
  return made;
}

int main() {
  skein::orchestrator hub;
  hub.add(skein::agent{"searcher"}.on<question>(search).publishes<source>());
  hub.add(skein::agent{"summariser"}.on<source>(summarise).publishes<summary>().max_concurrency(4));
  hub.add(skein::agent{"analyst"}.on<summary>(compare).publishes<insight>());

  {
    skein::traced_run run{hub, "research"};
    hub.publish(question{"Which compass tells birds the direction: the sun, the stars or a magnetic field?"});
    std::cout << hub.run_until_idle() << "\n\n";
  }
  for (auto const& s : hub.artifacts<source>()) std::cout << std::setprecision(3) << s->score << "  " << s->title << '\n';
  auto summaries = hub.artifacts<summary>();
  std::ranges::sort(summaries, {}, [](auto const& s) { return s->title; });  // They were made side by side, in any order.
  for (auto const& s : summaries) std::cout << '\n' << s->title << "\n  " << s->text << '\n';
  std::cout << '\n';
  for (auto const& i : hub.artifacts<insight>()) {
    std::cout << '"' << i->word << "\" in";
    for (auto const& title : i->titles) std::cout << " [" << title << ']';
    std::cout << '\n';
  }
  std::cout << '\n';
  for (auto const& row : hub.traces().sql("SELECT agent, attempts, failures FROM agent_stats ORDER BY agent")) {
    std::cout << row[0].text() << ": " << row[1].integer() << " attempts, " << row[2].integer() << " failed\n";
  }
}
