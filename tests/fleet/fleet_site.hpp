#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/ledger.hpp"
#include "system/site.hpp"

namespace opi::system_test {

// Several daemons of one database, of a server that all sites share, and one receiver of all their destinations.
class FleetSite {
 public:
  struct Destination {
    std::string name;     // its path at the receiver, and its events' type
    std::string members;  // further members of its JSON object
    int share = 100;      // how many events it gets, in percent of what is handed in
  };
  // `settings` over the usual ones, "section.name" -> value.
  FleetSite(Ledger::Judge judge, std::vector<Destination> destinations,
            const std::map<std::string, std::string>& settings = {});

  Site& site() { return site_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const std::vector<Destination>& destinations() const { return destinations_; }
  // Starts them; they have taken their parts when this returns, as have all others.
  void join(const std::vector<std::string>& names);
  void restart(const std::string& name);  // of one that was killed, in the same state directory
  void leave(const std::string& name);    // SIGTERM
  void kill(const std::string& name);     // SIGKILL
  void freeze(const std::string& name);   // SIGSTOP
  void thaw(const std::string& name);     // SIGCONT; it has its part again when this returns
  RunningDaemon& daemon(const std::string& name);
  [[nodiscard]] std::vector<std::string> awake() const;

  // What a daemon's log says last of the fleet; nullopt: nothing.
  static std::optional<boost::json::object> last_change(const RunningDaemon& daemon);
  // The destination's id, and its runtime as a daemon tells it.
  [[nodiscard]] static std::string id_of(std::size_t destination);
  boost::json::object runtime(const std::string& daemon, std::size_t destination);
  // By which of the daemons that are awake it is served; waits until they agree.
  std::string server_of(std::size_t destination);

  // Hands in so many events for every destination, or its share of that, to the daemons that are awake, in turn.
  void post(int events);
  // Hands in the next event of this one to this daemon.
  void post_one(std::size_t destination, const std::string& name);
  // Every event that was handed in and that `counts` has been answered with 200.
  bool all_arrived(const std::function<bool(const std::string& name)>& counts) const;
  void execute(const std::string& sql);

 private:
  struct Member {
    std::string name, id;
    std::unique_ptr<RunningDaemon> daemon;
    bool awake = true;
  };
  Member& member(const std::string& name);
  void wait_for_parts();
  void hand_in(std::size_t destination, int upto, const std::string& name);

  Ledger ledger_;
  Site site_;
  const std::vector<Destination> destinations_;
  std::string producer_, auditor_;
  std::vector<Member> members_;
  std::vector<int> posted_;
  std::size_t turn_ = 0;
};

}  // namespace opi::system_test
