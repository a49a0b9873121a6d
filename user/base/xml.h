/* SPDX-License-Identifier: GPL-2.0-only */
/* xml.h - text in XML, which SVG and HTML are */
#ifndef BASE_XML_H
#define BASE_XML_H

#include <stdio.h>

/* Writes any bytes as the content of an element or attribute: markup becomes entities, and what
 * XML cannot hold or a reader cannot see \xNN, as escape_text() spells it. */
void xml_text(FILE *out, const char *text);

#endif
