#pragma once
#include <memory>
#include <string>
#include <vector>

#include "delivery/claim.hpp"
#include "domain/clock.hpp"
#include "domain/ids.hpp"

namespace opi::delivery {

// Which destinations this daemon serves, of all daemons of the database: each belongs to the one whose id gives the
// highest hash with the destination's (rendezvous hashing), so that a daemon that comes or goes moves no more than its
// own share. Every version must compute the same. Immutable.
class Ownership {
 public:
  // All of them, for ever: no other daemon can be there.
  static std::shared_ptr<const Ownership> sole();

  // `owners`: daemons that take part, this one among them or not; with no owner nothing is anybody's. It holds until
  // `valid_until` on the database's clock, which is no earlier than `valid_here` on this daemon's. `since`: when this
  // daemon began to take part; another time means that it was missed in between, and others served what is its own.
  Ownership(std::string self, std::vector<std::string> owners, DueTime valid_until, MonoTime valid_here,
            DueTime since = due_since_ever);

  [[nodiscard]] bool owns(const DestinationId& destination) const;
  // The id of the daemon that does; null: none takes part.
  [[nodiscard]] const std::string* owner(const DestinationId& destination) const;
  // Whether this daemon does what only one needs to do.
  [[nodiscard]] bool leads() const;
  // Whether others may have served a destination just before it came to this daemon: those it takes part with, or that
  // were there before it.
  [[nodiscard]] bool shared() const { return valid_until_ != due_never; }
  [[nodiscard]] bool takes_part() const;
  [[nodiscard]] const std::vector<std::string>& owners() const { return owners_; }
  [[nodiscard]] DueTime valid_until() const { return valid_until_; }
  [[nodiscard]] DueTime since() const { return since_; }
  [[nodiscard]] bool valid_at(MonoTime now) const { return now < valid_here_; }

 private:
  [[nodiscard]] const std::string* owner_of(std::string_view what) const;

  const std::string self_;
  const std::vector<std::string> owners_;
  const DueTime valid_until_;
  const MonoTime valid_here_;
  const DueTime since_;
};

}  // namespace opi::delivery
