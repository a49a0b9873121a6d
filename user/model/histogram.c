// SPDX-License-Identifier: GPL-2.0-only
/* histogram.c - quantiles of durations that were counted by powers of two */
#include "model/model.h"

uint64_t histogram_quantile(const struct histogram *histogram, double q)
{
	double rank, before = 0;

	if (!histogram->count || !(q > 0))
		q = 0;
	if (q >= 1)
		return histogram->max_ns;
	rank = q * (double)histogram->count;
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		double count = (double)histogram->buckets[b];
		double low = b ? (double)(1ull << b) : 0, high = (double)(2ull << b), value;

		if (!histogram->buckets[b])
			continue;
		if (before + count >= rank) {
			/* The last bucket has no upper end of its own, and no bucket reaches past
			 * the longest duration. */
			if (b == HISTOGRAM_BUCKETS - 1 || high > (double)histogram->max_ns)
				high = (double)histogram->max_ns;
			value = low + (rank - before) / count * (high - low);
			return value < (double)histogram->max_ns ? (uint64_t)value
								 : histogram->max_ns;
		}
		before += count;
	}
	return histogram->max_ns;
}
