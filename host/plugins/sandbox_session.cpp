#include "plugins/sandbox_session.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "foundation/check.hpp"
#include "plugins/confidence.hpp"

namespace opi::plugins {

CallEnd held_call(const std::string& why) { return {OPI_E_BUSY, why, why, false, 0}; }

void SandboxSession::begin(SandboxCall call) {
  const auto number = call.instance ? call.instance->number : 0;
  if (const auto refused = refused_.find(number); refused != refused_.end()) {
    auto end = held_call(refused->second);
    end.refused = true;
    if (call.kind == FrameKind::destroy) refused_.erase(refused);
    if (call.done) call.done(end);
    return;
  }
  if (call.kind == FrameKind::destroy && made_.erase(number) == 0) return;
  const bool needs_instance = call.kind >= FrameKind::render && call.kind <= FrameKind::resolve;
  if (needs_instance && !made_.contains(number))
    push({.kind = FrameKind::create, .instance = call.instance, .frame = call.instance->create, .tenant = call.tenant});
  push(std::move(call));
}

void SandboxSession::push(SandboxCall call) {
  if (call.kind == FrameKind::create) made_.insert(call.instance->number);
  const std::uint64_t number = first_number_ + calls_.size();
  set_number(call.frame, number);
  out_ += call.frame;
  calls_.push_back(std::move(call));
}

std::span<char> SandboxSession::room(std::span<char> buffer) const {
  if (!value_.empty()) return value_;
  const bool values_may_come = std::ranges::any_of(calls_, [](const auto& call) { return call.secret.ops != nullptr; });
  return values_may_come ? buffer.first(std::min(buffer.size(), in_.wanted())) : buffer;
}

void SandboxSession::receive(std::string_view bytes) {
  while (!last_answer_ && !bytes.empty()) {
    if (!value_.empty())
      take_value(bytes);
    else if (const auto frame = in_.take(bytes))
      take(*frame);
  }
}

void SandboxSession::take_value(std::string_view& bytes) {
  const auto part = bytes.substr(0, value_.size());
  if (part.data() != value_.data()) std::memcpy(value_.data(), part.data(), part.size());
  value_ = value_.subspan(part.size());
  bytes.remove_prefix(part.size());
}

void SandboxSession::take(const Frame& frame) {
  if (calls_.empty() || frame.call != first_number_) throw BrokenFrame("a frame is about a call that was not made");
  FrameReader in(frame.fields);
  if (frame.kind == FrameKind::done) return end(in);
  if (frame.kind == FrameKind::log) return log(calls_.front(), in);
  if (frame.kind == FrameKind::value) {
    value_ = place_for_value(calls_.front(), in);
    return;
  }
  FrameWriter answer(FrameKind::answer, frame.call);
  play(calls_.front(), frame.kind, in, answer);
  confined_ = confined_ || frame.kind == FrameKind::confined;
  if (!asks(frame.kind)) return;
  out_ += answer.finish();
  if (out_.size() > max_unread) throw BrokenFrame("it asks on and on and reads no answer");
}

void SandboxSession::log(const SandboxCall& call, FrameReader& in) {
  constexpr std::uint32_t max_fields = 16;
  const auto level = in.u32();
  const auto message = in.plugin_text();
  const auto count = in.u32();
  if (count > max_fields) throw BrokenFrame("a message has too many fields");
  std::array<opi_kv, max_fields> fields{};
  for (std::uint32_t i = 0; i < count; ++i) {
    fields[i].k = in.plugin_text();
    fields[i].v = in.plugin_text();
  }
  in.end();
  if (++messages_ > max_messages) return;
  const std::vector<std::string> nothing;
  const auto confidence = call.secret.ops != nullptr ? Confidence::about_secrets()
                                                     : Confidence(call.instance ? call.instance->confidential : nothing,
                                                                  call.confidential.get());
  const auto* const host = services_.host();
  static_cast<const opi_log_v1*>(host->service(host, OPI_SVC_LOG))->write(host, level, message, fields.data(), count);
}

void SandboxSession::end(FrameReader& in) {
  CallEnd end;
  end.status = static_cast<opi_status>(in.u32());
  end.error = in.text().substr(0, max_error_bytes);
  end.flags = in.u64();
  in.end();
  OPI_CHECK(!calls_.empty());  // take() has looked
  if (calls_.front().kind == FrameKind::start && end.status == OPI_OK && !confined_)
    throw BrokenFrame("it has started without being confined");
  auto call = std::move(calls_.front());
  calls_.pop_front();
  ++first_number_;
  ++answered_;
  just_answered_.push_back(call.tenant);
  messages_ = 0;
  judge(call, end);
  const auto number = call.instance ? call.instance->number : 0;
  if (const auto refused = refused_.find(number); refused != refused_.end()) {
    const auto status = end.status;
    end = held_call(refused->second);
    end.refused = true;
    if (call.kind == FrameKind::create) end.status = status;  // the plugin's own word, which refusal() asks for
  }
  if (call.done) call.done(end);
}

void SandboxSession::judge(const SandboxCall& call, const CallEnd& end) {
  if (end.status == OPI_OK) return;
  const auto why = end.error.empty() ? "failed with status " + std::to_string(end.status) : end.error;
  if (call.kind == FrameKind::start)
    last_answer_ = {Phase::init, {}, OPI_E_BUSY, "could not start the plugin: " + why};
  else if (end.status == OPI_E_NOMEM)
    last_answer_ = {phase_of(call.kind), call.tenant, OPI_E_NOMEM, "ran out of memory and was killed"};
  else if (call.kind == FrameKind::create)
    refused_[call.instance->number] = end.error.empty() ? "the adapter " + why : why;
}

Phase SandboxSession::phase() const {
  if (last_answer_) return last_answer_->phase;
  return calls_.empty() ? Phase::idle : phase_of(calls_.front().kind);
}

TenantId SandboxSession::tenant() const {
  if (last_answer_) return last_answer_->tenant;
  return calls_.empty() ? TenantId() : calls_.front().tenant;
}

SandboxSession::Abandoned SandboxSession::abandon() {
  Abandoned left;
  const auto* const instance = calls_.empty() ? nullptr : calls_.front().instance.get();
  for (auto& call : calls_) {
    if (call.kind == FrameKind::start || call.kind == FrameKind::destroy ||
        (call.kind == FrameKind::create && !call.done))
      continue;
    if (!last_answer_ && !left.victim && call.instance.get() == instance && left.untouched.empty())
      left.victim = std::move(call);
    else
      left.untouched.push_back(std::move(call));
  }
  calls_.clear();
  return left;
}

}  // namespace opi::plugins
