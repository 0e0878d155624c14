#pragma once
#include <opi/abi.h>

#include <concepts>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "opi/cpp/failure.hpp"
#include "opi/cpp/host.hpp"
#include "opi/cpp/request_builder.hpp"
#include "opi/cpp/secret_answer.hpp"
#include "opi/cpp/verdict.hpp"
#include "opi/cpp/views.hpp"

namespace opi::sdk {

// A component id as a template argument.
template <std::size_t N>
struct ComponentId {
  char text[N];
  consteval ComponentId(const char (&literal)[N]) {  // NOLINT: a literal is meant to convert
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
};

// An adapter is constructed from InstanceArgs once per destination and revision, and is immutable:
// both functions are pure and run concurrently.
template <class T>
concept HttpAdapter = std::constructible_from<T, const InstanceArgs&> &&
    requires(const T& adapter, const Delivery& delivery, const Response& response, RequestBuilder& request) {
  adapter.render(delivery, request);
  { adapter.interpret(delivery, response) } -> std::same_as<Verdict>;
};

// A provider is constructed from InstanceArgs once. check() throws Failure if the reference can name nothing;
// resolve() runs concurrently, may block until the query's deadline, and ends the answer itself or throws Failure.
template <class T>
concept SecretProvider = std::constructible_from<T, const InstanceArgs&> &&
    requires(T& provider, const T& immutable, const SecretQuery& query, SecretAnswer& answer) {
  immutable.check(query);
  provider.resolve(query, answer);
};

namespace detail {

// The upper 16 bits are for what the reader must understand, and this SDK knows none.
inline void refuse_unknown_flags(std::uint32_t flags, const char* what) {
  if ((flags & 0xffff0000u) != 0)
    throw Failure(OPI_E_UNSUPPORTED, std::string(what) + " has mandatory flags that this plugin does not know");
}

template <class T>
struct Lifetime {
  static opi_status create(void*, const opi_instance_args* args, void** instance, opi_error* error) noexcept {
    return guarded(error, [&] {
      refuse_unknown_flags(args->flags, "the instance");
      const InstanceArgs view_of {
        view(args->component), view(args->instance_id), view(args->tenant), view(args->config_json),
            args->config_revision, Host(args->host),
#if OPI_TARGET_MINOR >= 1
            view(args->endpoint_url), (args->flags & OPI_INSTANCE_UNSIGNED_ALLOWED) != 0
#endif
      };
      *instance = new T(view_of);
    });
  }
  static void destroy(void* instance) noexcept { delete static_cast<T*>(instance); }
  static constexpr opi_component_v1 table{sizeof(opi_component_v1), 0, &create, &destroy};
};

}  // namespace detail

// The adapter T under the component id that the manifest gives it.
template <HttpAdapter T, ComponentId Id>
struct Adapter {
  static constexpr std::string_view id{Id.text};
  static opi_status render(const void* instance, const opi_delivery* delivery, opi_request_out out,
                           opi_error* error) noexcept {
    return detail::guarded(error, [&] {
      detail::refuse_unknown_flags(delivery->flags, "the delivery");
      RequestBuilder request(out);
      static_cast<const T*>(instance)->render(Delivery(*delivery), request);
    });
  }
  static opi_status interpret(const void* instance, const opi_delivery* delivery, const opi_response* response,
                              opi_verdict_out out, opi_request_out, opi_error* error) noexcept {
    return detail::guarded(error, [&] {
      detail::refuse_unknown_flags(delivery->flags, "the delivery");
      detail::refuse_unknown_flags(response->flags, "the response");
      static_cast<const T*>(instance)->interpret(Delivery(*delivery), Response(*response)).give(out);
    });
  }
  static constexpr std::uint32_t flags() {
    if constexpr (requires { T::sees_transport_faults; })
      return T::sees_transport_faults ? OPI_ADAPTER_SEES_TRANSPORT_FAULTS : 0u;
    return 0;
  }
  static constexpr opi_http_adapter_v1 table{sizeof(opi_http_adapter_v1), flags(), &render, &interpret};
  static const void* find(std::string_view interface_id) {
    if (interface_id == OPI_IF_COMPONENT) return &detail::Lifetime<T>::table;
    if (interface_id == OPI_IF_HTTP_ADAPTER) return &table;
    return nullptr;
  }
};

// The secret provider T under the component id that the manifest gives it.
template <SecretProvider T, ComponentId Id>
struct Provider {
  static constexpr std::string_view id{Id.text};
  static opi_status check_ref(const void* instance, const opi_secret_query* query, opi_error* error) noexcept {
    return detail::guarded(error, [&] { static_cast<const T*>(instance)->check(SecretQuery(*query)); });
  }
  static opi_status resolve(void* instance, const opi_secret_query* query, opi_secret_out out,
                            opi_error* error) noexcept {
    return detail::guarded(error, [&] {
      SecretAnswer answer(out);
      static_cast<T*>(instance)->resolve(SecretQuery(*query), answer);
    });
  }
  static constexpr opi_secret_provider_v1 table{sizeof(opi_secret_provider_v1), 0, &check_ref, &resolve};
  static const void* find(std::string_view interface_id) {
    if (interface_id == OPI_IF_COMPONENT) return &detail::Lifetime<T>::table;
    if (interface_id == OPI_IF_SECRET_PROVIDER) return &table;
    return nullptr;
  }
};

}  // namespace opi::sdk
