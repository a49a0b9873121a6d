// SPDX-License-Identifier: GPL-2.0-only
// throws.cc - exceptions on their way through frames with objects to destroy: throws SECONDS
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace
{
volatile long sink;

struct Sleeper {
	std::string name;
	explicit Sleeper(std::string given) : name(std::move(given))
	{
	}
	~Sleeper()
	{
		std::this_thread::sleep_for(std::chrono::microseconds(100));
		sink = sink + name.size();
	}
};

[[gnu::noinline]] long descend(int depth)
{
	Sleeper sleeper("a name that is too long for the inside of a string " +
			std::to_string(depth));

	if (!depth)
		throw std::runtime_error("at the bottom");
	return descend(depth - 1) + static_cast<long>(sleeper.name.size());
}

[[gnu::noinline]] void attempt(int depth)
{
	try {
		sink = sink + descend(depth);
	} catch (const std::runtime_error &error) {
		for (volatile int i = 0; i < 100000; i = i + 1)
			sink = sink + *error.what();
		std::this_thread::sleep_for(std::chrono::microseconds(100));
	}
}
} // namespace

int main(int argc, char **argv)
{
	const auto begin = std::chrono::steady_clock::now();
	const auto end = begin + std::chrono::duration<double>(argc > 1 ? std::atof(argv[1]) : 1);

	while (std::chrono::steady_clock::now() < end)
		for (int depth = 0; depth < 10; depth++)
			attempt(depth);
}
