#pragma once
#include <functional>
#include <string>

// A pooler between us and the server, such as PgBouncer, may lend a server to a session, or to each of its
// transactions. A daemon needs the former: its sessions have a role, a tenant, prepared statements and LISTEN, which
// would be those of whoever gets the server next.
namespace opi::postgres {

// The server process that answers this session now, as the server names it.
using AskServer = std::function<std::string()>;

// Whether the session keeps `process`, which answered it before. A pooler that takes servers back gives them to whoever
// asks next, or to whoever asks last: so a rival session asks in turns with ours, and sooner or later is answered by
// our server, or we are by another. Whoever keeps his server sees neither, ever.
bool keeps_its_server(const std::string& process, const AskServer& ask, const AskServer& ask_rival);

inline constexpr const char* shared_server =
    "postgresql: what answers is a pooler that lends its servers for a transaction, and a daemon needs sessions: set "
    "pool_mode=session for this database in the pooler (PgBouncer), or connect to the server itself";

}  // namespace opi::postgres
