#include "delivery/flight.hpp"

namespace opi::delivery {

Landings::~Landings() { close(); }

FlightPtr Landings::begin(const std::shared_ptr<Landings>& landings, Claim&& claim, Slot&& slot) {
  return {new Flight(std::move(claim), std::move(slot)), Land{landings}};
}

void Landings::land(Flight& flight) noexcept {
  bool news = false;
  {
    const Lock lock(mutex_);
    if (!closed_) {
      landed_.push_back(flight);
      news = landed_.size() == 1 || landed_.size() == batch_;
    } else {
      flight.slot.forget();
      delete &flight;
    }
  }
  if (news) wake_();
}

void Landings::take(Queue& to) {
  const Lock lock(mutex_);
  to.splice(to.end(), landed_);
}

std::size_t Landings::waiting() const {
  const Lock lock(mutex_);
  return landed_.size();
}

void Landings::close() {
  Queue gone;
  {
    const Lock lock(mutex_);
    closed_ = true;
    gone.swap(landed_);
  }
  gone.clear_and_dispose([](Flight* flight) {
    flight->slot.forget();
    delete flight;
  });
}

}  // namespace opi::delivery
