#pragma once
#include <functional>
#include <string>
#include <vector>

#include "domain/store_errors.hpp"

namespace opi::delivery {

// Events that producers published inside their own database transactions and that no daemon has taken yet.
// Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class Inbox {
 public:
  // What became of one envelope: empty if it is stored (now or before), else why it never can be.
  using Refusal = std::string;
  struct Envelope {
    std::string text;
    std::string producer;  // Event::producer
  };
  // Stores envelopes; one answer each, in order. What it throws leaves the inbox as it was.
  using Take = std::function<std::vector<Refusal>(const std::vector<Envelope>& envelopes)>;

  virtual ~Inbox() = default;
  // Hands the oldest waiting envelopes to `take`, removes those that it stored and marks the others as refused. No
  // two daemons handle the same envelope at the same time; one that dies in between leaves it to the next, whose
  // repetition the event id makes harmless. Answers how many it handed over.
  virtual int drain(int limit, const Take& take) = 0;
};

}  // namespace opi::delivery
