#pragma once
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// A unit of work. Rolled back unless commit() returned; commit() answers by returning (done), by
// StoreUnavailable (not done) or by CommitInDoubt.
class Transaction final {
 public:
  enum class Kind { read_write, snapshot };  // snapshot: every statement sees the same state

  explicit Transaction(Connection& connection, Kind kind = Kind::read_write) : connection_(connection) {
    // IMMEDIATE: a transaction that begins as a reader could fail when it comes to write.
    connection_.script(kind == Kind::snapshot ? "BEGIN" : "BEGIN IMMEDIATE", "begin");
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

}  // namespace opi::sqlite
