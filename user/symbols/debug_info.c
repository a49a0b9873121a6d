// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/debug_info.h"

#include <stdlib.h>

#include "base/exit_status.h"
#include "base/log.h"

__attribute__((noreturn)) static void die_of_memory(void)
{
	log_error("there is not enough memory for the debug information of the programs");
	exit(EXIT_INTERNAL);
}

Dwarf *debug_info_of(Dwfl_Module *module, Dwarf_Addr *ret_bias)
{
	Dwarf *dwarf = dwfl_module_getdwarf(module, ret_bias);

	if (dwarf)
		dwarf_new_oom_handler(dwarf, die_of_memory);
	return dwarf;
}

Dwfl_Line *debug_info_line(Dwfl_Module *module, Dwarf_Addr address)
{
	Dwarf_Addr bias;

	return debug_info_of(module, &bias) ? dwfl_module_getsrc(module, address) : NULL;
}
