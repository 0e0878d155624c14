#include "api/adapter_routes.hpp"

#include <boost/json/array.hpp>

#include "administration/views.hpp"
#include "api/administration_answers.hpp"

namespace opi::api {

void add_adapter_routes(RouteTable& routes, const administration::AdapterDirectory& adapters) {
  routes.add({"GET", "/api/v1/adapters", Action::read_destinations, [&](const Request& request) {
                refuse_parameters(request);
                boost::json::array loaded, refused;
                for (const auto& adapter : adapters.loaded()) loaded.push_back(administration::view_of(adapter));
                for (const auto& plugin : adapters.refused()) refused.push_back(administration::view_of(plugin));
                return json_answer({{"adapters", std::move(loaded)}, {"refused", std::move(refused)}});
              }});
  routes.add({"GET", "/api/v1/adapters/{id}", Action::read_destinations, [&](const Request& request) {
                refuse_parameters(request);
                const auto adapter = adapters.find(request.parameters.at(0));
                if (!adapter) throw ProblemError(not_found());
                return json_answer(administration::view_of(*adapter));
              }});
}

}  // namespace opi::api
