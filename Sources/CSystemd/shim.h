#ifndef BOOKBAG_CSYSTEMD_SHIM_H
#define BOOKBAG_CSYSTEMD_SHIM_H

// The journal's functions would else add the C file and line of their caller, which here is always Swift.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#endif
