// Boost.JSON's definitions, inside this plugin alone.
#include <boost/json/src.hpp>
