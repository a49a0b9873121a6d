/* SPDX-License-Identifier: GPL-2.0-only */
/* report_format.h - what a JSON report says of itself */
#ifndef SHOW_REPORT_FORMAT_H
#define SHOW_REPORT_FORMAT_H

#define REPORT_FORMAT	  "ptrace-lab report"
#define COMPARISON_FORMAT "ptrace-lab comparison"
#define PCB_FORMAT	  "ptrace-lab control blocks"
#define SET_FORMAT	  "ptrace-lab scenarios"

/* Goes up when a member changes its meaning or goes away, not when one is added. */
#define REPORT_SCHEMA_VERSION 1

#endif
