#pragma once
#include <string>

namespace opi::postgres {

class Connection;

// A session as its server knows it. A process id alone is given again, and after a failover it is that of somebody else
// on another server: so when the session began and when its server did go with it, both to the microsecond.
struct SessionIdentity {
  std::string process, began, server_began;
};

// Of the session that answers.
SessionIdentity identity_of(Connection& connection);

// Ends the wait of a session of this login for a synchronous standby, if this is the server it was on and it is still
// there and waits. Whether it was. Of any other session it touches nothing.
bool let_go(Connection& connection, const SessionIdentity& former);

}  // namespace opi::postgres
