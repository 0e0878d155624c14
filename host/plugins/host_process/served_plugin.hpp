#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "foundation/mutex.hpp"
#include "plugins/host_process/channel.hpp"
#include "plugins/request_draft.hpp"

namespace opi::plugins {

// The plugin in this process, and its instances: does what the daemon's calls say, on one thread. A plugin that may
// have threads of its own logs from them as well: what it logs outside of calls is lost.
class ServedPlugin {
 public:
  explicit ServedPlugin(Channel& channel) : channel_(channel) {}
  ServedPlugin(const ServedPlugin&) = delete;
  ServedPlugin& operator=(const ServedPlugin&) = delete;

  // Does one call and sends its end. Whatever the plugin lets out is its end. Throws BrokenFrame.
  void serve(const OwnFrame& call);

 private:
  struct Instance {
    const opi_component_v1* lifetime = nullptr;
    const opi_http_adapter_v1* adapter = nullptr;
    const opi_secret_provider_v1* provider = nullptr;
    void* state = nullptr;
    std::vector<std::string> egress;
    std::unique_ptr<RequestRules> rules;
  };

  opi_status perform(const OwnFrame& call, ErrorSlot& error);
  opi_status start(FrameReader& in, ErrorSlot& error);
  opi_status start_components(FrameReader& in, ErrorSlot& error);
  opi_status create(FrameReader& in, ErrorSlot& error);
  opi_status destroy(FrameReader& in);
  opi_status render(FrameReader& in, ErrorSlot& error);
  opi_status interpret(FrameReader& in, ErrorSlot& error);
  opi_status check_reference(FrameReader& in, ErrorSlot& error);
  opi_status resolve(FrameReader& in, ErrorSlot& error);
  [[nodiscard]] const Instance* instance(FrameReader& in) const;
  void log(std::uint32_t level, const opi_str& message, const opi_kv* fields, std::uint64_t n_fields);
  static const opi_log_v1 log_table;
  static const opi_verdict_ops verdict_ops;
  opi_status take_verdict(const opi_verdict* verdict);

  Channel& channel_;
  Mutex talk_;              // held while something is said of a call that a plugin's own threads may be in
  std::uint64_t call_ = 0;  // 0: none. Changed by the one thread, with talk_
  std::uint32_t log_threshold_ = 0;
  std::uint64_t flags_ = 0;  // of the end of this call
  std::string environment_;
  opi_host host_{};
  const opi_plugin* table_ = nullptr;
  void* plugin_ = nullptr;
  std::map<std::uint64_t, Instance> instances_;
};

}  // namespace opi::plugins
