#include "plugins/host_process/served_plugin.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "plugins/exchange_frames.hpp"
#include "plugins/host_process/confinement.hpp"
#include "plugins/host_process/plugin_request.hpp"
#include "plugins/host_process/secret_relay.hpp"
#include "plugins/table_check.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t message_bytes = 16 * 1024;  // more than the host writes, so that it knows what it cuts
constexpr std::uint64_t message_fields = 16;

opi_status refuse(ErrorSlot& error, const std::string& why) {
  const auto kept = std::string_view(why).substr(0, sizeof error.out()->text - 1);
  std::memcpy(error.out()->text, kept.data(), kept.size());
  error.out()->text[kept.size()] = '\0';
  return OPI_E_FAILED;
}

// Only what this process has open is read; nothing that stands at a path.
const std::string& image_path() {
  static const std::string path = "/proc/self/fd/" + std::to_string(child_image);
  return path;
}

}  // namespace

const opi_log_v1 ServedPlugin::log_table{
    sizeof(opi_log_v1), 0, [](const opi_host* host) { return static_cast<ServedPlugin*>(host->impl)->log_threshold_; },
    [](const opi_host* host, std::uint32_t level, opi_str message, const opi_kv* fields, std::uint64_t n) {
      auto& self = *static_cast<ServedPlugin*>(host->impl);
      if (level < self.log_threshold_) return;
      try {
        self.log(level, message, fields, n);
      } catch (const std::bad_alloc&) {
        return;  // the message is lost; the call will hardly get further
      }
    }};

const opi_verdict_ops ServedPlugin::verdict_ops{sizeof(opi_verdict_ops), 0,
                                                [](void* impl, const opi_verdict* verdict) -> opi_status {
                                                  if (impl == nullptr) return OPI_E_INVALID;
                                                  try {
                                                    return static_cast<ServedPlugin*>(impl)->take_verdict(verdict);
                                                  } catch (const std::bad_alloc&) {
                                                    return OPI_E_NOMEM;
                                                  }
                                                }};

void ServedPlugin::serve(const OwnFrame& call) {
  {
    const Lock lock(talk_);
    call_ = call.call;
  }
  flags_ = 0;
  ErrorSlot error;
  opi_status status = OPI_OK;
  try {
    status = perform(call, error);
  } catch (const BrokenFrame&) {
    throw;
  } catch (const std::bad_alloc&) {
    status = OPI_E_NOMEM;
  } catch (...) {
    status = OPI_E_EXCEPTION;
  }
  const Lock lock(talk_);
  FrameWriter end(FrameKind::done, call_);
  end.u32(static_cast<std::uint32_t>(status)).text(error.text()).u64(flags_);
  channel_.say(std::move(end));
  channel_.flush();
  call_ = 0;
}

opi_status ServedPlugin::perform(const OwnFrame& call, ErrorSlot& error) {
  FrameReader in(call.fields);
  log_threshold_ = in.u32();
  switch (call.kind) {
    case FrameKind::start: return start(in, error);
    case FrameKind::create: return create(in, error);
    case FrameKind::destroy: return destroy(in);
    case FrameKind::render: return render(in, error);
    case FrameKind::interpret: return interpret(in, error);
    case FrameKind::check_reference: return check_reference(in, error);
    case FrameKind::resolve: return resolve(in, error);
    default: throw BrokenFrame("a call is unknown");
  }
}

