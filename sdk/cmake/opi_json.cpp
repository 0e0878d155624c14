// Boost.JSON's definitions, inside one plugin alone: it must not depend on the host's copy.
#include <boost/json/src.hpp>
