#pragma once
#include "postgres/connection.hpp"
#include "postgres/intake_lock.hpp"

namespace opi::postgres {

// A unit of work. Rolled back unless commit() returned; commit() answers by returning (done), by
// StoreUnavailable (not done) or by CommitInDoubt.
class Transaction final {
 public:
  enum class Kind {
    read_write,
    storing,   // read_write that stores deliveries: see intake_lock.hpp
    snapshot,  // read-only, every statement sees the same state
  };

  explicit Transaction(Connection& connection, Kind kind = Kind::read_write) : connection_(connection) {
    connection_.script(begin(kind), "begin");
  }
  ~Transaction() {
    if (!committed_) connection_.rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() {
    connection_.commit();
    committed_ = true;
  }

 private:
  static const char* begin(Kind kind) {
    switch (kind) {
      case Kind::read_write: return "BEGIN";
      case Kind::storing: return begin_storing;
      case Kind::snapshot: break;
    }
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  }

  Connection& connection_;
  bool committed_ = false;
};

}  // namespace opi::postgres