// What the probe does for plugins of the daemon's own process, as far as what follows relies on it.
opi_status ServedPlugin::start(FrameReader& in, ErrorSlot& error) {
  if (in.u32() != frame_protocol) return refuse(error, "opi-plugin-host is of another version than the daemon");
  const auto offered_minor = static_cast<std::uint16_t>(in.u32());
  const auto memory = in.u64();
  environment_ = in.text();
  const std::string host_version{in.text()};
  Reach reach;
  reach.network = in.u32() != 0;
  for (auto left = in.u32(); left > 0; --left) reach.files.emplace_back(in.text());
  limit_to(reach, memory);
  if (!confine_reading(child_image, reach)) {
    // What it needs is granted for good, and would be all that the daemon's user may read.
    if (reach.any()) return refuse(error, "the kernel has no Landlock, which what the plugin needs is confined by");
    flags_ |= reads_any_file;
  }
  channel_.hand_over(FrameWriter(FrameKind::confined, call_), confine(reach));
  void* const library = ::dlopen(image_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return refuse(error, ::dlerror());
  ::close(child_image);
  const auto entry = reinterpret_cast<decltype(&opi_plugin_entry_v1)>(::dlsym(library, OPI_ENTRY_SYMBOL));
  if (entry == nullptr) return refuse(error, "does not export " OPI_ENTRY_SYMBOL);
  const opi_offer offer{sizeof(opi_offer),    OPI_ABI_MAJOR,    offered_minor, OPI_MODE_RUN, 0,
                        raw("integrationsd"), raw(host_version)};
  table_ = entry(&offer, error.out());
  if (table_ == nullptr) return OPI_E_UNSUPPORTED;
  if (const auto faults = check_plugin_table(*table_, offered_minor); !faults.empty())
    return refuse(error, faults.front().message);
  host_ = {sizeof(opi_host),
           OPI_ABI_MAJOR,
           offered_minor,
           this,
           raw(environment_),
           [](const opi_host*, const char* id) -> const void* {
             return id != nullptr && std::string_view{id} == OPI_SVC_LOG ? &log_table : nullptr;
           }};
  if (const auto status = table_->init(&host_, &plugin_, error.out()); status != OPI_OK) return status;
  return start_components(in, error);
}

// Those that this process is for.
opi_status ServedPlugin::start_components(FrameReader& in, ErrorSlot& error) {
  const auto components = in.u32();
  for (std::uint32_t i = 0; i < components; ++i) {
    const std::string component{in.text()};
    const bool is_adapter = in.u32() != 0;
    const std::array<std::string, 2> interfaces{OPI_IF_COMPONENT,
                                                is_adapter ? OPI_IF_HTTP_ADAPTER : OPI_IF_SECRET_PROVIDER};
    if (const auto faults = check_component_tables(*table_, plugin_, component, interfaces); !faults.empty())
      return refuse(error, faults.front().message);
    if (!is_adapter) continue;
    const auto* const adapter =
        static_cast<const opi_http_adapter_v1*>(table_->get_interface(plugin_, component.c_str(), OPI_IF_HTTP_ADAPTER));
    if ((adapter->flags & OPI_ADAPTER_SEES_TRANSPORT_FAULTS) != 0) flags_ |= std::uint64_t{1} << i;
  }
  in.end();
  return OPI_OK;
}

opi_status ServedPlugin::create(FrameReader& in, ErrorSlot& error) {
  const auto number = in.u64();
  const std::string component{in.text()};
  const auto id = in.plugin_text(), tenant = in.plugin_text(), config = in.plugin_text();
  const auto revision = in.u64();
  const auto flags = in.u32();
  const auto endpoint = in.text();
  const opi_instance_args args{
      sizeof(opi_instance_args), flags, raw(component), id, tenant, config, revision, &host_, raw(endpoint)};
  const auto body_bytes = in.u64();
  Instance made;
  for (auto left = in.u32(); left > 0; --left) made.egress.emplace_back(in.text());
  in.end();
  const auto table = [&](const char* interface) {
    return table_->get_interface(plugin_, component.c_str(), interface);
  };
  made.lifetime = static_cast<const opi_component_v1*>(table(OPI_IF_COMPONENT));
  made.adapter = static_cast<const opi_http_adapter_v1*>(table(OPI_IF_HTTP_ADAPTER));
  made.provider = static_cast<const opi_secret_provider_v1*>(table(OPI_IF_SECRET_PROVIDER));
  if (const auto status = made.lifetime->create(plugin_, &args, &made.state, error.out()); status != OPI_OK)
    return status;
  auto& kept = instances_[number] = std::move(made);
  kept.rules = std::make_unique<RequestRules>(RequestRules{kept.egress, parse_origin(endpoint), body_bytes});
  return OPI_OK;
}

const ServedPlugin::Instance* ServedPlugin::instance(FrameReader& in) const {
  const auto found = instances_.find(in.u64());
  return found == instances_.end() ? nullptr : &found->second;
}

opi_status ServedPlugin::destroy(FrameReader& in) {
  const auto found = instances_.find(in.u64());
  if (found == instances_.end()) return OPI_E_NOT_FOUND;
  const auto gone = std::move(found->second);
  instances_.erase(found);
  gone.lifetime->destroy(gone.state);
  return OPI_OK;
}

opi_status ServedPlugin::render(FrameReader& in, ErrorSlot& error) {
  const auto* const one = instance(in);
  if (one == nullptr) return OPI_E_NOT_FOUND;  // the call was on its way when the plugin refused to make it
  opi_delivery delivery;
  read(in, delivery);
  in.end();
  PluginRequest request(channel_, call_, *one->rules);
  const auto status = one->adapter->render(one->state, &delivery, request.out(), error.out());
  if (!request.failed()) return status;
  // As the host says of an op that fails in its midst.
  refuse(error, "the request could not be put together");
  return OPI_E_BUSY;
}

opi_status ServedPlugin::interpret(FrameReader& in, ErrorSlot& error) {
  const auto* const one = instance(in);
  if (one == nullptr) return OPI_E_NOT_FOUND;  // the call was on its way when the plugin refused to make it
  opi_delivery delivery;
  read(in, delivery);
  opi_response response;
  std::vector<opi_kv> headers;
  read(in, response, headers);
  in.end();
  return one->adapter->interpret(one->state, &delivery, &response, {&verdict_ops, this}, {nullptr, nullptr},
                                 error.out());
}

opi_status ServedPlugin::check_reference(FrameReader& in, ErrorSlot& error) {
  const auto* const one = instance(in);
  if (one == nullptr) return OPI_E_NOT_FOUND;  // the call was on its way when the plugin refused to make it
  QueryFields asked;
  read(in, asked);
  in.end();
  return one->provider->check_ref(one->state, &asked.query, error.out());
}

opi_status ServedPlugin::resolve(FrameReader& in, ErrorSlot& error) {
  const auto* const one = instance(in);
  if (one == nullptr) return OPI_E_NOT_FOUND;  // likewise
  QueryFields asked;
  read(in, asked);
  in.end();
  SecretRelay relay(channel_, talk_, call_, asked.query.n_keys);
  opi_status status = OPI_OK;
  try {
    status = one->provider->resolve(one->state, &asked.query, relay.out(), error.out());
  } catch (...) {
    status = OPI_E_EXCEPTION;
  }
  relay.finish();
  return status;
}

opi_status ServedPlugin::take_verdict(const opi_verdict* verdict) {
  FrameWriter frame(FrameKind::verdict, call_);
  write_verdict(frame, verdict);
  const auto answer = channel_.ask(std::move(frame));
  return static_cast<opi_status>(FrameReader(answer.fields).u32());
}

void ServedPlugin::log(std::uint32_t level, const opi_str& message, const opi_kv* fields, std::uint64_t n_fields) {
  const Lock lock(talk_);
  if (call_ == 0) return;
  FrameWriter frame(FrameKind::log, call_);
  const auto count = fields == nullptr ? 0 : std::min(n_fields, message_fields);
  frame.u32(level).text(message, message_bytes).u32(static_cast<std::uint32_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) frame.text(fields[i].k, message_bytes).text(fields[i].v, message_bytes);
  channel_.say(std::move(frame));
}

}  // namespace opi::plugins
