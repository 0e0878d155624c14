#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "daemon/daemon.hpp"

namespace opi::daemon {

// The threads that run the daemon's parts, each by its run_once().
struct Daemon::Services {
  std::unique_ptr<runtime::PeriodicService> intake, dispatch, settle, discovery, fleet, rescue, catalog, announce,
      listen, inbox, feed, operations, retention, store_watch, sign_ins, checkpoints, secrets, holds, alerts;

  std::vector<runtime::PeriodicService*> all() {
    std::vector<runtime::PeriodicService*> list;
    for (auto* service :
         {&fleet, &catalog, &discovery, &intake, &settle, &dispatch, &rescue, &announce, &listen, &inbox, &feed,
          &operations, &retention, &store_watch, &sign_ins, &checkpoints, &secrets, &holds, &alerts})
      if (*service) list.push_back(service->get());
    return list;
  }

  // What nothing waits for that is under way.
  std::vector<runtime::PeriodicService*> not_of_the_drain() {
    auto list = all();
    std::erase_if(list, [this](const auto* one) {
      return one == intake.get() || one == settle.get() || one == announce.get() || one == secrets.get();
    });
    return list;
  }

  // Their last runs go on side by side: with a database that does not answer each of them takes long.
  void stop_all() {
    for (auto* service : all()) service->request_stop();
    for (auto* service : all()) service->stop();
  }
};

}  // namespace opi::daemon
