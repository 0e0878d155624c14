#include "ctl/program.hpp"

int main(int argc, char** argv) { return opi::ctl::run({argv + 1, argv + argc}); }
