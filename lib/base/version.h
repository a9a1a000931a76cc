#ifndef MP_BASE_VERSION_H
#define MP_BASE_VERSION_H

#define MP_VERSION "0.1.0"

#endif
