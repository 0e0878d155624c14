#pragma once
#include "postgres/connection.hpp"

namespace opi::postgres {

// A unit of work. Rolled back unless commit() returned; commit() answers by returning (done), by
// StoreUnavailable (not done) or by CommitInDoubt.
class Transaction final {
 public:
  enum class Kind { read_write, snapshot };  // snapshot: read-only, every statement sees the same state

  explicit Transaction(Connection& connection, Kind kind = Kind::read_write) : connection_(connection) {
    connection_.script(kind == Kind::snapshot ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", "begin");
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
  Connection& connection_;
  bool committed_ = false;
};

}  // namespace opi::postgres
